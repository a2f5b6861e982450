import { z } from 'zod'
import { JobSummary } from './job.ts'
import { Id, Json, Reason, Timestamp } from './primitives.ts'

/** Makes a new job out of one that is over: all as it was, but for the payload. */
export const RetryWithBody = z.strictObject({ payload: Json.describe('must fit the job type'), reason: Reason })
  .refine(body => body.payload !== undefined, { path: ['payload'], message: 'is required' })
export const RetryWithResult = z.object({ id: Id, origin_id: Id })

/** A job made from another one by hand. `job` is null when it is no longer kept. */
export const JobLink = z.object({
  id: Id,
  origin_id: Id.nullable().describe('the job it was made from; null: the first of the chain'),
  job: JobSummary.nullable(),
  actor: z.string().nullable(),
  reason: z.string().nullable(),
  linked_at: Timestamp.nullable(),
})
export type JobLink = z.infer<typeof JobLink>

/** Where a job comes from, and what was made from it. Both empty for a job that stands alone. */
export const JobLinks = z.object({
  origins: z.array(JobLink).describe('from the first one to the one it was made from; at most 50'),
  copies: z.array(JobLink).describe('made from it, newest first; at most 50'),
})
export type JobLinks = z.infer<typeof JobLinks>
