/** Adds up what failed, by error group. Exactly once: the deltas go in the transaction that adds them. */
import type { PoolClient } from 'pg'
import { getConfig } from '#server/config.ts'
import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import { addUpErrors, groupKey, keepWithin, type ErrorDelta, type ErrorSums, type GroupSum } from '#server/domain/engine/add-up-errors.ts'
import { errorForm, OTHER_FORM, OTHER_GROUP } from '#server/domain/engine/error-form.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import {
  ADD_TO_GROUPS, ADD_TO_PLACES, ADD_TO_SERIES, COUNT_GROUPS, ERRORS_OF_RUNS, FORGET_GROUPS, FORGET_STEPS, HOLD_GROUPS, TAKE_DELTAS, TELL_REGRESSIONS, VERSIONS,
} from '#server/domain/engine/sql/errors.ts'
import { bounds } from '#server/domain/engine/store.ts'

/** Most error groups of one organization; what is different beyond them is one group of other errors. */
export const GROUPS_MAX = 5000
const BATCH = 5000

/** Adds deltas until none are left to take. */
export async function rollUpErrors(): Promise<void> {
  while (await rollUpBatch(BATCH) === BATCH);
}

/** Adds up to `limit` deltas; answers how many. */
export async function rollUpBatch(limit: number, groupsMax = GROUPS_MAX): Promise<number> {
  return retryDeadlock(async () => {
    const client = await pool('engine').connect()
    let broken: Error | undefined
    try {
      await client.query('begin')
      const { rows: deltas } = await client.query<ErrorDelta>({ name: 'errors-take', text: TAKE_DELTAS, values: [limit] })
      if (deltas.length > 0) await addDeltas(client, deltas, groupsMax)
      await client.query('commit')
      return deltas.length
    }
    catch (error) {
      await client.query('rollback').catch((lost: Error) => { broken = lost })
      throw error
    }
    finally {
      client.release(broken)
    }
  })
}

/** A group as it was before this batch. */
interface HeldGroup { organization_id: string, id: string, state: string, resolved_at: Date | null }
type Held = ReadonlyMap<string, HeldGroup>

async function addDeltas(client: PoolClient, taken: ErrorDelta[], groupsMax: number): Promise<void> {
  let held = await holdGroups(client, taken)
  const fresh = taken.filter(delta => !held.has(groupKey(delta.organization_id, delta.error_group)))
  const deltas = fresh.length === 0 ? taken : keepWithin(taken, { known: new Set(held.keys()), held: await groupCounts(client, fresh), most: groupsMax })
  // What was kept together as other errors is a group that was not asked for yet.
  if (deltas.some(delta => delta.error_group === OTHER_GROUP)) held = await holdGroups(client, deltas)
  const sums = addUpErrors(deltas)
  await addToGroups(client, sums.groups, held)
  await tellRegressions(client, sums.groups.filter(group => fellBack(group, held)))
  await addToPlacesAndSeries(client, sums)
}

async function holdGroups(client: PoolClient, deltas: ErrorDelta[]): Promise<Held> {
  const seen = [...new Map(deltas.map(delta => [groupKey(delta.organization_id, delta.error_group), delta])).values()]
  const { rows } = await client.query<HeldGroup>({ name: 'errors-hold', text: HOLD_GROUPS, values: [
    seen.map(delta => delta.organization_id), seen.map(delta => delta.error_group)] })
  return new Map(rows.map(row => [groupKey(row.organization_id, row.id), row]))
}

function fellBack(group: GroupSum, held: Held): boolean {
  const before = held.get(groupKey(group.organizationId, group.id))
  return before?.state === 'resolved' && before.resolved_at !== null && group.lastSeen > before.resolved_at
}

async function groupCounts(client: PoolClient, deltas: ErrorDelta[]): Promise<Map<string, number>> {
  const { rows } = await client.query<{ organization_id: string, count: number }>({ name: 'errors-count', text: COUNT_GROUPS, values: [
    [...new Set(deltas.map(delta => delta.organization_id))]] })
  return new Map(rows.map(row => [row.organization_id, row.count]))
}

async function addToGroups(client: PoolClient, groups: GroupSum[], held: Held): Promise<void> {
  const texts = await textsOf(client, groups.filter(group => group.id !== OTHER_GROUP && !held.has(groupKey(group.organizationId, group.id))))
  const versions = await versionsOf(client, groups)
  const messages = groups.map(group => group.id === OTHER_GROUP ? OTHER_FORM : texts.get(group.first.job_id) ?? '')
  await client.query({ name: 'errors-groups', text: ADD_TO_GROUPS, values: [
    groups.map(group => group.organizationId), groups.map(group => group.id),
    messages.map((message, index) => groups[index]!.id === OTHER_GROUP ? OTHER_FORM : errorForm(message)), messages,
    groups.map(group => group.count), groups.map(group => group.firstSeen), groups.map(group => group.lastSeen),
    groups.map(group => group.first.job_id), groups.map(group => group.last.job_id), groups.map(group => versions.get(group.last.worker_id ?? '') ?? null)] })
}

/** What the first run of each new group said; empty when its attempt was deleted meanwhile. */
async function textsOf(client: PoolClient, groups: GroupSum[]): Promise<Map<string, string>> {
  if (groups.length === 0) return new Map()
  const jobs = groups.map(group => group.first.job_id)
  const { rows } = await client.query<{ job_id: string, error: string | null }>({ name: 'errors-texts', text: ERRORS_OF_RUNS, values: [
    jobs, groups.map(group => group.first.run), ...bounds(jobs)] })
  return new Map(rows.map(row => [row.job_id, row.error ?? '']))
}

async function versionsOf(client: PoolClient, groups: GroupSum[]): Promise<Map<string, string>> {
  const workers = [...new Set(groups.map(group => group.last.worker_id).filter(id => id !== null))]
  const { rows } = await client.query<{ id: string, version: string }>({ name: 'errors-versions', text: VERSIONS, values: [workers] })
  return new Map(rows.map(row => [row.id, row.version]))
}

async function tellRegressions(client: PoolClient, groups: GroupSum[]): Promise<void> {
  if (groups.length === 0) return
  await client.query(TELL_REGRESSIONS, [groups.map(() => newId()), groups.map(group => group.organizationId), groups.map(group => group.id)])
}

async function addToPlacesAndSeries(client: PoolClient, { places, steps }: ErrorSums): Promise<void> {
  await client.query({ name: 'errors-places', text: ADD_TO_PLACES, values: [
    places.map(place => place.organizationId), places.map(place => place.groupId), places.map(place => place.queueName), places.map(place => place.jobType),
    places.map(place => place.count), places.map(place => place.lastSeen)] })
  await client.query({ name: 'errors-series', text: ADD_TO_SERIES, values: [
    steps.map(step => step.organizationId), steps.map(step => step.groupId), steps.map(step => step.stepMinutes), steps.map(step => step.at), steps.map(step => step.count)] })
}

/** Forgets groups and steps that are older than what is kept of the jobs. */
export async function forgetErrors(): Promise<void> {
  await pool('engine').query(FORGET_STEPS, [getConfig().retentionDays])
  await pool('engine').query(FORGET_GROUPS, [getConfig().retentionDays])
}
