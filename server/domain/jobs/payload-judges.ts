import type { JobType } from '#shared/job-types.ts'

/** Judges a payload that fits the shape of its type, and answers it as it is to be stored. Throws what the caller is told. */
export type JudgePayload = (payload: unknown) => unknown
/** Reads what the judgement needs to know, then judges without waiting. `field` is what the payload is called in messages. */
export type OpenJudge = (organizationId: string, field: string | undefined) => Promise<JudgePayload>

/** The types whose payload has more to it than a shape. The modules above put their judges here at the start of the process. */
const openers = new Map<JobType, OpenJudge>()

/** From now on every payload of `type` is judged by this. */
export function judgePayloadsOf(type: JobType, open: OpenJudge): void {
  openers.set(type, open)
}

export type OpenJudges = ReadonlyMap<string, JudgePayload>
export const NO_JUDGES: OpenJudges = new Map()

/** The judges of these types, ready for use; types without one are skipped. */
export async function openJudges(organizationId: string, types: Iterable<string | null | undefined>, field: string | undefined): Promise<OpenJudges> {
  const wanted = [...new Set(types)].filter(type => typeof type === 'string' && openers.has(type as JobType)) as JobType[]
  if (wanted.length === 0) return NO_JUDGES
  return new Map(await Promise.all(wanted.map(async type => [type, await openers.get(type)!(organizationId, field)] as const)))
}

/** True when payloads of the type may not be taken unjudged. */
export const needsJudge = (type: JobType | null): boolean => type !== null && openers.has(type)
