/**
 * Jobs with an ordering or concurrency key, or in a limited queue, go one queue at a time, under a lock on that queue: who
 * may go is decided from what is held, and written down as slots, so that nothing overlaps, whoever dispatches.
 */
import type pg from 'pg'
import { execute, inTransaction, pool } from '#server/infra/database.ts'
import { chooseGated, waitName, type GatedRow, type Held, type QueueLimits, type SlotKind } from '#server/domain/engine/choose-gated.ts'
import { isFreshWindow, isPaused, rateLeft } from '#server/domain/engine/sql/queue-gate.ts'
import { gatedLine, headsOf, heldIn } from '#server/domain/engine/sql/ready-line.ts'
import { FREE_SLOTS, UNPARK } from '#server/domain/engine/sql/slots.ts'
import { bounds } from '#server/domain/engine/store.ts'
import type { QueuePair, StampedJob } from '#server/domain/engine/waiting-room.ts'

const BATCH = 500

const QUEUE = { organization: '$1', queue: '$2' }
const ROWS = gatedLine({ lane: '$1', organization: '$2', queue: '$3', limit: '$4' }, '$5')
const HEADS = headsOf(QUEUE, '$3::text[]')
/** The lock keeps a slot from being given back, unseen, while its followers are parked. */
const HELD = `${heldIn(QUEUE, { ordering: '$3::text[]', concurrency: '$4::text[]' })} for key share`

/** What a limited queue may still start in its window; opens the next one when it is over. */
const LIMITS = `
  update queues set rate_window_at = case when fresh then now() else rate_window_at end, rate_used = case when fresh then 0 else rate_used end
  from (select organization_id as o, name as n, ${isFreshWindow('q')} as fresh
    from queues q where organization_id = $1 and name = $2 for update) as known
  where organization_id = o and name = n
  returning concurrency, concurrency_per_key, ${rateLeft('queues', 'queues.rate_used')} as rate_left, ${isPaused('queues')} as paused`

const WRITE = `
  with gone as (
    delete from due_jobs where job_id = any($1::uuid[]) returning job_id
  ), held as (
    insert into job_slots (organization_id, queue_name, kind, key, slot, job_id)
    -- Only for what was really taken: a job that was cancelled meanwhile has left the waiting room, and would hold its key for ever.
    select $4, $5, slot.* from unnest($6::text[], $7::text[], $8::int[], $9::uuid[]) as slot(kind, key, number, job_id)
    where slot.job_id in (select job_id from gone)
  ), parked as (
    update due_jobs d set ready = false, gated = true, waits_for = p.waits_for
    from unnest($10::uuid[], $11::text[]) as p(id, waits_for) where d.job_id = any($10::uuid[]) and d.job_id = p.id
  ), heads as (
    update due_jobs set ready = true, waits_for = null
    where $12::text[] <> '{}' and organization_id = $4 and queue_name = $5 and ordering_key = any($12::text[]) and seq = any($13::bigint[]) and not ready and due_at is null
  ), used as (
    update queues set rate_used = rate_used + cardinality($1::uuid[]) where organization_id = $4 and name = $5 and rate_limit is not null
  )
  update jobs set dispatched_at = now(), gated = true
  where id = any(array(select job_id from gone)) and id between $2 and $3 and state = 'pending'
  returning id, priority, true as alone`

/** Stamps what may go of one queue; answers the stamped jobs and whether more may follow at once. */
export async function stampGated(lane: string, pair: QueuePair): Promise<{ stamped: StampedJob[], more: boolean }> {
  return inTransaction('engine', async (client) => {
    const { organization_id: organization, queue_name: queue } = pair
    await client.query(`select pg_advisory_xact_lock(hashtextextended($1, 7))`, [`${organization} ${queue}`])
    const limits = await readLimits(client, organization, queue)
    if (limits.paused) return { stamped: [], more: false }
    const limited = limits.concurrency !== null || limits.rateLeft !== null
    const { rows } = await client.query<GatedRow>(ROWS, [lane, organization, queue, BATCH, limited])
    if (rows.length === 0) return { stamped: [], more: false }
    const orderingKeys = keysOf(rows, 'ordering_key')
    const heads = orderingKeys.length > 0 ? (await client.query<{ ordering_key: string, seq: string }>(HEADS, [organization, queue, orderingKeys])).rows : []
    const held = (await client.query<Held>(HELD, [organization, queue, orderingKeys, keysOf(rows, 'concurrency_key')])).rows
    const choice = chooseGated({ rows, held, heads: new Map(heads.map(head => [head.ordering_key, head.seq])), limits })
    if (choice.go.length + choice.park.length === 0) return { stamped: [], more: false }
    const [low, high] = choice.go.length > 0 ? bounds(choice.go) : [rows[0]!.job_id, rows[0]!.job_id]
    const column = <K extends keyof (typeof choice.slots)[number]>(key: K) => choice.slots.map(slot => slot[key])
    const { rows: stamped } = await client.query<StampedJob>(WRITE, [
      choice.go, low, high, organization, queue, column('kind'), column('key'), column('slot'), column('job_id'),
      choice.park.map(each => each.job_id), choice.park.map(each => each.waits_for), choice.heads.map(([key]) => key), choice.heads.map(([, seq]) => seq),
    ])
    return { stamped, more: rows.length === BATCH && !choice.full }
  })
}

