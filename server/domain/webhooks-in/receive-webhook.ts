import { newId } from '#server/infra/new-id.ts'
import { AppError } from '#server/domain/app-error.ts'
import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import { redactHeaders } from '#server/domain/webhooks-in/redact-headers.ts'
import { toReceiptSummary } from '#server/domain/webhooks-in/present-receipt.ts'
import { findSource, type Source } from '#server/domain/webhooks-in/sources.ts'
import { keepReceipt, keepRejected, type NewReceipt } from '#server/domain/webhooks-in/store.ts'
import { verifySignature, type Verdict } from '#server/domain/webhooks-in/verify-signature.ts'
import { publish } from '#server/infra/live-bus.ts'
import { logger } from '#server/infra/logger.ts'
import { receiptsReceived } from '#server/infra/metrics.ts'
import type { AcceptedReceipt } from '#shared/schemas/receipt.ts'

/** How many rejected receipts a source keeps. */
export const REJECTED_KEPT = 100
/** A rejected body is kept for debugging, up to this size. */
const REJECTED_BODY_BYTES = 64 * 1024

/** The source of a path, ready to receive. Throws NOT_FOUND, and SOURCE_NOT_CONFIGURED while its secret is not set. */
export function requireSource(name: string): Source {
  const source = findSource(name)
  if (!source) throw new AppError('NOT_FOUND', 'There is no webhook source of this name.')
  if (source.secrets.length === 0) {
    throw new AppError('SOURCE_NOT_CONFIGURED', `The source ${name} has no secret yet: set ${source.setting} and restart.`, { headers: { 'retry-after': '300' } })
  }
  return source
}

export interface Incoming { source: Source, rawHeaders: string[], body: Buffer, now: Date }

/**
 * Receives one delivery: verify over the raw bytes, store byte-exact, answer after the commit. A repeat answers the first
 * receipt. Throws INVALID_SIGNATURE or BAD_REQUEST, each with the id of the rejected receipt.
 */
export async function receiveWebhook({ source, rawHeaders, body, now }: Incoming): Promise<AcceptedReceipt> {
  const verdict = verifySignature({ scheme: source.scheme, secrets: source.secrets, request: { rawHeaders, body, now: Math.floor(now.getTime() / 1000) } })
  const receipt = toRow({ source, rawHeaders, body, now }, verdict)
  if (!verdict.verified) return reject(receipt, verdict.code === 'malformed' ? 'BAD_REQUEST' : 'INVALID_SIGNATURE', verdict.reason)
  if (verdict.scheme === 'generic' && verdict.event === null) {
    return reject({ ...receipt, verified: false }, 'BAD_REQUEST', 'The delivery names no event: send a field "event" in the JSON body, or the header X-Webhook-Event.')
  }
  const keys = [`signed:${verdict.signedHash}`, ...(verdict.providerId === null ? [] : [`id:${verdict.providerId}`])]
  const repeat = await keepReceipt({ receipt, keys, windowSeconds: source.repeatWindowSeconds })
  if (!repeat) publish('receipts', [{ ...toReceiptSummary({ ...receipt, repeats: 0, bodyBytes: body.length }), organization_id: receipt.organizationId }])
  log(source, repeat ? 'repeat' : 'verified', { receipt: repeat?.id ?? receipt.id, event: verdict.event })
  const held = repeat ?? { id: receipt.id, event: verdict.event, jobIds: [], createdAt: now }
  return {
    id: held.id, receipt_id: held.id, verified: true, event: held.event, job_ids: held.jobIds,
    ...(repeat && { repeats: repeat.repeats }), created_at: held.createdAt.toISOString(),
  }
}

function toRow({ source, rawHeaders, body, now }: Incoming, verdict: Verdict): NewReceipt {
  const headers = redactHeaders(rawHeaders)
  const contentType = headers['content-type']
  const parsed = verdict.verified ? verdict.parsed : undefined
  return {
    id: newId(), organizationId: DEFAULT_ORGANIZATION_ID, source: source.name, scheme: verdict.scheme, event: verdict.event, providerId: verdict.providerId,
    verified: verdict.verified, reason: verdict.verified ? parsed?.reason ?? null : verdict.reason, signature: verdict.signature, headers,
    contentType: (Array.isArray(contentType) ? contentType[0] : contentType) ?? null,
    body, payload: parsed?.json ?? null, createdAt: now,
  }
}

async function reject(receipt: NewReceipt, code: 'BAD_REQUEST' | 'INVALID_SIGNATURE', reason: string): Promise<never> {
  const row = { ...receipt, reason, body: receipt.body.subarray(0, REJECTED_BODY_BYTES), payload: null }
  await keepRejected(row, REJECTED_KEPT)
  publish('receipts', [{ ...toReceiptSummary({ ...row, repeats: 0, bodyBytes: row.body.length }), organization_id: row.organizationId }])
  log(requireSource(row.source), 'rejected', { receipt: row.id, reason })
  throw new AppError(code, reason, { extra: { id: row.id, verified: false } })
}

function log(source: Source, outcome: 'verified' | 'repeat' | 'rejected', more: Record<string, unknown>): void {
  receiptsReceived.inc({ source: source.name, outcome })
  logger().info({ source: source.name, outcome, ...more }, 'receipt.received')
}
