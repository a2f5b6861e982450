import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { until } from '../../../support/until.ts'
import type { heldClaims as HeldClaims } from '#server/domain/engine/held-claims.ts'
import type * as Envelopes from '#server/domain/engine/run-envelope.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'

const WORKER = randomUUID()
let database: TestDatabase
let envelopes: typeof Envelopes
let heldClaims: typeof HeldClaims
let closeDatabase: () => Promise<void>

/** Jobs whose hints were sent. */
const stamped = async (count: number) => {
  const ids = Array.from({ length: count }, () => uuidv7())
  await database.owner.query(`insert into jobs (id, organization_id, queue_name, job_type, state, payload, max_retries, timeout_seconds, created_at, dispatched_at, updated_at)
    select unnest($1::uuid[]), '00000000-0000-7000-8000-000000000001', 'drill', 'drill', 'pending', '{}', 3, 60, now(), now(), now()`, [ids])
  return ids
}
const row = async (id: string) => (await database.owner.query('select * from jobs where id = $1', [id])).rows[0] as Record<string, unknown>

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  envelopes = await import('#server/domain/engine/run-envelope.ts')
  heldClaims = (await import('#server/domain/engine/held-claims.ts')).heldClaims
  closeDatabase = (await import('#server/infra/database.ts')).closeDatabase
})
afterAll(async () => {
  await closeDatabase?.()
  await database?.drop()
})

describe('an envelope', () => {
  it('is claimed before any of its jobs starts, and may be forgotten from then on', async () => {
    const ids = await stamped(2)
    const go = Promise.withResolvers<Outcome>()
    const seen: unknown[] = []
    const { jobs, done } = await envelopes.startEnvelope({ ids, workerId: WORKER, run: async (job) => {
      seen.push((await row(job.id))['state'])
      return go.promise
    } })
    expect(jobs).toBe(2)
    await until(() => seen.length === 2, { what: 'both having started' })
    expect(seen).toEqual(['running', 'running'])
    go.resolve({ kind: 'ok', result: 1 })
    await done
    expect(await row(ids[0]!)).toMatchObject({ state: 'completed', result: 1 })
  })

  it('starts what is still pending of it, and only once what stands in it twice', async () => {
    const [done, open] = await stamped(2)
    await database.owner.query(`update jobs set state = 'completed' where id = $1`, [done])
    const ran: string[] = []
    await envelopes.runEnvelope({ ids: [done!, open!, open!, uuidv7()], workerId: WORKER, run: async (job) => {
      ran.push(job.id)
      return { kind: 'ok', result: null }
    } })
    expect(ran).toEqual([open])
  })

  it.each([
    ['a BigInt', () => 7n],
    ['a circle', () => { const circle: Record<string, unknown> = {}; circle['self'] = circle; return circle }],
    ['a value that refuses to be written', () => ({ toJSON() { throw new Error('no') } })],
  ])('ends a job whose result is %s as failed for good, and holds nothing of it', async (_, make) => {
    const [id] = await stamped(1)
    await envelopes.runEnvelope({ ids: [id!], workerId: WORKER, run: async () => ({ kind: 'ok', result: make() }) })
    expect(await row(id!)).toMatchObject({ state: 'failed', failures: 1, last_error: expect.stringMatching(/^The result cannot be written as JSON: /) })
    expect(heldClaims()).toEqual([])
  })

  it('that cannot be taken goes back to the waiting room', async () => {
    const ids = await stamped(3)
    await envelopes.giveBackHints(ids)
    expect((await database.owner.query('select from due_jobs where job_id = any($1) and ready', [ids])).rowCount).toBe(3)
    const { jobs } = await envelopes.startEnvelope({ ids, workerId: WORKER, run: async () => ({ kind: 'ok', result: null }) })
    expect(jobs).toBe(0)
  })
})