const keysOf = (rows: GatedRow[], name: 'ordering_key' | 'concurrency_key'): string[] =>
  [...new Set(rows.map(row => row[name]).filter(key => key !== null))]

async function readLimits(client: pg.PoolClient, organization: string, queue: string): Promise<QueueLimits & { paused: boolean }> {
  const { rows } = await client.query<{ concurrency: number | null, concurrency_per_key: number, rate_left: number | null, paused: boolean }>(LIMITS, [organization, queue])
  const row = rows[0]
  return { concurrency: row?.concurrency ?? null, perKey: row?.concurrency_per_key ?? 1, rateLeft: row?.rate_left ?? null, paused: row?.paused ?? false }
}

export interface FreedKey { organization_id: string, queue_name: string, waits_for: string }

/** Makes the first job that waits for each of these keys ready. */
export async function unparkFirst(keys: FreedKey[]): Promise<void> {
  await execute('engine', { name: 'unpark', text: UNPARK, values: [keys.map(key => key.organization_id), keys.map(key => key.queue_name), keys.map(key => key.waits_for)] })
}

/**
 * Keys that jobs wait for although they have room: their holder's end was written, the word of it lost, or their queue
 * lets more run at once than it did. At most `limit`.
 */
const ABANDONED = `
  with recursive leap as (
    (select organization_id, queue_name, waits_for from due_jobs where waits_for is not null order by 1, 2, 3 limit 1)
    union all
    select next.* from leap cross join lateral (
      select organization_id, queue_name, waits_for from due_jobs
      where waits_for is not null and (organization_id, queue_name, waits_for) > (leap.organization_id, leap.queue_name, leap.waits_for)
      order by 1, 2, 3 limit 1) as next
  )
  select leap.* from leap left join queues q on q.organization_id = leap.organization_id and q.name = leap.queue_name where (
    select count(*) from job_slots s where s.organization_id = leap.organization_id and s.queue_name = leap.queue_name
      and s.kind = split_part(leap.waits_for, ':', 1) and s.key = substr(leap.waits_for, strpos(leap.waits_for, ':') + 1)
    ) < case when leap.waits_for like 'concurrency:%' then coalesce(q.concurrency_per_key, 1) else 1 end
  limit $1`

/** Slots of jobs that have ended: their end and the dispatch crossed. */
const LEAKED = `
  delete from job_slots s
  where exists (select from jobs where jobs.id = s.job_id and jobs.state in ('completed', 'failed', 'cancelled', 'expired'))
  returning s.organization_id, s.queue_name, s.kind || ':' || s.key as waits_for`

/** Takes slots away from jobs that have ended, and lets on who waits for them. */
export async function healSlots(): Promise<void> {
  const { rows } = await pool('engine').query<FreedKey>(LEAKED)
  if (rows.length > 0) await unparkFirst(rows)
}

/** Gives back what ended jobs hold, as seen after their end: the statement that ended them cannot see what was written beside it. */
export async function freeSlots(ids: string[]): Promise<void> {
  await execute('engine', { name: 'free-slots', text: FREE_SLOTS, values: [ids] })
}

/** Finds keys that are waited for and held by nobody, and lets their first job on. Answers how many. */
export async function healParked(limit: number): Promise<number> {
  const { rows } = await pool('engine').query<FreedKey>(ABANDONED, [limit])
  if (rows.length > 0) await unparkFirst(rows)
  return rows.length
}

/** How a key is written in `waits_for`. */
export const waitsFor = (kind: SlotKind, key: string): string => waitName({ kind, key })
