import { exactDigits } from '#server/infra/exact-json.ts'
import { jsonDiff, type JsonChange } from '#shared/diff/json-diff.ts'
import type { CompareChange } from '#shared/schemas/job-compare.ts'
import type { Json } from '#shared/schemas/primitives.ts'

/** Changes that are told, and the length of a value in them. */
const CHANGES_MAX = 500
const VALUE_MAX_LENGTH = 2048

/** A part of a job as it is on each side; undefined where it is not at all. */
export interface ComparedPart { part: CompareChange['part'], before: unknown, after: unknown }

/** How the parts of two jobs differ, the first 500 places, large values cut; and how many places there are. */
export function describeChanges(parts: ComparedPart[]): { changes: CompareChange[], count: number } {
  const told = parts.map(({ part, before, after }) => {
    const { changes, count } = diffOf(before, after)
    return { changes: changes.map(change => ({ part, pointer: change.pointer, kind: change.kind, ...shown(change) })), count }
  })
  return { changes: told.flatMap(each => each.changes).slice(0, CHANGES_MAX), count: told.reduce((sum, each) => sum + each.count, 0) }
}

function diffOf(before: unknown, after: unknown): { changes: JsonChange[], count: number } {
  if (before === undefined && after === undefined) return { changes: [], count: 0 }
  if (before === undefined) return { changes: [{ pointer: '', kind: 'added', after }], count: 1 }
  if (after === undefined) return { changes: [{ pointer: '', kind: 'removed', before }], count: 1 }
  return jsonDiff(before, after, { most: CHANGES_MAX, digitsOf: exactDigits })
}

function shown(change: JsonChange) {
  const [before, after] = [cutValue(change, 'before'), cutValue(change, 'after')]
  return {
    ...(before && { before: before.value }), ...(after && { after: after.value }),
    ...(before?.isCut && { before_cut: true as const }), ...(after?.isCut && { after_cut: true as const }),
  }
}

function cutValue(change: JsonChange, side: 'before' | 'after'): { value: Json, isCut: boolean } | undefined {
  if (!(side in change)) return undefined
  const text = JSON.stringify(change[side])
  return text.length <= VALUE_MAX_LENGTH ? { value: change[side] as Json, isCut: false } : { value: text.slice(0, VALUE_MAX_LENGTH).toWellFormed(), isCut: true }
}
