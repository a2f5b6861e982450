import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'

/** What one part of the benchmark found. */
export interface Found {
  figures: Figure[]
  notes: string[]
  /** Broken promises, such as a lost job: the program ends with exit code 1. */
  broken: string[]
}
export interface Measurement {
  letter: string
  name: string
  title: string
  /** `earlier` holds what the measurements before this one found, by name. */
  run(options: BenchOptions, earlier: ReadonlyMap<string, Found>): Promise<Found>
}
