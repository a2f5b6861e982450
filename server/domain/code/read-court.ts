import { getConfig } from '#server/config.ts'
import { readRunners } from '#server/domain/engine/read-runners.ts'
import { mergeCaps, type CodeCaps } from '#server/domain/code/merge-caps.ts'
import { mergeRunners, type Runners } from '#server/domain/code/merge-runners.ts'
import { findCodeCaps } from '#server/domain/code/store.ts'
import { logger } from '#server/infra/logger.ts'
import { CODE_LIMIT_NAMES, type CodeLimitValues } from '#shared/code-limits.ts'
import { CodeLimits } from '#shared/schemas/code.ts'

const FRESH_MS = 5000
/** More organizations than that ask within five seconds nowhere; the oldest are first. */
const KEPT = 1000
const known = new Map<string, { at: number, caps: Promise<Partial<CodeLimitValues>> }>()

/** What submissions of an organization are judged by: living code workers (at most a second old) and caps (five seconds). */
export async function readCourt(organizationId: string): Promise<{ runners: Runners, caps: CodeCaps }> {
  const [living, ofOrganization] = await Promise.all([readRunners(), capsOf(organizationId)])
  const runners = mergeRunners(living)
  return { runners, caps: mergeCaps([getConfig().codeCaps, ...runners.proven.map(document => document.caps)], ofOrganization) }
}

function capsOf(organizationId: string): Promise<Partial<CodeLimitValues>> {
  const now = performance.now()
  const found = known.get(organizationId)
  if (found && now - found.at < FRESH_MS) return found.caps
  const asked = { at: now, caps: findCodeCaps(organizationId).then(caps => readable(organizationId, caps)) }
  known.delete(organizationId)
  known.set(organizationId, asked)
  if (known.size > KEPT) known.delete(known.keys().next().value!)
  // What failed is asked again by the next caller.
  asked.caps.catch(() => { if (known.get(organizationId) === asked) known.delete(organizationId) })
  return asked.caps
}

/** Each cap that makes sense by itself; the others are said in the log. */
function readable(organizationId: string, caps: unknown): Partial<CodeLimitValues> {
  if (caps === null) return {}
  const given = Object.entries(caps as Record<string, unknown>)
  const good = given.filter(([name, value]) => CodeLimits.safeParse({ [name]: value }).success && CODE_LIMIT_NAMES.includes(name as never))
  if (good.length < given.length) {
    const bad = given.filter(entry => !good.includes(entry)).map(([name]) => name)
    logger().error({ organization_id: organizationId, caps: bad }, 'code_caps of an organization holds what is no limit; it is left out')
  }
  return Object.fromEntries(good)
}
