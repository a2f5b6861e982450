import { setTimeout as sleep } from 'node:timers/promises'
import { createBatcher } from '#server/infra/batcher.ts'
import { logger } from '#server/infra/logger.ts'
import { holdClaim } from '#server/domain/engine/held-claims.ts'
import { LEASE_SECONDS } from '#server/domain/engine/lease.ts'
import { isDataError } from '#server/domain/engine/split-on-data-error.ts'
import { bounceJobs, claimJobs, type ClaimedJob } from '#server/domain/engine/store.ts'

/** Most envelopes that share a claim. */
const MAX_ENVELOPES = 20
/** An envelope waits this long for a database that is away; then it is dropped, and its jobs come back through the dispatcher. */
const TRIES = 20
const TRY_AGAIN_MS = 500

const claimTogether = createBatcher<{ ids: string[], workerId: string }, ClaimedJob[]>({ slots: 2, max: MAX_ENVELOPES, flush: async (envelopes) => {
  const ids = [...new Set(envelopes.flatMap(envelope => envelope.ids))]
  const jobs = await claimPatiently(ids, envelopes[0]!.workerId)
  if (jobs.length > 0) holdClaim(jobs[0]!.claimId, jobs)
  const byId = new Map(jobs.map(job => [job.id, job]))
  if (jobs.length < ids.length) await bounce(ids.filter(id => !byId.has(id)))
  return envelopes.map(({ ids }) => ids.flatMap((id) => {
    const job = byId.get(id)
    // An id in two envelopes is run once.
    byId.delete(id)
    return job ?? []
  }))
} })

/** Claims what is still pending of an envelope; envelopes that arrive together share one statement and one claim. */
export const claimEnvelope = (ids: string[], workerId: string): Promise<ClaimedJob[]> => claimTogether({ ids, workerId })

/** A claim that was written although its answer was lost runs out by itself: nobody prolongs it. */
async function claimPatiently(ids: string[], workerId: string): Promise<ClaimedJob[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await claimJobs(ids, workerId, LEASE_SECONDS)
    }
    catch (error) {
      if (attempt === TRIES || isDataError(error)) throw error
      await sleep(TRY_AGAIN_MS)
    }
  }
}

/** Stale hints, and those of a queue that was paused or limited meanwhile: the latter wait for their turn again. */
async function bounce(ids: string[]): Promise<void> {
  await bounceJobs(ids).catch((error: Error) => logger().warn({ jobs: ids.length, error: error.message }, 'hints lost; the dispatcher finds their jobs'))
}
