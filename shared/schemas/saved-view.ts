import { z } from 'zod'
import { JobState, SearchText } from './job.ts'
import { Id, QueueName, StorableText, Timestamp } from './primitives.ts'

const Name = StorableText.trim().min(1, 'must not be empty').max(100)
const Search = SearchText.trim()

/** What a list of jobs is filtered by. */
export const ViewFilters = z.strictObject({
  q: Search.default('').describe('in the search language'),
  state: z.array(JobState).max(9).default([]),
  queue_name: QueueName.nullable().default(null),
  job_type: StorableText.min(1).max(100).nullable().default(null),
})
export type ViewFilters = z.infer<typeof ViewFilters>

export const CreateViewBody = ViewFilters.extend({ name: Name })
export type CreateViewBody = z.infer<typeof CreateViewBody>
/** What is not given stays as it is. */
export const ChangeViewBody = z.strictObject({
  name: Name.optional(), q: Search.optional(), state: z.array(JobState).max(9).optional(), queue_name: QueueName.nullable().optional(), job_type: StorableText.min(1).max(100).nullable().optional(),
})
export type ChangeViewBody = z.infer<typeof ChangeViewBody>

/** A search that is kept under a name, for everybody of the organization. */
export const SavedView = z.object({
  id: Id,
  name: z.string(),
  q: z.string(),
  state: z.array(JobState),
  queue_name: z.string().nullable(),
  job_type: z.string().nullable(),
  url_query: z.string().describe('behind the ? of /jobs and of GET /api/v1/jobs'),
  created_by: z.string(),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type SavedView = z.infer<typeof SavedView>
