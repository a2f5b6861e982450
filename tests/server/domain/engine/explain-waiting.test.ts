import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { job, ORGANIZATION, record, useRecord } from './record.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type * as Explain from '#server/domain/engine/explain-waiting.ts'
import type * as Facts from '#server/domain/engine/read-waiting-facts.ts'
import type * as Dispatch from '#server/domain/engine/dispatch-jobs.ts'
import type * as Belt from '#server/infra/belt.ts'

let modules: typeof Explain & typeof Facts & typeof Dispatch & typeof Belt

useRecord()
beforeAll(async () => {
  modules = {
    ...await import('#server/domain/engine/explain-waiting.ts'), ...await import('#server/domain/engine/read-waiting-facts.ts'),
    ...await import('#server/domain/engine/dispatch-jobs.ts'), ...await import('#server/infra/belt.ts'),
  }
})
afterAll(() => modules?.closeBelt())

const sql = (text: string, values: unknown[] = []) => record.database.owner.query(text, values)
const worker = (lanes: string, status = 'running', silent = '0 s') => sql(
  `insert into workers (id, hostname, pid, version, queues, slots, status, heartbeat_at) values ($1, 'here', 1, '1', $2, 10, $3, now() - $4::interval)`, [randomUUID(), lanes, status, silent])
/** A job that waits in the room for its turn, without a gate. */
async function inRoom(more: Partial<NewJob> = {}): Promise<string> {
  const { id } = await record.acceptJob(job({ jobType: 'drill', orderingKey: 'x', ...more }))
  await sql('update due_jobs set gated = false, ordering_key = null where job_id = $1', [id])
  await sql('update jobs set gated = false, ordering_key = null where id = $1', [id])
  return id
}
const stamped = async () => {
  const id = await inRoom()
  await record.room.stampReady('drill', 10)
  return id
}
const why = async (id: string) => modules.explainWaiting(await modules.readWaitingFacts(ORGANIZATION, [{ id, jobType: 'drill' }])).get(id)

describe('why a job waits, as far as its carriers go', () => {
  beforeEach(() => sql('truncate bullmq.job cascade'))

  it('is that no living worker takes its type: one of another type, a silent and a leaving one do not count', async () => {
    await worker('{random-text}')
    await worker('{drill}', 'running', '20 s')
    await worker('{drill}', 'draining')
    expect(await why(await inRoom())).toMatchObject({ code: 'no_worker', text: expect.stringContaining('type drill'), remedy: { action: 'start_worker' } })
    expect(await why(await stamped())).toMatchObject({ code: 'no_worker' })
    await worker('{drill}')
    expect(await why(await inRoom())).toMatchObject({ code: 'next' })
  })

  it('is that the workers refuse, when all of them do', async () => {
    await worker('{drill}', 'refusing')
    const id = await inRoom()
    expect(await why(id)).toMatchObject({ code: 'workers_refuse', remedy: { action: 'look_at_health' } })
    await worker('{drill}')
    expect(await why(id)).toMatchObject({ code: 'next' })
  })

  it('is that the belt does not answer', async () => {
    await worker('{drill}')
    const id = await inRoom()
    await sql('alter schema bullmq rename to away')
    try {
      expect(await why(id)).toMatchObject({ code: 'belt_away' })
    }
    finally {
      await sql('alter schema away rename to bullmq')
    }
    expect(await why(id)).toMatchObject({ code: 'next' })
  })
})

