/** Random worlds of waiting jobs on the real engine and a real belt, and what takes away the reason a job waits for. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { clearStage, ORGANIZATION, type Stage } from './engine-stage.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'
import type { Waiting } from '#shared/schemas/waiting.ts'

const NAMES = ['mail', 'post'] as const
interface Queue { paused: boolean, concurrency: number | null, rate: number | null, perKey: number }
interface Asked { queue: 0 | 1, ordering: 0 | 1 | 2, concurrency: boolean, priority: number, scheduled: boolean, external: boolean }
export interface World {
  /** The rules of the queues: at first, and when somebody asks why. */
  before: [Queue, Queue], after: [Queue, Queue]
  /** Jobs that came before the first rounds of the dispatcher, and after. */
  early: Asked[], late: Asked[]
  /** How the runs of the early ones end; undefined: they go on. */
  ends: (Outcome | undefined)[]
  /** Some of all jobs are suspects, or their time to begin is over. */
  suspects: number[], overdue: number[]
}

const LATER = '2099-01-01T00:00:00Z'
const queue: fc.Arbitrary<Queue> = fc.record({
  paused: fc.boolean(), concurrency: fc.constantFrom(null, null, 1, 2), rate: fc.constantFrom(null, null, 1, 3), perKey: fc.constantFrom(1, 1, 2),
})
const openQueue = queue.map(each => ({ ...each, paused: false }))
const asked: fc.Arbitrary<Asked> = fc.record({
  queue: fc.constantFrom(0 as const, 1 as const), ordering: fc.constantFrom(0, 0, 1, 2), concurrency: fc.boolean(), priority: fc.integer({ min: -1, max: 1 }),
  scheduled: fc.nat(5).map(n => n === 0), external: fc.nat(11).map(n => n === 0),
})
const end: fc.Arbitrary<Outcome | undefined> = fc.constantFrom<Outcome | undefined>(
  undefined, undefined, { kind: 'ok', result: 1 }, { kind: 'fail', error: 'no', delayMs: 3_600_000 }, { kind: 'snooze', delayMs: 3_600_000 }, { kind: 'hand-back' })
export const anyWorld: fc.Arbitrary<World> = fc.record({
  before: fc.tuple(openQueue, openQueue), after: fc.tuple(fc.oneof({ weight: 3, arbitrary: openQueue }, queue), openQueue),
  early: fc.array(asked, { maxLength: 8 }), late: fc.array(asked, { minLength: 1, maxLength: 8 }), ends: fc.array(end, { minLength: 8, maxLength: 8 }),
  suspects: fc.array(fc.nat(40), { maxLength: 2 }), overdue: fc.array(fc.nat(40), { maxLength: 1 }),
})

const toJob = (each: Asked): NewJob => ({
  organizationId: ORGANIZATION, queueName: NAMES[each.queue], jobType: each.external ? null : 'drill', payload: '{}', priority: each.priority, maxRetries: 3, timeoutSeconds: 60,
  ...(each.ordering > 0 && { orderingKey: `order-${each.ordering}` }), ...(each.concurrency && { concurrencyKey: 'customer' }), ...(each.scheduled && { scheduledAt: LATER }),
})

async function loadMore() {
  return {
    ...await import('#server/domain/engine/queue-rules.ts'), ...await import('#server/domain/engine/run-jobs-now.ts'),
    ...await import('#server/domain/engine/read-waiting-facts.ts'), ...await import('#server/domain/engine/explain-waiting.ts'),
    ...await import('#server/infra/belt.ts'),
  }
}
export interface Play { stage: Stage, more: Awaited<ReturnType<typeof loadMore>>, running: Map<string, ClaimedJob> }
export const openPlay = async (stage: Stage): Promise<Play> => ({ stage, more: await loadMore(), running: new Map() })

const sql = ({ stage }: Play, text: string, values: unknown[] = []) => stage.database.owner.query(text, values)
const operator = { organizationId: ORGANIZATION, actor: 'ann' }

async function setQueues(play: Play, queues: Queue[]): Promise<void> {
  for (const [index, { paused, concurrency, rate, perKey }] of queues.entries()) {
    await sql(play, `insert into queues (organization_id, name, paused_at, paused_by, concurrency, rate_limit, rate_period_seconds, concurrency_per_key) values ($1, $2, $3, 'ann', $4, $5, 3600, $6)
      on conflict (organization_id, name) do update set paused_at = excluded.paused_at, paused_by = 'ann', concurrency = excluded.concurrency, rate_limit = excluded.rate_limit, concurrency_per_key = excluded.concurrency_per_key`,
    [ORGANIZATION, NAMES[index], paused ? new Date() : null, concurrency, rate, perKey])
  }
  await play.more.tellQueueChanged()
}

