import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'

/** Who wants something of a worker process, and why. Workers belong to nobody: the event belongs to who asked. */
export interface WorkerAction { organizationId: string, id: string, actor: string, reason?: string }

/** $1: worker, $2: event id, $3: organization, $4: actor, $5: action, $6: reason. `changed` holds the worker when something was done. */
const asEvent = (change: string) => `
  with changed as (${change}), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select $2, $3, $4, $5, 'worker', id::text, $6, jsonb_build_object('name', name, 'hostname', hostname, 'pid', pid) from changed
  )
  select (select count(*) > 0 from changed) as changed`

const ALIVE = `heartbeat_at > now() - interval '8 seconds'`
const DRAIN = asEvent(`update workers set drain_wanted_at = now(), drain_wanted_by = $4, drain_reason = $6 where id = $1 and drain_wanted_at is null and ${ALIVE} returning id, name, hostname, pid`)
const RESUME = asEvent('update workers set drain_wanted_at = null, drain_wanted_by = null, drain_reason = null where id = $1 and drain_wanted_at is not null returning id, name, hostname, pid')
const REMOVE = asEvent(`delete from workers where id = $1 and not (${ALIVE}) returning id, name, hostname, pid`)

async function ask(text: string, { id, organizationId, actor, reason }: WorkerAction, action: string): Promise<boolean> {
  const { rows } = await pool('engine').query<{ changed: boolean }>(text, [id, newId(), organizationId, actor, action, reason ?? null])
  return rows[0]!.changed
}

/** Asks a worker to finish what it has and take no more; it hears it with its next heartbeat. False when it is asked already, lost or unknown. */
export const askToDrain = (action: WorkerAction): Promise<boolean> => ask(DRAIN, action, 'worker.drained')
/** Takes that back. False when nobody had asked, or the worker is unknown. */
export const askToResume = (action: WorkerAction): Promise<boolean> => ask(RESUME, action, 'worker.resumed')
/** Forgets a worker that has not been heard of for eight seconds: by then its claims have run out. False when it lives or is unknown. */
export const forgetWorker = (action: WorkerAction): Promise<boolean> => ask(REMOVE, action, 'worker.removed')
