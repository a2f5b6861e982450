import { countSteps, listPlaceRows, type GroupRow, type PlaceRow, type StepCount } from '#server/domain/errors/store.ts'
import type { ErrorGroupSummary } from '#shared/schemas/error-group.ts'

const TREND_STEPS = 24
const HOUR_SECONDS = 3600
const QUEUES_SHOWN = 10

/** Rows of groups as the API shows them, with where and when they were seen. */
export async function presentGroups(organizationId: string, rows: GroupRow[]): Promise<ErrorGroupSummary[]> {
  if (rows.length === 0) return []
  const ids = rows.map(row => row.id)
  const from = firstStep(TREND_STEPS, HOUR_SECONDS)
  const [places, steps] = await Promise.all([
    listPlaceRows(organizationId, ids), countSteps({ organizationId, ids, from, stepSeconds: HOUR_SECONDS, keptMinutes: 60 }),
  ])
  return rows.map(row => toSummary(row, {
    places: places.filter(place => place.groupId === row.id), trend: toPoints(steps.filter(step => step.group_id === row.id), TREND_STEPS) }))
}

/** When the first of so many steps begins, of which the last one is under way. */
export function firstStep(steps: number, stepSeconds: number): Date {
  const last = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds
  return new Date((last - (steps - 1) * stepSeconds) * 1000)
}

export function toPoints(counts: StepCount[], steps: number): number[] {
  const points = new Array<number>(steps).fill(0)
  for (const { step, count } of counts) if (step >= 0 && step < steps) points[step]! += count
  return points
}

function toSummary(row: GroupRow, { places, trend }: { places: PlaceRow[], trend: number[] }): ErrorGroupSummary {
  const isMuteOver = row.state === 'muted' && row.muted_until !== null && row.muted_until.getTime() <= Date.now()
  return {
    id: row.id, form: row.form, message: row.message, state: isMuteOver ? 'open' : row.state, count: Number(row.count),
    first_seen: row.first_seen.toISOString(), last_seen: row.last_seen.toISOString(), first_job_id: row.first_job_id, last_job_id: row.last_job_id, last_version: row.last_version,
    queues: [...new Set(places.map(place => place.queueName))].slice(0, QUEUES_SHOWN), job_types: [...new Set(places.map(place => place.jobType))].filter(type => type !== ''),
    trend, muted_until: isMuteOver ? null : row.muted_until?.toISOString() ?? null, resolved_at: row.resolved_at?.toISOString() ?? null,
    regressed: row.regressed_at && row.regressed_job_id ? { at: row.regressed_at.toISOString(), job_id: row.regressed_job_id, version: row.regressed_version } : null,
  }
}