describe('why a job waits, as far as its turn goes', () => {
  beforeEach(async () => {
    await sql('truncate bullmq.job cascade')
    await worker('{drill}')
  })

  it('is nothing but a moment, in the room or on the belt, and that it runs alone when it is a suspect', async () => {
    const [next, sent] = [await stamped(), await inRoom()].toReversed() as [string, string]
    expect(await why(next)).toMatchObject({ code: 'next' })
    expect(await why(sent)).toMatchObject({ code: 'on_belt', since: expect.any(String) })
    await sql('update jobs set suspect = true where id = any($1::uuid[])', [[next, sent]])
    expect([(await why(next))?.code, (await why(sent))?.code]).toEqual(['alone', 'alone'])
  })

  it('is the line before it, when the belt is full or the round ends before its turn', async () => {
    // A handler of two seconds leaves the lane a window of 1,000 jobs, which is one round.
    await sql(`update workers set handler_ms = '{"drill": 2000}'`)
    const ids = Array.from({ length: 1100 }, (_, index) => `${String(index).padStart(8, '0')}-0000-7000-8000-000000000000`)
    await sql(`
      with made as (
        insert into jobs (id, organization_id, queue_name, job_type, state, payload, max_retries, timeout_seconds, created_at, updated_at)
        select unnest($1::uuid[]), $2, 'mail', 'drill', 'pending', '{}', 0, 60, now(), now() returning id)
      insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated) select id, $2, 'drill', 'mail', 0, true, false from made`, [ids, ORGANIZATION])
    const facts = modules.explainWaiting(await modules.readWaitingFacts(ORGANIZATION, ids.map(id => ({ id, jobType: 'drill' }))))
    expect(ids.map(id => facts.get(id)!.code)).toEqual([...Array(1000).fill('next'), ...Array(100).fill('in_line')])
    expect(facts.get(ids[1050]!)?.text).toBe('More than 500 waiting jobs of the queue mail are before it.')
    await modules.dispatchDueJobs()
    expect(await why(ids[1050]!)).toMatchObject({ code: 'in_line', text: 'The workers have all the drill jobs on the belt that they can take for now, and 50 waiting jobs of the queue mail are before it.' })
    expect(await why(ids[999]!)).toMatchObject({ code: 'on_belt' })
  })

  it('is a round of the dispatcher for a job whose time has just come', async () => {
    const id = (await record.acceptJob(job({ jobType: 'drill', scheduledAt: '2099-01-01T00:00:00Z' }))).id
    await sql(`update due_jobs set due_at = now() - interval '1 second'`)
    expect(await why(id)).toMatchObject({ code: 'due' })
  })

  it('is a limit its queue got after it was sent: it goes back in line', async () => {
    const id = await stamped()
    await sql(`insert into queues (organization_id, name, concurrency) values ($1, 'mail', 5)`, [ORGANIZATION])
    expect(await why(id)).toMatchObject({ code: 'back_in_line' })
  })

  it('is a key that has just become free, until the first in line is let on', async () => {
    const first = (await record.acceptJob(job({ jobType: 'drill', concurrencyKey: 'c' }))).id
    const second = (await record.acceptJob(job({ jobType: 'drill', concurrencyKey: 'c' }))).id
    await modules.dispatchDueJobs()
    expect(await why(second)).toMatchObject({ code: 'concurrency_key', blocked_by: [first] })
    await sql(`delete from job_slots`)
    expect(await why(second)).toMatchObject({ code: 'key_free' })
    await modules.healWaitingKeys()
    expect(await why(second)).toMatchObject({ code: 'next' })
  })

  it('lets more jobs of a key on when their queue comes to allow more', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push((await record.acceptJob(job({ jobType: 'drill', concurrencyKey: 'c' }))).id)
    await modules.dispatchDueJobs()
    await sql(`insert into queues (organization_id, name, concurrency_per_key) values ($1, 'mail', 2)`, [ORGANIZATION])
    expect([(await why(ids[1]!))?.code, (await why(ids[2]!))?.code]).toEqual(['key_free', 'concurrency_key'])
    await modules.healWaitingKeys()
    await modules.dispatchDueJobs()
    expect([(await why(ids[1]!))?.code, (await why(ids[2]!))?.code]).toEqual(['on_belt', 'concurrency_key'])
    expect((await why(ids[2]!))?.blocked_by).toEqual([ids[0], ids[1]])
  })

  it('asks the database as often for a hundred jobs as for one', async () => {
    const ids: string[] = []
    for (let n = 0; n < 100; n++) ids.push(await inRoom(n % 2 === 0 ? {} : { queueName: `queue-${n % 10}` }))
    const query = vi.spyOn(pg.Client.prototype, 'query')
    const asked = async (some: string[]) => {
      query.mockClear()
      expect((await modules.readWaitingFacts(ORGANIZATION, some.map(id => ({ id, jobType: 'drill' })))).jobs).toHaveLength(some.length)
      return query.mock.calls.length
    }
    await asked(ids)
    expect(await asked(ids)).toBe(await asked(ids.slice(0, 1)))
    query.mockRestore()
  })

  it('says nothing about jobs that run or are over, and nothing at all to another organization', async () => {
    const id = await inRoom()
    expect([...modules.explainWaiting(await modules.readWaitingFacts(randomUUID(), [{ id, jobType: 'drill' }]))]).toEqual([])
    await sql(`update jobs set state = 'running' where id = $1`, [id])
    expect(await why(id)).toBeUndefined()
  })
})
