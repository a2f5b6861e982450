import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ErrorBody } from '#shared/schemas/error.ts'
import type { Runtimes } from '#shared/schemas/execution.ts'
import { call, send } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { until } from '../support/until.ts'

let database: TestDatabase
let product: Product
beforeAll(async () => {
  database = await createTestDatabase()
  product = await startProduct({ env: { ...onDatabase(database.ownerUrl), BESPIN_BELT: 'postgres', BESPIN_SANDBOX: 'off' } })
})
afterAll(async () => {
  await product?.stop()
  await database?.drop()
})

const post = (path: string, body: unknown) => send(product.url, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
const runtimes = async () => (await call(product.url, 'GET /api/v1/public/runtimes', {})).body.data as Runtimes
const good = { language: 'bash', code: 'echo hello' }

describe('where no sandbox can be proven', () => {
  it('what can be run says so with reason and remedy, and the languages are none', async () => {
    const { reason, remedy } = await until(async () => {
      const now = await runtimes()
      return now.reason?.includes('prove its sandbox') && now
    }, { seconds: 30, what: 'a code worker that refuses' })
    expect({ reason, remedy }).toMatchObject({ reason: expect.stringContaining('BESPIN_SANDBOX') as string, remedy: expect.stringMatching(/\w/) as string })
    expect(await runtimes()).toMatchObject({ available: false, runtimes: [], isolation: null, workers: 0 })
    expect((await call(product.url, 'GET /api/v1/public/status', {})).body).toMatchObject({ status: 'unavailable', supported_languages: [] })
  })

  it('every way in answers 503 with the same, and nothing is queued', async () => {
    for (const [path, body] of [['/api/v1/public/execute', good], ['/api/v1/public/execute?wait=5', good], ['/api/jobs/code-execution', good], ['/api/v1/jobs', { job_type: 'code-execution', payload: good }]] as const) {
      const answer = await post(path, body)
      expect(answer, path).toMatchObject({ status: 503, body: { code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('What to do: ') as string, reason: expect.any(String) as string, remedy: expect.any(String) as string } })
      expect(ErrorBody.parse(answer.body).message).toContain('nothing was queued')
      expect(answer.headers.get('retry-after')).toBe('5')
    }
    expect((await database.owner.query('SELECT count(*)::int AS jobs FROM jobs')).rows).toEqual([{ jobs: 0 }])
  })

  it('a mistake of the caller is told first', async () => {
    expect(await post('/api/v1/public/execute', { ...good, code: '' })).toMatchObject({ status: 400, body: { details: [{ field: 'code' }] } })
    expect(await post('/api/v1/public/execute', { ...good, limits: { wall_ms: -5 } })).toMatchObject({ status: 400 })
  })

  it('Ignis\' health is 200 all the same', async () => {
    expect(await call(product.url, 'GET /api/v1/public/health', {})).toMatchObject({ status: 200, body: { status: 'up' } })
  })
})
