import type { PoolClient } from 'pg'
import { asRawJson } from '#server/infra/exact-json.ts'
import { withTenant, withTenantSql, type Prisma } from '#server/infra/database.ts'

const SUMMARY = {
  id: true, source: true, scheme: true, event: true, verified: true, reason: true, providerId: true, repeats: true, contentType: true, createdAt: true,
} satisfies Prisma.ReceiptSelect
type SummaryColumns = Prisma.ReceiptGetPayload<{ select: typeof SUMMARY }>
export type ReceiptSummaryRow = SummaryColumns & { bodyBytes: number }
export type ReceiptRow = Omit<Prisma.ReceiptGetPayload<object>, 'payload'> & { payload: unknown }
/** A receipt to store; `payload` is the parsed body, null when it is not JSON. */
export interface NewReceipt {
  id: string
  organizationId: string
  source: string
  scheme: string
  event: string | null
  providerId: string | null
  verified: boolean
  reason: string | null
  signature: string | null
  headers: Record<string, string | string[]>
  contentType: string | null
  body: Buffer
  payload: unknown
  createdAt: Date
}

/** A receipt already held, for a delivery that came again. */
export interface Repeat { id: string, repeats: number, event: string | null, jobIds: string[], createdAt: Date }

export interface KeepOptions {
  receipt: NewReceipt
  /** What makes the delivery the same one: its keys, each unique per source for `windowSeconds`. */
  keys: string[]
  windowSeconds: number
}

const COLUMNS = 'id, organization_id, source, scheme, event, provider_id, verified, reason, signature, headers, content_type, body, payload, created_at'
const valuesOf = (receipt: NewReceipt) => [
  receipt.id, receipt.organizationId, receipt.source, receipt.scheme, receipt.event, receipt.providerId, receipt.verified, receipt.reason, receipt.signature,
  JSON.stringify(receipt.headers), receipt.contentType, receipt.body, receipt.payload === undefined || receipt.payload === null ? null : JSON.stringify(receipt.payload), receipt.createdAt,
]
const PLACES = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14'

/** Claims the keys and stores the receipt only when all of them were free (or their window is over). $15: keys in order, $16: seconds. */
const KEEP = `
  with claimed as (
    insert into receipt_keys (organization_id, source, key, receipt_id, expires_at)
    select $2::uuid, $3, key, $1::uuid, now() + make_interval(secs => $16) from unnest($15::text[]) as key order by key
    on conflict (organization_id, source, key) do update set receipt_id = excluded.receipt_id, expires_at = excluded.expires_at
    where receipt_keys.expires_at <= now() returning key
  ), stored as (
    insert into receipts (${COLUMNS})
    select $1::uuid, $2::uuid, $3, $4, $5, $6, $7::boolean, $8, $9, $10::jsonb, $11, $12::bytea, $13::jsonb, $14::timestamptz
    where (select count(*) from claimed) = cardinality($15::text[])
  )
  select coalesce(array_agg(key), '{}') as claimed from claimed`

/** Stores a verified receipt, or counts a repeat of the one that holds any of its keys; which of two that arrive at once is first is decided by the unique keys. */
export function keepReceipt({ receipt, keys, windowSeconds }: KeepOptions): Promise<Repeat | null> {
  const sorted = [...new Set(keys)].sort()
  return withTenantSql(receipt.organizationId, async (client) => {
    const { rows } = await client.query<{ claimed: string[] }>({ name: 'keep-receipt', text: KEEP, values: [...valuesOf(receipt), sorted, windowSeconds] })
    const claimed = rows[0]!.claimed
    return claimed.length === sorted.length ? null : countRepeat(client, { receipt, keys: sorted })
  })
}

/** The keys just claimed, if any, are given to the receipt that held the others; a receipt that fell to retention is replaced. */
async function countRepeat(client: PoolClient, { receipt, keys }: { receipt: NewReceipt, keys: string[] }): Promise<Repeat | null> {
  const scope = [receipt.organizationId, receipt.source, keys, receipt.id]
  const { rows: [first] } = await client.query<{ id: string, repeats: number, event: string | null, job_ids: string[], created_at: Date }>(`
    update receipts set repeats = repeats + 1, last_repeat_at = now() where organization_id = $1 and id = (
      select receipt_id from receipt_keys where organization_id = $1 and source = $2 and key = any($3) and receipt_id <> $4 order by key limit 1)
    returning id, repeats, event, job_ids, created_at`, scope)
  await client.query('update receipt_keys set receipt_id = $4 where organization_id = $1 and source = $2 and key = any($3)', [...scope.slice(0, 3), first?.id ?? receipt.id])
  if (first) return { id: first.id, repeats: first.repeats, event: first.event, jobIds: first.job_ids, createdAt: first.created_at }
  await client.query(`insert into receipts (${COLUMNS}) values (${PLACES})`, valuesOf(receipt))
  return null
}

/** Stores a rejected receipt and keeps only the newest `cap` rejected ones of its source. */
export function keepRejected(receipt: NewReceipt, cap: number): Promise<void> {
  return withTenantSql(receipt.organizationId, async (client) => {
    await client.query(`insert into receipts (${COLUMNS}) values (${PLACES})`, valuesOf(receipt))
    await client.query(`
      delete from receipts where organization_id = $1 and source = $2 and not verified and id <= (
        select id from receipts where organization_id = $1 and source = $2 and not verified order by id desc offset $3 limit 1)`,
    [receipt.organizationId, receipt.source, cap])
  })
}

export interface ReceiptFilter { source?: string, event?: string, verified?: boolean, before?: string, take: number }

/** Receipts of an organization without their bodies, newest first. */
export function listReceiptRows(organizationId: string, { source, event, verified, before, take }: ReceiptFilter): Promise<ReceiptSummaryRow[]> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.receipt.findMany({ where: { organizationId, source, event, verified, ...(before && { id: { lt: before } }) }, select: SUMMARY, orderBy: { id: 'desc' }, take })
    const sizes = await tx.$queryRaw<{ id: string, bytes: number }[]>`
      select id, octet_length(body) as bytes from receipts where organization_id = ${organizationId}::uuid and id = any(${rows.map(row => row.id)}::uuid[])`
    const bytes = new Map(sizes.map(row => [row.id, row.bytes]))
    return rows.map(row => ({ ...row, bodyBytes: bytes.get(row.id) ?? 0 }))
  })
}

export function findReceipt(organizationId: string, id: string): Promise<ReceiptRow | null> {
  return withTenant(organizationId, async (tx) => {
    const row = await tx.receipt.findFirst({ where: { organizationId, id }, omit: { payload: true } })
    // Prisma parses JSON and so rounds large numbers; the text does not.
    const [json] = await tx.$queryRaw<{ payload: string | null }[]>`
      select payload::text from receipts where organization_id = ${organizationId}::uuid and id = ${id}::uuid`
    return row && { ...row, payload: asRawJson(json?.payload ?? null) }
  })
}

/** Forgets keys whose window is over. */
export function forgetOldKeys(organizationId: string): Promise<number> {
  return withTenant(organizationId, async tx => (await tx.receiptKey.deleteMany({ where: { organizationId, expiresAt: { lt: new Date() } } })).count)
}
