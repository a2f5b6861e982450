import { AppError } from '#server/domain/app-error.ts'
import { cursorId, toPage, type Page } from '#server/domain/page.ts'
import { toReceipt, toReceiptSummary } from '#server/domain/webhooks-in/present-receipt.ts'
import { findReceipt, listReceiptRows } from '#server/domain/webhooks-in/store.ts'
import type { ListReceiptsQuery, Receipt, ReceiptSummary } from '#shared/schemas/receipt.ts'

/** A page of receipts, newest first. */
export async function listReceipts(organizationId: string, query: ListReceiptsQuery): Promise<Page<ReceiptSummary>> {
  const rows = await listReceiptRows(organizationId, {
    source: query.source, event: query.event, verified: query.verified === undefined ? undefined : query.verified === 'true',
    before: cursorId(query.cursor), take: query.limit + 1,
  })
  return toPage(rows.map(toReceiptSummary), query.limit)
}

/** One receipt with body and headers. Throws NOT_FOUND, also for another organization's receipt. */
export async function getReceipt(organizationId: string, id: string): Promise<Receipt> {
  const row = await findReceipt(organizationId, id)
  if (!row) throw new AppError('NOT_FOUND', `There is no receipt ${id}. Check the id; receipts are kept only for a time.`)
  return toReceipt(row)
}
