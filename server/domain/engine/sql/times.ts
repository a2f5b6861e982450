import { execute } from '#server/infra/database.ts'

/** From due to started, or from started to ended. */
export type TimeKind = 'wait' | 'run'
export interface TimeCount { organizationId: string, queueName: string, jobType: string, kind: TimeKind, bucket: number, count: number }

/** In the order of the key: two processes that add to the same minute must not wait for each other in a circle. */
export const ADD_TIMES = `
  insert into job_time_minutes (organization_id, minute, queue_name, job_type, kind, bucket, count)
  select organization_id, date_trunc('minute', now()), queue_name, job_type, kind, bucket, count
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[]) as t(organization_id, queue_name, job_type, kind, bucket, count)
  order by 1, 3, 4, 5, 6
  on conflict (organization_id, minute, queue_name, job_type, kind, bucket) do update set count = job_time_minutes.count + excluded.count`

/** Adds counts of times to the minute that it is now. */
export async function addTimes(rows: TimeCount[]): Promise<void> {
  const column = <K extends keyof TimeCount>(key: K) => rows.map(row => row[key])
  await execute('engine', { name: 'add-times', text: ADD_TIMES, values: [
    column('organizationId'), column('queueName'), column('jobType'), column('kind'), column('bucket'), column('count')] })
}
