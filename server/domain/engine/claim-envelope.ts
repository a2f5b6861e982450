import { createBatcher } from '#server/infra/batcher.ts'
import { holdClaim } from '#server/domain/engine/held-claims.ts'
import { claimJobs, type ClaimedJob } from '#server/domain/engine/store.ts'

/** How long a claim lasts without a heartbeat; a lost worker is found this long after its last one. */
export const LEASE_SECONDS = 8
/** Most envelopes that share a claim. */
const MAX_ENVELOPES = 20

const claimTogether = createBatcher<{ ids: string[], workerId: string }, ClaimedJob[]>({ slots: 2, max: MAX_ENVELOPES, flush: async (envelopes) => {
  const jobs = await claimJobs(envelopes.flatMap(envelope => envelope.ids), envelopes[0]!.workerId, LEASE_SECONDS)
  if (jobs.length > 0) holdClaim(jobs[0]!.claimId, jobs.length)
  const byId = new Map(jobs.map(job => [job.id, job]))
  return envelopes.map(({ ids }) => ids.flatMap((id) => {
    const job = byId.get(id)
    // An id in two envelopes is run once.
    byId.delete(id)
    return job ?? []
  }))
} })

/** Claims what is still pending of an envelope; envelopes that arrive together share one statement and one claim. */
export const claimEnvelope = (ids: string[], workerId: string): Promise<ClaimedJob[]> => claimTogether({ ids, workerId })
