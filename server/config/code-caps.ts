import { z } from 'zod'
import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import { CodeLimits } from '#shared/schemas/code.ts'

const EXPECTED = 'must be a JSON object of limits, such as {"wall_ms": 60000, "memory_bytes": 536870912}'

/** `BESPIN_CODE_CAPS`: the most that a submission may ask for, by the name of the limit; what is absent is capped by the product. */
export const codeCaps = z.string().transform((text, context): CodeLimitValues => {
  const parsed = CodeLimits.safeParse(parseOrNull(text))
  if (parsed.success) return withCaps(parsed.data)
  for (const issue of parsed.error.issues.slice(0, 5)) {
    context.addIssue({ code: 'custom', message: whyRefused(issue) })
  }
  return z.NEVER
})

function whyRefused(issue: z.core.$ZodIssue): string {
  if (issue.path.length > 0) return `holds ${issue.path.join('.')}, which ${issue.message}`
  return issue.code === 'unrecognized_keys' ? `holds the unknown limit ${issue.keys[0]}; limits are ${CODE_LIMIT_NAMES.join(', ')}` : EXPECTED
}

/** A cap for each limit: the given one, or the product's. */
export const withCaps = (given: CodeLimits): CodeLimitValues =>
  Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, given[name] ?? CODE_LIMITS[name].max])) as CodeLimitValues

function parseOrNull(text: string): unknown {
  try { return JSON.parse(text) } catch { return null }
}
