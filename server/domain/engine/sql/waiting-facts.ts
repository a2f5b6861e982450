/** What is read to explain why jobs wait. Everything of one organization; nothing is locked and nothing changed. */
import { heldBack, isFreshWindow, isLimited, isPaused, rateLeft } from '#server/domain/engine/sql/queue-gate.ts'
import { GATED_ORDER, gatedLine, headsOf, heldIn, readyRows } from '#server/domain/engine/sql/ready-line.ts'

/** $1: ids, $2 and $3: their bounds, $4: organization. Those that run or are over are left out. */
export const WAITING_JOBS = `
  select j.id, j.queue_name, j.job_type, j.state, j.run, j.failures, j.max_retries, j.suspect, j.last_error, j.due_at, j.dispatched_at, j.updated_at,
    j.expires_at, coalesce(j.expires_at <= now(), false) as is_over, ${heldBack('j')} as held_back, j.ordering_key, j.concurrency_key,
    coalesce(d.ready, false) as ready, coalesce(d.gated, j.gated) as gated, d.waits_for, coalesce(d.due_at, j.due_at) <= now() as is_due, now() as at
  from jobs j left join due_jobs d on d.job_id = j.id
  where j.id = any($1::uuid[]) and j.id between $2 and $3 and j.organization_id = $4 and j.state in ('scheduled', 'blocked', 'pending', 'retrying')`

/** $1: organization, $2: names. A rate's window that is over counts as a new one, as the dispatcher will find it. */
export const QUEUE_FACTS = `
  select q.name, ${isPaused('q')} as paused, q.paused_at, q.paused_by, q.pause_reason, ${isLimited('q')} as limited, q.concurrency, q.concurrency_per_key,
    q.rate_limit, q.rate_period_seconds, ${rateLeft('q', `case when ${isFreshWindow('q')} then 0 else q.rate_used end`)} as rate_left,
    case when ${isFreshWindow('q')} then now() else q.rate_window_at end + make_interval(secs => q.rate_period_seconds) as rate_opens_at
  from queues q where q.organization_id = $1 and q.name = any($2::text[])`

const PAIRS = 'unnest($2::text[], $3::text[], $4::boolean[]) as pair(lane, queue_name, limited)'
const PAIR = { lane: 'pair.lane', organization: '$1', queue: 'pair.queue_name', limit: '$5' }

/** The lines that the gated dispatch goes through. $1: organization, $2: lanes, $3: queues, $4: whether limited, $5: most rows of each. */
export const GATED_LINES = `
  select pair.lane, pair.queue_name, line.* from ${PAIRS} cross join lateral (${gatedLine(PAIR, 'pair.limited')}) as line
  order by pair.lane, pair.queue_name, ${GATED_ORDER}`

/** The lines of queues without a gate, likewise. */
export const OPEN_LINES = `
  select pair.lane, pair.queue_name, line.job_id from ${PAIRS}
  cross join lateral (${readyRows(PAIR, 'false', 'd.job_id, d.priority')}) as line where not pair.limited
  order by pair.lane, pair.queue_name, line.priority desc, line.job_id`

const QUEUE = { organization: '$1', queue: 'asked.queue_name' }

/** The first in line of ordering keys. $1: organization, $2: queues, $3: keys of all of them. */
export const HEADS_OF_KEYS = `
  select asked.queue_name, heads.ordering_key, heads.seq, d.job_id from unnest($2::text[]) as asked(queue_name)
  cross join lateral (${headsOf(QUEUE, '$3::text[]')}) as heads
  join due_jobs d on d.organization_id = $1 and d.queue_name = asked.queue_name and d.ordering_key = heads.ordering_key and d.seq = heads.seq::bigint`

/** Who holds places and keys. $1: organization, $2: queues, $3: ordering keys, $4: concurrency keys. */
export const HOLDERS = `
  select asked.queue_name, slots.* from unnest($2::text[]) as asked(queue_name)
  cross join lateral (${heldIn(QUEUE, { ordering: '$3::text[]', concurrency: '$4::text[]' })}) as slots order by 1, slots.kind, slots.key, slots.slot`

/** Who waits for a key, first come first. $1: organization, $2: queues, $3: what they wait for, $4: most of each. */
export const PARKED_LINES = `
  select asked.queue_name, asked.waits_for, line.job_id from unnest($2::text[], $3::text[]) as asked(queue_name, waits_for)
  cross join lateral (
    select job_id, seq from due_jobs d where d.organization_id = $1 and d.queue_name = asked.queue_name and d.waits_for = asked.waits_for
    order by d.seq limit $4) as line
  order by 1, 2, line.seq`

/** The jobs that others wait for. $1: ids, $2 and $3: their bounds, $4: organization. */
export const BLOCKERS = `select id, state, due_at from jobs where id = any($1::uuid[]) and id between $2 and $3 and organization_id = $4`
