import type { Series, SeriesMetric } from '#shared/schemas/system.ts'
import { duration, exactCount, shortCount } from './formats.ts'

export interface SeriesLook { label: string, color: string, isDashed?: true, state?: string }

/** How each metric is named and drawn, and in which state its jobs are found. */
export const SERIES_LOOKS: Record<SeriesMetric, SeriesLook> = {
  created: { label: 'Created', color: 'var(--chart-created)', isDashed: true },
  started: { label: 'Started', color: 'var(--ui-primary)', state: 'running' },
  completed: { label: 'Completed', color: 'var(--chart-completed)', state: 'completed' },
  failed: { label: 'Failed for good', color: 'var(--chart-failed)', state: 'failed' },
  retried: { label: 'Failed, tried again', color: 'var(--chart-retried)', state: 'retrying' },
  wait_p50: { label: 'Half within', color: 'var(--chart-created)' },
  wait_p95: { label: '95 % within', color: 'var(--ui-primary)' },
  run_p50: { label: 'Half within', color: 'var(--chart-created)' },
  run_p95: { label: '95 % within', color: 'var(--ui-primary)' },
  depth: { label: 'Waiting', color: 'var(--ui-primary)', state: 'pending,blocked,retrying' },
  running: { label: 'Running', color: 'var(--chart-completed)', state: 'running' },
}

type Line = Series['series'][number]
export type Unit = Line['unit']
const COUNTED: readonly SeriesMetric[] = ['created', 'started', 'completed', 'failed', 'retried']

/** The one number that stands for a line: what it counted, what it is now, else what it says last. */
export function headlineOf(line: Line): number | null {
  if (COUNTED.includes(line.metric)) return line.points.reduce<number>((sum, point) => sum + (point ?? 0), 0)
  return line.now ?? line.points.findLast(point => point !== null) ?? null
}

export const pointWord = (point: number | null, unit: Unit): string => point === null ? '–' : unit === 'ms' ? duration(point) : exactCount(point)
export const axisWord = (point: number, unit: Unit): string => unit === 'ms' ? duration(point).replace(/\.?0+ s$/, ' s').replace(/ ([mhd]) 0 [smh]$/, ' $1') : shortCount(point)
/** The lines of some metrics out of a larger answer. */
export const pick = (series: Series, metrics: readonly SeriesMetric[]): Line[] => series.series.filter(line => metrics.includes(line.metric))
