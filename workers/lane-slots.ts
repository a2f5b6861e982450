import { getConfig } from '#server/config.ts'
import { ruleOf, type JobType } from '#shared/job-types.ts'

/** How many jobs of a type this process runs at once. */
export const laneSlots = (name: JobType): number => name === 'code-execution' ? getConfig().codeSlots : ruleOf(name).slots
