import type { z } from 'zod'
import { RandomTextPayload } from './schemas/random-text.ts'

/**
 * The built-in job types: what a payload looks like and how the type runs. Each has a processor of the same name in
 * `workers/processors/`. A job without a type belongs to external workers.
 */
export interface JobTypeRule {
  payload: z.ZodType
  /** Where the processor runs. */
  runs: 'inline'
  /** How many job ids one message on the belt carries at most (1 to 100); small for slow processors. */
  envelopeSize: number
  /** How many envelopes one worker process handles at once. */
  concurrency: number
  maxRetries: number
  timeoutSeconds: number
}

export const JOB_TYPES = {
  'random-text': {
    payload: RandomTextPayload, runs: 'inline', envelopeSize: 20, concurrency: 8, maxRetries: 3, timeoutSeconds: 300,
  },
} as const satisfies Record<string, JobTypeRule>

export type JobType = keyof typeof JOB_TYPES
export const JOB_TYPE_NAMES = Object.keys(JOB_TYPES) as [JobType, ...JobType[]]
export const isJobType = (name: string): name is JobType => Object.hasOwn(JOB_TYPES, name)
