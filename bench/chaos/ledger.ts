import type { JobBody, Kind } from './kinds.ts'

/** A job that was acknowledged. */
export interface Promised { kind: Kind, failures?: number, orderingKey?: string, n?: number }

/** What the clients were promised. */
export interface Ledger {
  /** By the job's id. */
  jobs: Map<string, Promised>
  /** Idempotency key to the id it was acknowledged with. */
  keys: Map<string, string>
  /** Keys that were acknowledged with two ids. */
  conflicts: string[]
  /** Jobs whose cancel was answered with "cancelled": they ended right then. */
  cancelled: Set<string>
  /** Requests that got no answer or one of 5xx; a client does what a good client does and tries again. */
  failures: number
  /** Answers that are wrong whatever was killed (4xx, rows that were refused). */
  refused: string[]
  /** Which jobs have entered by what door. */
  singles: number
  bulk: number
}

export const newLedger = (): Ledger =>
  ({ jobs: new Map(), keys: new Map(), conflicts: [], cancelled: new Set(), failures: 0, refused: [], singles: 0, bulk: 0 })

/** A job to make, with what must be known of it later. */
export interface Asked { kind: Kind, body: JobBody, orderingKey?: string, n?: number }

/** Writes down an acknowledged job. */
export function acknowledge(ledger: Ledger, id: string, { kind, body, orderingKey, n }: Asked): void {
  ledger.jobs.set(id, { kind, failures: kind.failures?.(body), orderingKey, n })
  const key = body.idempotency_key as string | undefined
  if (key === undefined) return
  const earlier = ledger.keys.get(key)
  if (earlier !== undefined && earlier !== id) ledger.conflicts.push(key)
  ledger.keys.set(key, id)
}
