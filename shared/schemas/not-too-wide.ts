import { z } from 'zod'

/** How many values are in a JSON value, itself among them; stops counting above `max`. Walks without recursion. */
export function countParts(value: unknown, max: number): number {
  const open = [value]
  let count = 0
  for (let next = open.pop(); count <= max; next = open.pop()) {
    count++
    if (typeof next === 'object' && next !== null) {
      const inner = Object.values(next)
      if (count + inner.length > max) return count + inner.length
      for (const each of inner) open.push(each)
    }
    if (open.length === 0) break
  }
  return count
}

/**
 * The same shape, which looks at nothing when a field of the value holds more than `max` values: a schema writes an issue for each
 * wrong entry of a list before it looks at the length, and eight megabytes have room for millions of them.
 */
export function notTooWide<S extends z.ZodType>(schema: S, max: number): z.ZodType<z.output<S>, z.input<S>> {
  const judge = (value: unknown, context: z.core.$RefinementCtx) => {
    if (typeof value !== 'object' || value === null) return value
    const fields = Array.isArray(value) ? [['', value] as const] : Object.entries(value)
    if (fields.length > max) {
      context.issues.push({ code: 'custom', message: `must have at most ${max} entries`, input: undefined })
      return z.NEVER
    }
    const wide = fields.find(([, field]) => countParts(field, max) > max)
    if (wide === undefined) return value
    context.issues.push({ code: 'custom', message: `must hold at most ${max} values`, input: undefined, path: wide[0] === '' ? [] : [wide[0].slice(0, 100)] })
    return z.NEVER
  }
  return z.preprocess(judge, schema) as unknown as z.ZodType<z.output<S>, z.input<S>>
}
