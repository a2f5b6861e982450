/** The same search as the SQL condition, said again in plain JavaScript over plain objects: what a test compares it with. */
import { SEARCH_FIELDS, type FieldKind } from '#shared/search-fields.ts'
import type { PathStep, SearchTerm, SearchValue } from '#shared/search-terms.ts'
import { isNumber, parseDuration, parseMoment } from '#shared/search-values.ts'

export interface PlainJob {
  id: string, queue: string, type: string | null, state: string, priority: number, runs: number, failures: number, crashes: number
  payload: unknown, result: unknown, tags: Record<string, unknown> | null, error: string | null, key: string | null
  worker: string | null, workerName: string | null, created: number, started: number | null, finished: number | null
  /** The error groups of its runs, in their order. */
  failedWith: string[]
}

export const fits = (job: PlainJob, terms: SearchTerm[], now: number): boolean => terms.every(term => term.values.some(value => fitsOne(job, { term, value, now })) !== term.negated)

const has = (text: string | null, part: string) => text !== null && text.toLowerCase().includes(part.toLowerCase())
const isHex = (text: string) => /^[0-9a-f-]{1,36}$/i.test(text)
const idBegins = (id: string, text: string) => id.replaceAll('-', '').startsWith(text.replaceAll('-', '').toLowerCase().slice(0, 32))
const jsonText = (value: unknown) => JSON.stringify(value) ?? null

interface Asked { term: SearchTerm, value: SearchValue, now: number, text: string }

function fitsOne(job: PlainJob, asked: Omit<Asked, 'text'>): boolean {
  const { term, value } = asked
  const text = value.kind === 'is' || value.kind === 'begins' ? value.text : ''
  return term.field === 'word' ? fitsWord(job, value, text) : BY_KIND[SEARCH_FIELDS[term.field].kind](job, { ...asked, text })
}

function fitsWord(job: PlainJob, value: SearchValue, text: string): boolean {
  const isBareId = value.kind === 'is' && !value.quoted && isHex(text)
  if (isBareId && /^[0-9a-f]{8}/i.test(text)) return idBegins(job.id, text)
  return (isBareId && idBegins(job.id, text)) || [job.error, job.queue, job.type, jsonText(job.tags)].some(place => has(place, text))
}

const spanOf = (job: PlainJob, field: string, now: number) => (field === 'age' ? now - job.created : job.finished === null || job.started === null ? null : job.finished - job.started)
const BY_KIND: Record<FieldKind, (job: PlainJob, asked: Asked) => boolean> = {
  id: (job, { text }) => idBegins(job.id, text),
  state: (job, { text }) => job.state === text,
  contains: (job, { value, text }) => (value.kind === 'any' ? Boolean(job.error) : has(job.error, text)),
  text: (job, { term, value }) => fitsText(job[term.field as 'queue'] ?? null, value),
  number: (job, { term, value }) => fitsNumber(job[term.field as 'runs'], value),
  time: (job, { term, value, now }) => fitsSpan(job[term.field as 'created'] ?? null, value, now),
  duration: (job, { term, value, now }) => fitsDuration(spanOf(job, term.field, now), value),
  worker: (job, { value, text }) => job.worker !== null && (value.kind !== 'is' || job.workerName === text || (!value.quoted && isHex(text) && idBegins(job.worker, text))),
  json: (job, { term, value }) => fitsJson(job[term.field as 'payload'], term, value),
  group: (job, { text }) => (job.state === 'failed' ? job.failedWith.slice(-1) : job.failedWith).includes(text),
  tag: (job, { term, value, text }) => {
    if (term.path.length > 0 || job.tags === null) return fitsJson(job.tags, term, value)
    return value.kind === 'any' ? Object.keys(job.tags).length > 0 : Object.hasOwn(job.tags, text)
  },
}

function fitsText(actual: string | null, value: SearchValue): boolean {
  if (actual === null || value.kind === 'any') return actual !== null
  return value.kind === 'begins' ? actual.startsWith(value.text) : value.kind === 'is' && actual === value.text
}

const COMPARE = { '<': (a: number, b: number) => a < b, '<=': (a: number, b: number) => a <= b, '>': (a: number, b: number) => a > b, '>=': (a: number, b: number) => a >= b }

function fitsNumber(actual: number | null, value: SearchValue, read: (text: string) => number = Number): boolean {
  if (actual === null || value.kind === 'any') return actual !== null
  if (value.kind === 'compare') return COMPARE[value.operator](actual, read(value.text))
  if (value.kind === 'range') return (value.from === '' || actual >= read(value.from)) && (value.to === '' || actual <= read(value.to))
  return value.kind === 'is' && actual === read(value.text)
}
const fitsDuration = (actual: number | null, value: SearchValue) => fitsNumber(actual, value, text => parseDuration(text)!)

function fitsSpan(actual: number | null, value: SearchValue, now: number): boolean {
  if (actual === null || value.kind === 'any') return actual !== null
  const read = (text: string) => parseMoment(text, now)!
  if (value.kind === 'is') return actual >= read(value.text).from && actual < read(value.text).to
  if (value.kind === 'range') return (value.from === '' || actual >= read(value.from).from) && (value.to === '' || actual < read(value.to).to)
  if (value.kind !== 'compare') return false
  const { from, to } = read(value.text)
  return { '<': actual < from, '<=': actual < to, '>': actual >= to, '>=': actual >= from }[value.operator]
}

/** Everything at the end of a path; a step into a list gives each of its items. */
function walk(root: unknown, path: PathStep[]): unknown[] {
  const [step, ...rest] = path
  if (step === undefined) return [root]
  if (step === null) return Array.isArray(root) ? root.flatMap(item => walk(item, rest)) : []
  return typeof root === 'object' && root !== null && !Array.isArray(root) && Object.hasOwn(root, step) ? walk((root as Record<string, unknown>)[step], rest) : []
}

function fitsJson(root: unknown, { path, field }: SearchTerm, value: SearchValue): boolean {
  if (root === undefined || (root === null && (path.length > 0 || field === 'tag'))) return false
  if (path.length === 0) return value.kind === 'any' ? !['{}', '[]', 'null'].includes(jsonText(root)!) : value.kind === 'is' && has(jsonText(root), value.text)
  return walk(root, path).some((found) => {
    if (value.kind === 'any') return true
    if (value.kind === 'begins') return found !== null && (typeof found === 'object' ? jsonText(found)! : String(found)).startsWith(value.text)
    if (value.kind !== 'is') return typeof found === 'number' && fitsNumber(found, value)
    if (found === value.text) return true
    return !value.quoted && typeof found !== 'string' && (isNumber(value.text) ? found === Number(value.text) : ['true', 'false', 'null'].includes(value.text) && jsonText(found) === value.text)
  })
}
