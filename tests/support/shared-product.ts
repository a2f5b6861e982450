import pg from 'pg'
import { afterAll, inject } from 'vitest'
import type { OperationKey } from '#shared/api-contract.ts'
import type { BespinJob } from '#shared/schemas/job.ts'
import { call as callAt, send as sendTo, type Sent } from './api.ts'
import { until } from './until.ts'

/** Shorthands for the one product of the run. */
export const product = () => inject('product')
export const call = <K extends OperationKey>(key: K, input: Sent<K> = {} as Sent<K>) => callAt(product().url, key, input)
export const send = <T = Record<string, unknown>>(path: string, init?: RequestInit) => sendTo<T>(product().url, path, init)

/** Waits until the job of this id is over and answers it. */
export const finished = (id: string, seconds = 15): Promise<BespinJob> => until(async () => {
  const { body } = await call('GET /api/jobs/:id', { params: { id } })
  return ['completed', 'failed'].includes(body.status as string) && body as unknown as BespinJob
}, { seconds, what: `the end of job ${id}` })

/** The owner's connection to the product's database; closed after the file's tests. */
export function ownerPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: product().databaseUrl, max: 2 })
  pool.on('error', () => {})
  afterAll(() => pool.end())
  return pool
}
