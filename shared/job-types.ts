import type { z } from 'zod'
import { codeTimeoutSeconds } from './code-limits.ts'
import { CodeExecutionPayload } from './schemas/code.ts'
import { DrillPayload } from './schemas/drill.ts'
import { RandomTextPayload } from './schemas/random-text.ts'

/**
 * The built-in job types: what a payload looks like and how the type runs. Each has a processor of the same name in
 * `workers/processors/`. A job without a type belongs to external workers.
 */
export interface JobTypeRule {
  payload: z.ZodType
  /**
   * Where the processor runs. `inline`: on the worker's own event loop, for short work that never blocks; `thread`: in a
   * worker thread; `process`: in a child process. What runs outside can be ended by force and cannot hold up anybody.
   */
  runs: 'inline' | 'thread' | 'process'
  /** Memory of a thread or process, MiB. */
  memoryMb?: number
  /** How many jobs one worker process takes of this type at once, at most. */
  slots: number
  maxRetries: number
  timeoutSeconds: number
  /** Seconds for a job with this payload, where it tells how long it may take. */
  timeoutFor?(payload: unknown): number
  /** Largest payload, bytes of JSON; absent: 1 MiB. */
  payloadMaxBytes?: number
  /** Each travels in an envelope of its own, whatever the mean of their times: one may take a thousand times as long as another. */
  travelsAlone?: true
  /** True for types that exist only where drills are allowed. */
  drill?: true
}

const DRILL = { payload: DrillPayload, maxRetries: 3, timeoutSeconds: 300, drill: true } as const

export const JOB_TYPES = {
  'random-text': { payload: RandomTextPayload, runs: 'inline', slots: 400, maxRetries: 3, timeoutSeconds: 300 },
  // A program that fails is a job that completed: only what the sandbox could not do is tried again. How many run at once is for the machine to say.
  'code-execution': {
    payload: CodeExecutionPayload, runs: 'inline', slots: 4, maxRetries: 3, timeoutSeconds: 600, travelsAlone: true, payloadMaxBytes: 8 * 1024 * 1024,
    timeoutFor: payload => codeTimeoutSeconds(payload as CodeExecutionPayload),
  },
  'drill': { ...DRILL, runs: 'inline', slots: 1000 },
  'drill-thread': { ...DRILL, runs: 'thread', slots: 4, memoryMb: 128 },
  'drill-process': { ...DRILL, runs: 'process', slots: 4, memoryMb: 128 },
} as const satisfies Record<string, JobTypeRule>

export type JobType = keyof typeof JOB_TYPES
export const JOB_TYPE_NAMES = Object.keys(JOB_TYPES) as [JobType, ...JobType[]]
export const isJobType = (name: string): name is JobType => Object.hasOwn(JOB_TYPES, name)
/** A rule with every optional field visible. */
export const ruleOf = (type: JobType): JobTypeRule => JOB_TYPES[type]
