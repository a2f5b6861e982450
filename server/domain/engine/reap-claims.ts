/** Lost workers: their claims run out, and what they ran goes on elsewhere. */
import { pool } from '#server/infra/database.ts'
import { afterRuns } from '#server/domain/engine/after-runs.ts'
import { CRASH_LIMIT } from '#server/domain/engine/retry-policy.ts'
import { errorGroupOf } from '#server/domain/engine/error-form.ts'
import { TAKE_BACK, WORKER_LOST } from '#server/domain/engine/sql/finish.ts'
import { bounds, type EndedJob } from '#server/domain/engine/store.ts'

const BATCH = 200

/** Claims that ran out, and, of workers that are silent, all they hold: only then is it known whether a job was alone. */
const EXPIRED = `
  with gone as (
    select distinct c.worker_id, not exists (select from workers w where w.id = c.worker_id and w.heartbeat_at > now() - interval '6 seconds') as dead
    from (select worker_id from claims where expires_at < now() order by expires_at limit $1) as c
  )
  select c.id, c.worker_id, c.job_ids, c.runs, gone.dead from claims c join gone using (worker_id)
  where gone.dead or c.expires_at < now() order by c.id for update of c skip locked`

const RUNNING = `
  select id, run from jobs where id = any($1::uuid[]) and id between $2 and $3 and state = 'running'`

interface ExpiredClaim { id: string, worker_id: string, job_ids: string[], runs: number[], dead: boolean }
interface HeldRun { id: string, run: number, worker: string, dead: boolean }

/** Takes back the jobs of claims that ran out; answers how many. */
export async function reapClaims(crashLimit = CRASH_LIMIT): Promise<number> {
  const client = await pool('engine').connect()
  let broken: Error | undefined
  let ended: EndedJob[] = []
  try {
    await client.query('begin')
    const { rows: claims } = await client.query<ExpiredClaim>(EXPIRED, [BATCH])
    const held = await stillRunning(claims, async ids => (await client.query<{ id: string, run: number }>(RUNNING, [ids, ...bounds(ids)])).rows)
    if (held.length > 0) ended = (await client.query<EndedJob>(TAKE_BACK, takeBackValues(held, crashLimit))).rows
    if (claims.length > 0) await client.query('delete from claims where id = any($1::bigint[])', [claims.map(claim => claim.id)])
    await client.query('commit')
  }
  catch (error) {
    await client.query('rollback').catch((lost: Error) => { broken = lost })
    throw error
  }
  finally {
    client.release(broken)
  }
  await afterRuns(ended)
  return ended.length
}

async function stillRunning(claims: ExpiredClaim[], find: (ids: string[]) => Promise<{ id: string, run: number }[]>): Promise<HeldRun[]> {
  const all = claims.flatMap(claim => claim.job_ids.map((id, index) => ({ id, run: claim.runs[index]!, worker: claim.worker_id, dead: claim.dead })))
  if (all.length === 0) return []
  const running = new Map((await find(all.map(each => each.id))).map(row => [row.id, row.run]))
  return all.filter(each => running.get(each.id) === each.run)
}

/** Of a dead worker that held one job that job is the culprit; of several each is a suspect. A living one only lost track. */
function takeBackValues(held: HeldRun[], crashLimit: number): unknown[] {
  const perWorker = Map.groupBy(held, each => each.worker)
  const sorted = held.toSorted((a, b) => a.id < b.id ? -1 : 1)
  return [
    sorted.map(each => each.id), sorted.map(each => each.run), sorted.map(each => each.dead && perWorker.get(each.worker)!.length === 1),
    sorted[0]!.id, sorted.at(-1)!.id, sorted.map(each => each.dead), crashLimit, errorGroupOf(WORKER_LOST),
  ]
}
