/** What the charts and the figures of queues are read from: per-minute tables and counters, never a scan of the jobs. */
import { withTenant } from '#server/infra/database.ts'
import type { TimeKind } from '#server/domain/engine/sql/times.ts'

export interface Range { organizationId: string, from: Date, stepSeconds: number, queueName?: string }
export interface StepTime { step: number, kind: TimeKind, bucket: number, count: number }

/** The step a moment is in. Rows are put into steps by date_bin, half as long as by arithmetic: a week of minutes is a quarter of a million rows. */
export const stepOf = (at: Date, { from, stepSeconds }: Pick<Range, 'from' | 'stepSeconds'>): number => Math.floor((at.getTime() - from.getTime()) / (stepSeconds * 1000))

/** How many times fell into each bucket, per step from `from`, of one queue or all. */
export function readTimes({ organizationId, from, stepSeconds, queueName }: Range): Promise<StepTime[]> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ at: Date, kind: TimeKind, bucket: number, count: bigint }[]>`
      select date_bin(make_interval(secs => ${stepSeconds}::int), minute, ${from}::timestamptz) as at, kind, bucket::int as bucket, sum(count)::bigint as count
      from job_time_minutes where organization_id = ${organizationId}::uuid and minute >= ${from} and queue_name = coalesce(${queueName ?? null}::text, queue_name)
      group by 1, 2, 3`
    return rows.map(({ at, kind, bucket, count }) => ({ step: stepOf(at, { from, stepSeconds }), kind, bucket, count: Number(count) }))
  })
}

/** Depth in a step: the highest of its samples, and the last; step -1 stands for what was before `from`. */
export interface StepDepth { step: number, waiting: number, running: number, lastWaiting: number, lastRunning: number }

/** The samples of one queue, or of the organization as a whole. A step without any holds what the step before it ended with. */
export function readDepth({ organizationId, from, stepSeconds, queueName = '' }: Range): Promise<StepDepth[]> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<Record<keyof StepDepth, bigint | number>[]>`
      select floor(extract(epoch from minute - ${from}) / ${stepSeconds})::int as step, max(waiting) as waiting, max(running) as running,
        (array_agg(waiting order by minute desc))[1] as "lastWaiting", (array_agg(running order by minute desc))[1] as "lastRunning"
      from queue_depth_minutes where organization_id = ${organizationId}::uuid and queue_name = ${queueName} and minute >= ${from} group by 1
      union all (select -1, waiting, running, waiting, running
      from queue_depth_minutes where organization_id = ${organizationId}::uuid and queue_name = ${queueName} and minute < ${from} order by minute desc limit 1)
      order by 1`
    return rows.map(row => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])) as unknown as StepDepth)
  })
}

/** Jobs that entered and left a queue in a while. */
export interface Flow { created: number, ended: number, seconds: number }

/** What came into and went out of each queue in the last one to two minutes. */
export function readFlow(organizationId: string): Promise<Map<string, Flow>> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ queue_name: string, created: number, ended: number, seconds: number }[]>`
      with since as (select date_trunc('minute', now()) - interval '1 minute' as at)
      select queue_name, coalesce(sum(entered) filter (where state = 'created'), 0)::float as created,
        coalesce(sum(entered) filter (where state <> 'created'), 0)::float as ended, extract(epoch from now() - (select at from since))::float as seconds
      from (
        select queue_name, state, entered from job_minutes where organization_id = ${organizationId}::uuid and minute >= (select at from since)
        union all
        select queue_name, state, delta from job_counter_deltas where organization_id = ${organizationId}::uuid and delta > 0 and at >= (select at from since)
      ) as parts where state in ('created', 'completed', 'failed', 'cancelled', 'expired') group by 1`
    return new Map(rows.map(({ queue_name: name, ...flow }) => [name, flow]))
  })
}

/** How many of the newest jobs are looked through for those that wait on the belt. */
const LOOK_BACK = 2000

/**
 * When the job that has waited longest in each queue was created, by the name of the queue. In the waiting room that is
 * exact; of those that are handed to workers already (two seconds of work) only the newest jobs are looked through.
 * @param queues names with the job types they hold ('' for external workers).
 */
export function readOldestWaiting(organizationId: string, queues: { name: string, jobTypes: Iterable<string> }[]): Promise<Map<string, Date>> {
  const pairs = queues.flatMap(({ name, jobTypes }) => [...jobTypes].map(lane => ({ name, lane })))
  const [names, lanes] = [pairs.map(pair => pair.name), pairs.map(pair => pair.lane)]
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ name: string, id: string }[]>`
      select name, min(id) as id from (
        select q.name, found.job_id::text as id from unnest(${names}::text[], ${lanes}::text[]) as q(name, lane) cross join (values (true), (false)) as g(gated)
        cross join lateral (
          with recursive step as (
            (select d.priority, d.job_id from due_jobs d where d.ready and d.lane = q.lane and d.gated = g.gated
              and d.organization_id = ${organizationId}::uuid and d.queue_name = q.name order by d.priority desc, d.job_id limit 1)
            union all
            select lower.priority, lower.job_id from step cross join lateral (select d.priority, d.job_id from due_jobs d where d.ready and d.lane = q.lane and d.gated = g.gated
              and d.organization_id = ${organizationId}::uuid and d.queue_name = q.name and d.priority < step.priority order by d.priority desc, d.job_id limit 1) as lower
          ) select job_id from step
        ) as found
        union all
        select queue_name, id::text from (select id, queue_name, state from jobs where organization_id = ${organizationId}::uuid order by id desc limit ${LOOK_BACK}) as newest
        where state = 'pending' and queue_name = any(${names}::text[])
      ) as waiting group by 1`
    return new Map(rows.map(row => [row.name, createdAt(row.id)]))
  })
}

/** A UUIDv7 begins with its time. */
const createdAt = (id: string): Date => new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
