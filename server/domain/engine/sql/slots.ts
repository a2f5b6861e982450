/** A key or place was given back: the first that waits for it is ready. $1: organizations, $2: queues, $3: kinds and keys as in waits_for. */
export const UNPARK = `
  update due_jobs d set ready = true, waits_for = null
  where d.job_id = any(array(
    select first.job_id from unnest($1::uuid[], $2::text[], $3::text[]) as freed(organization_id, queue_name, waits_for)
    cross join lateral (
      select job_id from due_jobs w where w.organization_id = freed.organization_id and w.queue_name = freed.queue_name and w.waits_for = freed.waits_for
      order by w.seq limit 1) as first))`

/** Gives back what jobs hold. $1: ids. */
export const FREE_SLOTS = 'delete from job_slots where job_id = any($1::uuid[])'
