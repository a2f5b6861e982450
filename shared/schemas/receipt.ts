import { z } from 'zod'
import { Cursor, Id, Json, Limit, StorableText, Timestamp } from './primitives.ts'

/** One row of the receipts list: what came in, from whom, and whether the signature held. */
export const ReceiptSummary = z.object({
  id: Id,
  source: z.string(),
  scheme: z.string(),
  event: z.string().nullable(),
  verified: z.boolean(),
  reason: z.string().nullable().describe('why it was not verified, in words'),
  provider_id: z.string().nullable().describe("the sender's own id of this delivery"),
  repeats: z.number().int().describe('how often the same delivery came again'),
  body_bytes: z.number().int(),
  content_type: z.string().nullable(),
  created_at: Timestamp,
})
export type ReceiptSummary = z.infer<typeof ReceiptSummary>

/** A whole receipt; secrets in headers are redacted, the body is byte-exact in `body_base64`. */
export const Receipt = ReceiptSummary.extend({
  organization_id: Id,
  payload: Json.nullable().describe('the body as JSON; null when it is not JSON'),
  body_base64: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  signature: z.string().nullable(),
  job_ids: z.array(Id),
  last_repeat_at: Timestamp.nullable(),
})
export type Receipt = z.infer<typeof Receipt>

export const ListReceiptsQuery = z.object({
  source: StorableText.min(1).max(100).optional(),
  event: StorableText.min(1).max(200).optional(),
  verified: z.enum(['true', 'false'], { error: 'must be true or false' }).optional(),
  limit: Limit,
  cursor: Cursor.optional(),
})
export type ListReceiptsQuery = z.infer<typeof ListReceiptsQuery>
export const ReceiptList = z.object({ webhooks: z.array(ReceiptSummary), count: z.number(), next_cursor: z.string().nullable() })

/** Answer to a verified webhook (202; 200 with `repeats` for one seen before). */
export const AcceptedReceipt = z.object({
  id: Id, receipt_id: Id, verified: z.literal(true), event: z.string().nullable(), job_ids: z.array(Id),
  repeats: z.number().int().optional(), created_at: Timestamp,
})
export type AcceptedReceipt = z.infer<typeof AcceptedReceipt>

/** A place webhooks can come from, as the dashboard lists it (secrets never leave the server). */
export const SourceSummary = z.object({
  name: z.string(), scheme: z.string(), configured: z.boolean(), path: z.string(), setting: z.string().nullable().describe('environment variable that holds its secret'),
})
export type SourceSummary = z.infer<typeof SourceSummary>
