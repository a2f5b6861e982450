import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'

/**
 * Inserts one job made from another that is over, its link, and the events on both timelines. The new job enters the waiting
 * room, as a job run again does. $1: id, $2: organization, $3: origin, $4: queue, $5: type, $6: priority, $7: payload,
 * $8: tags, $9: ordering key, $10: concurrency key, $11: gated, $12: max retries, $13: backoff, $14: timeout, $15: actor,
 * $16: reason, $17 and $18: event ids. Answers the row, or nothing when the origin is not there or not over.
 */
export const ACCEPT_LINKED = `
  with origin as (
    select id from jobs where id = $3::uuid and organization_id = $2::uuid and state in ('completed', 'failed', 'cancelled', 'expired') for share
  ), inserted as (
    insert into jobs (id, organization_id, queue_name, job_type, state, priority, payload, tags, ordering_key, concurrency_key, gated, max_retries,
      backoff, timeout_seconds, created_at, updated_at)
    select $1::uuid, $2::uuid, $4, $5, 'pending', $6::smallint, $7::jsonb, $8::jsonb, $9, $10, $11::boolean, $12::integer, $13::jsonb, $14::integer, now(), now()
    from origin
    returning id, run, state, organization_id, queue_name, job_type, updated_at, priority, gated, ordering_key, concurrency_key
  ), waiting as (
    insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, ordering_key, concurrency_key)
    select id, organization_id, coalesce(job_type, ''), queue_name, priority, true, gated, ordering_key, concurrency_key from inserted
  ), linked as (
    insert into job_links (job_id, organization_id, origin_id, kind, actor, reason)
    select id, organization_id, $3::uuid, 'edited', $15, $16 from inserted
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select e.id, $2::uuid, $15, e.action, 'job', e.subject, $16, jsonb_build_object('job_id', e.other)
    from inserted, (values
      ($17::uuid, 'job.copied', $3::uuid::text, $1::uuid::text),
      ($18::uuid, 'job.made_from', $1::uuid::text, $3::uuid::text)) as e(id, action, subject, other)
  ), moved as (
    select organization_id, queue_name, job_type, null::text as from_state, state as to_state from inserted
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at from inserted`
