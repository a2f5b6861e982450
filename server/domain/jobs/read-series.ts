import { readDepth, readTimes, type Range, type StepDepth, type StepTime } from '#server/domain/engine/read-minutes.ts'
import { quantile } from '#server/domain/engine/time-buckets.ts'
import { countByState, countEntered, meanTimes, type StepCount } from '#server/domain/jobs/store.ts'
import { toV1Status, type JobState } from '#shared/job-states.ts'
import { COUNT_METRICS, DEPTH_METRICS, SERIES_RANGES, TIME_METRICS, type Series, type SeriesMetric } from '#shared/schemas/system.ts'

type CountMetric = (typeof COUNT_METRICS)[number]
type TimeMetric = (typeof TIME_METRICS)[number]
type DepthMetric = (typeof DEPTH_METRICS)[number]
type Points = Series['series'][number]['points']

/** About sixty to a hundred steps per range, whole minutes each. */
const STEP_SECONDS: Record<keyof typeof SERIES_RANGES, number> = { '1h': 60, '24h': 900, '7d': 7200 }
const STATE_OF: Record<CountMetric, JobState | 'created'> = { created: 'created', started: 'running', completed: 'completed', failed: 'failed', retried: 'retrying' }
const SHARE_OF: Record<TimeMetric, [kind: StepTime['kind'], share: number]> = { wait_p50: ['wait', 0.5], wait_p95: ['wait', 0.95], run_p50: ['run', 0.5], run_p95: ['run', 0.95] }
const isOf = <T extends SeriesMetric>(list: readonly T[], metric: SeriesMetric): metric is T => (list as readonly SeriesMetric[]).includes(metric)

/** What the series of some metrics are made of; only what they need is read. */
interface Readings { counts: StepCount[], times: StepTime[], depth: StepDepth[], now: Record<DepthMetric, number>, steps: number }

/**
 * A metric or several over a range that ends now, of one queue or the organization; the last step is the one under way.
 * Read from per-minute tables. Times are those of starts and ends in the step, and may be five seconds behind.
 */
export async function readSeries(organizationId: string, query: { metric: SeriesMetric[], range: keyof typeof SERIES_RANGES, queue_name?: string }): Promise<Series> {
  const stepSeconds = STEP_SECONDS[query.range]
  const steps = SERIES_RANGES[query.range] / stepSeconds
  const lastStep = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds
  const range = { organizationId, from: new Date((lastStep - (steps - 1) * stepSeconds) * 1000), stepSeconds, queueName: query.queue_name }
  const readings = { steps, ...await readFor(query.metric, range) }
  return {
    range: query.range, from: range.from.toISOString(), step_seconds: stepSeconds,
    series: query.metric.map(metric => ({ metric, unit: isOf(TIME_METRICS, metric) ? 'ms' : 'jobs', points: pointsOf(metric, readings), ...(isOf(DEPTH_METRICS, metric) && { now: readings.now[metric] }) })),
  }
}

async function readFor(metrics: SeriesMetric[], range: Range): Promise<Omit<Readings, 'steps'>> {
  const wants = (list: readonly SeriesMetric[]) => metrics.some(metric => list.includes(metric))
  const [counts, times, depth, now] = await Promise.all([
    wants(COUNT_METRICS) ? countEntered(range) : [], wants(TIME_METRICS) ? readTimes(range) : [],
    wants(DEPTH_METRICS) ? readDepth(range) : [], wants(DEPTH_METRICS) ? depthNow(range) : { depth: 0, running: 0 },
  ])
  return { counts, times, depth, now }
}

async function depthNow({ organizationId, queueName }: Range): Promise<Record<DepthMetric, number>> {
  const rows = (await countByState(organizationId)).filter(row => queueName === undefined || row.queueName === queueName)
  const sum = (status: string) => rows.filter(row => toV1Status(row.state) === status).reduce((total, row) => total + row.count, 0)
  return { depth: sum('pending'), running: sum('processing') }
}

function pointsOf(metric: SeriesMetric, readings: Readings): Points {
  if (isOf(COUNT_METRICS, metric)) return countPoints(metric, readings)
  return isOf(TIME_METRICS, metric) ? timePoints(metric, readings) : depthPoints(metric, readings)
}

function countPoints(metric: CountMetric, { counts, steps }: Readings): number[] {
  const points = new Array<number>(steps).fill(0)
  for (const { step, state, entered } of counts) if (state === STATE_OF[metric] && step >= 0 && step < steps) points[step]! += entered
  return points
}

function timePoints(metric: TimeMetric, { times, steps }: Readings): Points {
  const [kind, share] = SHARE_OF[metric]
  const byStep = Map.groupBy(times.filter(time => time.kind === kind), time => time.step)
  return Array.from({ length: steps }, (_, step) => quantile((byStep.get(step) ?? []).map(time => [time.bucket, time.count]), share))
}

/** The highest of a step; what a sample said holds until the next one. */
function depthPoints(metric: DepthMetric, { depth, now, steps }: Readings): number[] {
  const byStep = new Map(depth.map(row => [row.step, row]))
  const [highest, last] = metric === 'depth' ? ['waiting', 'lastWaiting'] as const : ['running', 'lastRunning'] as const
  let held = byStep.get(-1)?.[last] ?? 0
  const points = Array.from({ length: steps }, (_, step) => {
    const row = byStep.get(step)
    const point = row?.[highest] ?? held
    held = row?.[last] ?? held
    return point
  })
  points[steps - 1] = Math.max(now[metric], byStep.get(steps - 1)?.[highest] ?? 0)
  return points
}

const DAY_SECONDS = 86_400

/** What became of one queue in the last day (jobs that completed, and that failed for good) and lately (mean milliseconds of a run). */
export async function readRecent(organizationId: string, queueName: string): Promise<{ completed: number, failed: number, processingMs: number | null }> {
  const from = new Date(Date.now() - DAY_SECONDS * 1000)
  const [counts, means] = await Promise.all([
    // One step that reaches past now.
    countEntered({ organizationId, from, stepSeconds: 2 * DAY_SECONDS, queueName }), meanTimes(organizationId, queueName),
  ])
  const entered = (state: JobState) => counts.filter(row => row.state === state).reduce((total, row) => total + row.entered, 0)
  return { completed: entered('completed'), failed: entered('failed'), processingMs: means.processing }
}
