/** The engine on a database of its own, and the steps a property can take on it. Jobs without a type keep the belt out: hints are kept here. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { installAudit } from '../../../../bench/chaos/audit.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import type { AcceptedJob } from '#server/domain/engine/accept-jobs.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'

export const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
export const QUEUES = ['wide', 'narrow'] as const
/** Most jobs of the queue `narrow` that may run at once. */
export const NARROW = 2
const LATER = '2099-01-01T00:00:00Z'
const TABLES = `jobs, job_attempts, job_logs, due_jobs, job_slots, job_expiries, cancel_requests, queues, events, workers, idempotency_keys, claims,
  job_counters, job_counter_deltas, job_minutes, error_deltas, error_groups, error_places, error_series, chaos.moves`

export interface Ask { queue: 0 | 1, ordering: 0 | 1 | 2, concurrency: boolean, maxRetries: number, scheduled: boolean, expires: boolean, key: number }
/** One member per word, so that a step's word tells its shape. */
type Each<Word extends string, Shape = object> = { [K in Word]: { do: K } & Shape }[Word]
export type Step =
  | { do: 'accept', jobs: Ask[] }
  | { do: 'claim', picks: number[], worker: 0 | 1 }
  | { do: 'finish', pick: number, outcome: Outcome }
  | Each<'cancel' | 'retry', { picks: number[] }>
  | { do: 'priority', pick: number, priority: number }
  | { do: 'die', worker: 0 | 1 }
  | Each<'pause' | 'resume', { queue: 0 | 1 }>
  | Each<'dispatch' | 'wake' | 'expire' | 'lose-hints' | 'heal'>

const picks = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 })
const bit = fc.constantFrom(0 as const, 1 as const)
const ask: fc.Arbitrary<Ask> = fc.record({
  queue: bit, ordering: fc.constantFrom(0, 0, 1, 2), concurrency: fc.boolean(), maxRetries: fc.nat(2), scheduled: fc.boolean(), expires: fc.boolean(), key: fc.nat(12),
})
/** Waits are an hour, or none: time passes only in the step `wake`. */
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'ok' as const, result: { fine: true } }) },
  fc.record({ kind: fc.constant('fail' as const), error: fc.string(), retryable: fc.boolean(), delayMs: fc.constant(3_600_000) }),
  fc.constant({ kind: 'cancel' as const, reason: 'no longer needed' }),
  fc.constant({ kind: 'snooze' as const, delayMs: 3_600_000 }),
  fc.constant({ kind: 'crash' as const, error: 'died' }),
  fc.constant({ kind: 'hand-back' as const }),
)
const step = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary })
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  step(4, fc.record({ do: fc.constant('accept' as const), jobs: fc.array(ask, { minLength: 1, maxLength: 4 }) })),
  step(6, fc.constant({ do: 'dispatch' as const })),
  step(6, fc.record({ do: fc.constant('claim' as const), picks, worker: bit })),
  step(8, fc.record({ do: fc.constant('finish' as const), pick: fc.nat(40), outcome })),
  step(2, fc.record({ do: fc.constant('cancel' as const), picks })),
  step(2, fc.record({ do: fc.constant('retry' as const), picks })),
  step(1, fc.record({ do: fc.constant('priority' as const), pick: fc.nat(40), priority: fc.integer({ min: -100, max: 100 }) })),
  step(2, fc.record({ do: fc.constant('die' as const), worker: bit })),
  step(1, fc.record({ do: fc.constant('pause' as const), queue: bit })),
  step(1, fc.record({ do: fc.constant('resume' as const), queue: bit })),
  step(2, fc.constant({ do: 'wake' as const })),
  step(1, fc.constant({ do: 'expire' as const })),
  step(1, fc.constant({ do: 'lose-hints' as const })),
  step(1, fc.constant({ do: 'heal' as const })),
)

export interface Stage {
  database: TestDatabase
  engine: Awaited<ReturnType<typeof loadEngine>>
  workers: [string, string]
  /** Jobs in the order they were accepted. */
  jobs: string[]
  /** What would be on the belt. */
  hints: string[]
  /** Every run that was ever claimed, also those that are over. */
  runs: ClaimedJob[]
  /** What each step found, for the model to judge. */
  accepted: AcceptedJob[]
}

async function loadEngine() {
  return {
    ...await import('#server/domain/engine/accept-jobs.ts'), ...await import('#server/domain/engine/claim-envelope.ts'),
    ...await import('#server/domain/engine/finish-run.ts'), ...await import('#server/domain/engine/held-claims.ts'),
    ...await import('#server/domain/engine/store.ts'), ...await import('#server/domain/engine/waiting-room.ts'),
    ...await import('#server/domain/engine/dispatch-gated.ts'), ...await import('#server/domain/engine/dispatch-jobs.ts'), ...await import('#server/domain/engine/reap-claims.ts'),
    ...await import('#server/domain/engine/expire-jobs.ts'), ...await import('#server/domain/engine/cancel-jobs.ts'),
    ...await import('#server/domain/engine/retry-jobs.ts'), ...await import('#server/domain/engine/change-priority.ts'),
    ...await import('#server/infra/database.ts'),
  }
}

/** A database with the audit of moves, and the engine loaded on it. */
export async function openStage(): Promise<Stage> {
  const database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  await installAudit(database.owner)
  return { database, engine: await loadEngine(), workers: [randomUUID(), randomUUID()], jobs: [], hints: [], runs: [], accepted: [] }
}

export async function closeStage({ database, engine }: Stage): Promise<void> {
  await engine.closeDatabase()
  await database.drop()
}

/** An empty database with one limited queue, and nothing in anybody's hands. */
export async function clearStage(stage: Stage): Promise<void> {
  const { database, engine } = stage
  for (const claim of engine.heldClaims()) engine.abandonClaim(claim)
  engine.takeReleased()
  await database.owner.query(`truncate ${TABLES}`)
  await database.owner.query(`insert into queues (organization_id, name, concurrency) values ($1, 'wide', null), ($1, 'narrow', $2)`, [ORGANIZATION, NARROW])
  Object.assign(stage, { jobs: [], hints: [], runs: [], accepted: [] })
}

export const toJob = (ask: Ask): NewJob => ({
  organizationId: ORGANIZATION, queueName: QUEUES[ask.queue], jobType: null, payload: '{"n":1}', priority: 0, maxRetries: ask.maxRetries, timeoutSeconds: 60,
  ...(ask.ordering > 0 && { orderingKey: `order-${ask.ordering}` }), ...(ask.concurrency && { concurrencyKey: 'customer' }),
  ...(ask.scheduled && { scheduledAt: LATER }), ...(ask.expires && { expiresAt: '2100-01-01T00:00:00Z' }), ...(ask.key < 3 && { idempotencyKey: `key-${ask.key}` }),
})
