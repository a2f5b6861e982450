import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { ClaimedJob } from '#server/domain/engine/store.ts'

/** A drill as a worker has claimed it. */
export function claimedJob(more: Partial<ClaimedJob> = {}): ClaimedJob {
  return {
    id: uuidv7(), organizationId: '00000000-0000-7000-8000-000000000001', queueName: 'drill', jobType: 'drill', run: 1, payload: {}, failures: 0, crashes: 0,
    maxRetries: 3, backoff: null, timeoutSeconds: 60, gated: false, orderingKey: null, concurrencyKey: null, suspect: false, plain: true, startedAt: new Date(), waitMs: 0, claimId: randomUUID(), ...more,
  }
}
