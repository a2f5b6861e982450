import { v7 as uuidv7 } from 'uuid'
import { withTenant, type Prisma, type Transaction } from '#server/infra/database.ts'
import type { ErrorGroupState } from '#shared/schemas/error-group.ts'

export interface GroupRow {
  id: string
  form: string
  message: string
  state: ErrorGroupState
  count: bigint
  first_seen: Date
  last_seen: Date
  first_job_id: string
  last_job_id: string
  last_version: string | null
  muted_until: Date | null
  resolved_at: Date | null
  regressed_at: Date | null
  regressed_job_id: string | null
  regressed_version: string | null
}
export interface GroupFilter {
  states: ErrorGroupState[] | null
  queueName: string | null
  jobType: string | null
  text: string | null
  /** The place behind which the page begins. */
  before: { at: Date, id: string } | null
  take: number
}
/** Longest error text in a list, characters. */
const SHOWN = 500

/** Groups of an organization, last seen first. A mute that is over does not count. */
export function listGroupRows(organizationId: string, { states, queueName, jobType, text, before, take }: GroupFilter): Promise<GroupRow[]> {
  return withTenant(organizationId, tx => tx.$queryRaw<GroupRow[]>`
    select id, form, left(message, ${SHOWN}) as message, state, count, first_seen, last_seen, first_job_id, last_job_id, last_version,
      muted_until, resolved_at, regressed_at, regressed_job_id, regressed_version
    from (select *, case when state = 'muted' and muted_until <= now() then 'open' else state end as state_now from error_groups where organization_id = ${organizationId}::uuid) as g
    where (${states}::text[] is null or state_now = any(${states}::text[]))
      and (${before?.at ?? null}::timestamptz is null or (last_seen, id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}::uuid))
      and (${text}::text is null or position(lower(${text}) in lower(form)) > 0 or position(lower(${text}) in lower(message)) > 0)
      and ((${queueName}::text is null and ${jobType}::text is null) or exists (
        select from error_places p where p.organization_id = ${organizationId}::uuid and p.group_id = g.id
          and p.queue_name = coalesce(${queueName}::text, p.queue_name) and p.job_type = coalesce(${jobType}::text, p.job_type)))
    order by last_seen desc, id desc limit ${take}`)
}

export async function findGroupRow(organizationId: string, id: string): Promise<GroupRow | null> {
  const rows = await withTenant(organizationId, tx => tx.$queryRaw<GroupRow[]>`
    select id, form, message, state, count, first_seen, last_seen, first_job_id, last_job_id, last_version, muted_until, resolved_at, regressed_at, regressed_job_id, regressed_version
    from error_groups where organization_id = ${organizationId}::uuid and id = ${id}::uuid`)
  return rows[0] ?? null
}

export async function countByGroupState(organizationId: string): Promise<Map<ErrorGroupState, number>> {
  const rows = await withTenant(organizationId, tx => tx.$queryRaw<{ state: ErrorGroupState, count: number }[]>`
    select case when state = 'muted' and muted_until <= now() then 'open' else state end as state, count(*)::int as count
    from error_groups where organization_id = ${organizationId}::uuid group by 1`)
  return new Map(rows.map(row => [row.state, row.count]))
}

export type PlaceRow = Prisma.ErrorPlaceGetPayload<object>
/** Most places shown of the groups of one answer. */
const PLACES = 1000

/** Where groups were seen, most failures first. */
export function listPlaceRows(organizationId: string, ids: string[]): Promise<PlaceRow[]> {
  return withTenant(organizationId, tx => tx.errorPlace.findMany({
    where: { organizationId, groupId: { in: ids } }, orderBy: [{ count: 'desc' }, { queueName: 'asc' }, { jobType: 'asc' }], take: PLACES }))
}

export interface StepCount { group_id: string, step: number, count: number }
export interface StepsQuery { organizationId: string, ids: string[], from: Date, stepSeconds: number, keptMinutes: 1 | 60 }

/** Failures of groups per step of `stepSeconds` from `from`, out of the steps kept for minutes or for hours. */
export function countSteps({ organizationId, ids, from, stepSeconds, keptMinutes }: StepsQuery): Promise<StepCount[]> {
  return withTenant(organizationId, tx => tx.$queryRaw<StepCount[]>`
    select group_id, floor(extract(epoch from at - ${from}::timestamptz) / ${stepSeconds}::int)::int as step, sum(count)::int as count from error_series
    where organization_id = ${organizationId}::uuid and group_id = any(${ids}::uuid[]) and step_minutes = ${keptMinutes}::int and at >= ${from}::timestamptz group by 1, 2`)
}

export interface GroupAction { organizationId: string, id: string, actor: string, reason?: string }
export type GroupChange = { to: 'muted', until: string | null } | { to: 'resolved' } | { to: 'open', from: ErrorGroupState }

/** Moves a group and writes down who did; false when it is not where the move begins, or not there. */
export function changeGroup(action: GroupAction, change: GroupChange, event: string): Promise<boolean> {
  const { organizationId, id } = action
  return withTenant(organizationId, async (tx) => {
    const until = change.to === 'muted' ? change.until : null
    const from = change.to === 'open' ? change.from : null
    const changed = await tx.$executeRaw`
      update error_groups set state = ${change.to}, muted_until = ${until}::timestamptz, resolved_at = case when ${change.to} = 'resolved' then now() else resolved_at end
      where organization_id = ${organizationId}::uuid and id = ${id}::uuid and (${from}::text is null or state = ${from}::text)`
    if (changed > 0) await addEvent(tx, action, { event, details: change.to === 'muted' ? { until } : undefined })
    return changed > 0
  })
}

async function addEvent(tx: Transaction, { organizationId, id, actor, reason }: GroupAction, { event, details }: { event: string, details?: Prisma.InputJsonObject }): Promise<void> {
  await tx.event.create({ data: { id: uuidv7(), organizationId, actor, action: event, subjectKind: 'error', subjectId: id, reason: reason ?? null, details } })
}

export type GroupEventRow = Prisma.EventGetPayload<object>
/** What was done to a group, the newest of it, oldest first. */
export async function listGroupEvents(organizationId: string, id: string, take: number): Promise<GroupEventRow[]> {
  const where = { organizationId, subjectKind: 'error', subjectId: id }
  return (await withTenant(organizationId, tx => tx.event.findMany({ where, orderBy: { id: 'desc' }, take }))).reverse()
}
