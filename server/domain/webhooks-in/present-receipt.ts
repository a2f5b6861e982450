import type { ReceiptRow, ReceiptSummaryRow } from '#server/domain/webhooks-in/store.ts'
import type { Receipt, ReceiptSummary } from '#shared/schemas/receipt.ts'

/** A row as the lists and the live bus show it. */
export function toReceiptSummary(row: ReceiptSummaryRow): ReceiptSummary {
  return {
    id: row.id, source: row.source, scheme: row.scheme, event: row.event, verified: row.verified, reason: row.reason, provider_id: row.providerId,
    repeats: row.repeats, body_bytes: row.bodyBytes, content_type: row.contentType, created_at: row.createdAt.toISOString(),
  }
}

/** A row as the receipt page shows it, with the exact bytes of its body. */
export function toReceipt(row: ReceiptRow): Receipt {
  return {
    ...toReceiptSummary({ ...row, bodyBytes: row.body.length }),
    organization_id: row.organizationId, payload: row.payload as Receipt['payload'], body_base64: Buffer.from(row.body).toString('base64'),
    headers: row.headers as Receipt['headers'], signature: row.signature, job_ids: row.jobIds, last_repeat_at: row.lastRepeatAt?.toISOString() ?? null,
  }
}
