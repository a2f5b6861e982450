/**
 * What keeps a queue from starting jobs, in SQL, written once: the dispatcher and the claim decide by it, and the
 * explanation of a waiting job reads the same words. `q` is the alias of a row of `queues`.
 */
export const isPaused = (q: string): string => `${q}.paused_at is not null`
/** Its jobs go one queue at a time, under a lock: none of them may go at once. */
export const isLimited = (q: string): string => `(${q}.concurrency is not null or ${q}.rate_limit is not null)`

/** A queue that is paused, or whose limits the job did not pass, keeps its jobs. `j`: alias of the job's row. */
export const heldBack = (j: string): string => `exists (select from queues q where q.organization_id = ${j}.organization_id and q.name = ${j}.queue_name
  and (${isPaused('q')} or (not ${j}.gated and ${isLimited('q')})))`

/** The rate's window is over, or never began: the next start opens a new one. */
export const isFreshWindow = (q: string): string => `(${q}.rate_window_at is null or ${q}.rate_window_at + make_interval(secs => ${q}.rate_period_seconds) <= now())`
/** Starts left in a window of which `used` are used; null without a rate. */
export const rateLeft = (q: string, used: string): string => `case when ${q}.rate_limit is not null then greatest(0, ${q}.rate_limit - ${used}) end`
