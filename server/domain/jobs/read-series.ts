import { countEntered, meanTimes } from '#server/domain/jobs/store.ts'
import type { JobState } from '#shared/job-states.ts'
import { SERIES_RANGES, type SERIES_METRICS, type Series } from '#shared/schemas/system.ts'

type Metric = (typeof SERIES_METRICS)[number]
/** About sixty to a hundred steps per range, whole minutes each. */
const STEP_SECONDS: Record<keyof typeof SERIES_RANGES, number> = { '1h': 60, '24h': 900, '7d': 7200 }
const STATE_OF: Record<Metric, JobState | 'created'> = { created: 'created', started: 'running', completed: 'completed', failed: 'failed' }

/** Jobs per step over a range that ends now; the last step is the one under way. */
export async function readSeries(organizationId: string, query: { metric: Metric[], range: keyof typeof SERIES_RANGES }): Promise<Series> {
  const stepSeconds = STEP_SECONDS[query.range]
  const steps = SERIES_RANGES[query.range] / stepSeconds
  const lastStep = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds
  const from = new Date((lastStep - (steps - 1) * stepSeconds) * 1000)
  const counts = await countEntered({ organizationId, from, stepSeconds })
  return {
    range: query.range, from: from.toISOString(), step_seconds: stepSeconds,
    series: query.metric.map(metric => ({ metric, points: toPoints(counts.filter(row => row.state === STATE_OF[metric]), steps) })),
  }
}

function toPoints(rows: { step: number, entered: number }[], steps: number): number[] {
  const points = new Array<number>(steps).fill(0)
  for (const { step, entered } of rows) if (step >= 0 && step < steps) points[step]! += entered
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
