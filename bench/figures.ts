/** A figure is a list of samples and its median; how it is counted and shown. */

export interface Limit {
  /** The target on a 2-core machine. */
  atLeast?: number
  atMost?: number
}
export interface Figure extends Limit {
  name: string
  unit: string
  samples: number[]
  /** Whom it is of, where several are compared. */
  group?: string
}

/** The value below which `share` (0 to 1) of the samples lie; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] ?? Number.NaN : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** Collects samples of several figures over rounds, in the order in which they first came. */
export function collectFigures() {
  const figures = new Map<string, Figure>()
  return {
    add(name: string, sample: number, about: Omit<Figure, 'name' | 'samples'>): void {
      const figure = figures.get(name) ?? { name, samples: [], ...about }
      figure.samples.push(sample)
      figures.set(name, figure)
    },
    all: (): Figure[] => [...figures.values()],
  }
}

/** One line: name, median, target and whether it is met, every sample. */
export function describeFigure({ name, unit, samples, atLeast, atMost }: Figure): string {
  const middle = median(samples)
  const verdict = atLeast !== undefined ? `  (target at least ${formatFigure(atLeast)}: ${middle >= atLeast ? 'met' : 'MISSED'})`
    : atMost !== undefined ? `  (target at most ${formatFigure(atMost)}: ${middle <= atMost ? 'met' : 'MISSED'})` : ''
  const each = samples.length > 1 ? `  [${samples.map(formatFigure).join(', ')}]` : ''
  return `  ${name.padEnd(52)} ${formatFigure(middle).padStart(9)} ${unit}${verdict}${each}`
}

/** As many digits as mean something. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}
