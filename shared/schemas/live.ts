import { z } from 'zod'
import { BESPIN_STATUSES, JOB_STATES } from '../job-states.ts'
import { Id, Json, Timestamp } from './primitives.ts'
import { ReceiptSummary } from './receipt.ts'

/** What the live bus says about one job: enough to patch a row; everything else is fetched by id. */
export const JobChange = z.object({
  id: Id, organization_id: Id, state: z.enum(JOB_STATES), run: z.number().int(), progress: z.number(),
  queue_name: z.string(), job_type: z.string().nullable(), updated_at: Timestamp,
})
export type JobChange = z.infer<typeof JobChange>

/** Frame of `GET /api/ws/jobs`. */
export const JobFrame = z.object({
  id: Id, status: z.enum(BESPIN_STATUSES), result: Json, error: z.string(), updated_at: Timestamp,
  result_truncated: z.literal(true).optional(), organization_id: Id.optional(),
})
export type JobFrame = z.infer<typeof JobFrame>

/** Frame of `GET /api/ws?job_id=`. */
export const JobStatusFrame = z.object({
  type: z.literal('job_status'), job_id: Id, status: z.enum(BESPIN_STATUSES), result: Json, result_truncated: z.literal(true).optional(),
})
export type JobStatusFrame = z.infer<typeof JobStatusFrame>

/** Frames of the dashboard's one socket, `GET /api/v1/live`. `resync` means: something was missed, fetch again what you show. */
export const LiveFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), version: z.string(), server_time: Timestamp }),
  z.object({ type: z.literal('jobs'), jobs: z.array(JobChange) }),
  z.object({ type: z.literal('receipts'), receipts: z.array(ReceiptSummary) }),
  z.object({ type: z.literal('resync') }),
  z.object({ type: z.literal('ping'), server_time: Timestamp }),
])
export type LiveFrame = z.infer<typeof LiveFrame>
