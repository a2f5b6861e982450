import type { JobType } from '#shared/job-types.ts'
import type { Processor } from '../processor.ts'
import codeExecution from './code-execution.ts'
import drill from './drill.ts'
import randomText from './random-text.ts'

/** The processor of every built-in job type; the type checker holds it complete. */
export const PROCESSORS: Record<JobType, Processor<never>> = {
  'random-text': randomText,
  'code-execution': codeExecution,
  'drill': drill,
  'drill-thread': drill,
  'drill-process': drill,
}
