import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import type { acceptJob as AcceptJob } from '#server/domain/engine/accept-jobs.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type * as Store from '#server/domain/engine/store.ts'
import type * as Presence from '#server/domain/engine/worker-rows.ts'
import type * as Reap from '#server/domain/engine/reap-claims.ts'
import type * as Room from '#server/domain/engine/waiting-room.ts'

export const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
export const WORKER = randomUUID()
const TABLES = `jobs, job_attempts, job_logs, due_jobs, job_slots, job_expiries, cancel_requests, queues, events, workers, idempotency_keys, claims,
  job_counters, job_counter_deltas, job_minutes, job_time_minutes, queue_depth_minutes, error_deltas, error_groups, error_places, error_series, control_leases, job_actions, job_action_items`

export const record = {} as {
  database: TestDatabase
  store: typeof Store
  presence: typeof Presence
  room: typeof Room
  acceptJob: typeof AcceptJob
  reapClaims: typeof Reap.reapClaims
}

/** The engine's modules on a database of the file's own, empty before each test. They read the environment when they are loaded. */
export function useRecord(): void {
  let closeDatabase: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const database = await createTestDatabase()
    Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
    const [store, presence, room, { acceptJob }, { reapClaims }] = await Promise.all([
      import('#server/domain/engine/store.ts'), import('#server/domain/engine/worker-rows.ts'), import('#server/domain/engine/waiting-room.ts'),
      import('#server/domain/engine/accept-jobs.ts'), import('#server/domain/engine/reap-claims.ts'),
    ])
    Object.assign(record, { database, store, presence, room, acceptJob, reapClaims })
    ;({ closeDatabase } = await import('#server/infra/database.ts'))
  })
  beforeEach(() => record.database.owner.query(`truncate ${TABLES}`))
  afterAll(async () => {
    await closeDatabase?.()
    await record.database?.drop()
  })
}

// External jobs (no built-in type) keep the belt out of these tests: they are about the record alone.
export const job = (more: Partial<NewJob> = {}): NewJob => ({ organizationId: ORGANIZATION, queueName: 'mail', jobType: null, payload: '{"n":1}', priority: 0, maxRetries: 1, timeoutSeconds: 60, ...more })
export const row = async (id: string) => (await record.database.owner.query('select * from jobs where id = $1', [id])).rows[0] as Record<string, unknown>
export const left = async (table: string) => (await record.database.owner.query(`select * from ${table}`)).rows as Record<string, unknown>[]
export const counts = async () => {
  const { rows } = await record.database.owner.query(`select state, sum(count)::int as count from (select state, count from job_counters union all select state, delta from job_counter_deltas) as parts where state <> 'created' group by 1 having sum(count) <> 0 order by 1`)
  return Object.fromEntries((rows as { state: string, count: number }[]).map(each => [each.state, each.count]))
}
/** What the dispatcher does with a row: it leaves the waiting room and is stamped. */
export const stamp = (ids: string[]) => record.database.owner.query('with gone as (delete from due_jobs where job_id = any($1::uuid[])) update jobs set dispatched_at = now() where id = any($1::uuid[])', [ids])
export const claimOne = async (id: string, worker = WORKER) => {
  await stamp([id])
  return (await record.store.claimJobs([id], worker, 30))[0]!
}
export const ended = (id: string, run: number, more: Partial<Store.FinishedRun> = {}): Store.FinishedRun => ({ id, run, state: 'completed', outcome: 'completed', result: '"done"', error: null, delayMs: 0, ...more })
export const beat = (more: Partial<Presence.WorkerRow> = {}, claims: { held?: string[], released?: string[] } = {}) => record.presence.beat(
  { id: WORKER, hostname: 'here', pid: 1, version: '1', queues: [], slots: 1, running: 1, name: 'here-1', status: 'running', handlerMs: {}, jobIds: [], memory: { rssBytes: 1, heapBytes: 1 }, ...more },
  { leaseSeconds: 8, held: claims.held ?? [], released: claims.released ?? [] })
export const runOut = () => record.database.owner.query(`update claims set expires_at = now() - interval '1 second'`)
export const toEnded = (claimed: Store.ClaimedJob): Store.EndedJob => ({
  id: claimed.id, organization_id: claimed.organizationId, queue_name: claimed.queueName, job_type: claimed.jobType, state: 'completed', run: claimed.run,
  updated_at: new Date(), gated: claimed.gated, ordering_key: claimed.orderingKey, concurrency_key: claimed.concurrencyKey,
})