/** Makes a world; answers its jobs. */
export async function makeWorld(play: Play, world: World): Promise<string[]> {
  const { stage } = play
  await clearStage(stage)
  play.running.clear()
  await sql(play, 'truncate bullmq.job cascade')
  await sql(play, `insert into workers (id, hostname, pid, version, queues, slots) values ($1, 'here', 1, '1', '{drill}', 10)`, [randomUUID()])
  await setQueues(play, world.before)
  const accept = async (jobs: Asked[]) => (await stage.engine.acceptJobs(jobs.map(toJob))).map(each => (each as { id: string }).id)
  const ids = await accept(world.early)
  await round(play)
  for (const [index, run] of [...play.running.values()].entries()) {
    const outcome = world.ends[index]
    if (!outcome) continue
    play.running.delete(run.id)
    await stage.engine.finishRun(run, outcome)
  }
  await stage.engine.dispatchDueJobs()
  ids.push(...await accept(world.late))
  await setQueues(play, world.after)
  const some = (numbers: number[]) => numbers.map(number => ids[number % ids.length])
  await sql(play, `update jobs set suspect = true where id = any($1::uuid[]) and state = 'pending'`, [some(world.suspects)])
  await sql(play, `update jobs set expires_at = now() - interval '1 second' where id = any($1::uuid[]) and state <> 'running'`, [some(world.overdue)])
  return ids
}

/** A round of the dispatcher, then the claim of all that is on the belt; answers whose run began. */
export async function round(play: Play): Promise<Set<string>> {
  const { engine, workers } = play.stage
  await engine.dispatchDueJobs()
  const { rows } = await sql(play, `select id from jobs where state = 'pending' and dispatched_at is not null`)
  const ids = (rows as { id: string }[]).map(row => row.id)
  const claimed = ids.length > 0 ? await engine.claimEnvelope(ids, workers[0]) : []
  for (const run of claimed) play.running.set(run.id, run)
  return new Set(claimed.map(run => run.id))
}

/** Why jobs wait, by id. */
export async function explain({ more, stage }: Play, ids: string[]): Promise<Map<string, Waiting>> {
  await stage.database.owner.query('update workers set heartbeat_at = now()')
  return more.explainWaiting(await more.readWaitingFacts(ORGANIZATION, ids.map(id => ({ id, jobType: 'drill' }))))
}

type TakeAway = (play: Play, id: string, blockers: string[]) => Promise<unknown>
/** What ends each reason; those that end by themselves with the next round have none. */
const ENDS: Partial<Record<Waiting['code'], TakeAway>> = {
  queue_paused: play => sql(play, 'update queues set paused_at = null'),
  scheduled: (play, id) => play.more.runJobsNow({ ...operator, ids: [id] }),
  retry: (play, id) => play.more.runJobsNow({ ...operator, ids: [id] }),
  concurrency_limit: play => sql(play, 'update queues set concurrency = 10000 where concurrency is not null'),
  rate_limit: play => sql(play, 'update queues set rate_limit = 10000 where rate_limit is not null'),
  ordering_key: (play, _, blockers) => endJobs(play, blockers),
  concurrency_key: (play, _, blockers) => endJobs(play, blockers),
  key_free: play => play.stage.engine.healWaitingKeys(),
}
const NEVER_ENDS: readonly Waiting['code'][] = ['expiring', 'external_worker']

/** Takes away what a job waits for; answers false for what nobody can take away. */
export async function takeAway(play: Play, id: string, { code, blocked_by: blockers = [] }: Waiting): Promise<boolean> {
  if (NEVER_ENDS.includes(code)) return false
  await ENDS[code]?.(play, id, blockers)
  return true
}

async function endJobs({ stage: { engine }, running }: Play, ids: string[]): Promise<void> {
  for (const id of ids) {
    const run = running.get(id)
    running.delete(id)
    if (run) await engine.finishRun(run, { kind: 'ok', result: 1 })
    else await engine.cancelJobs({ ...operator, ids: [id] })
  }
}
