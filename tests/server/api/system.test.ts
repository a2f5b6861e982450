import { Agent, get } from 'node:http'
import { describe, expect, it } from 'vitest'
import { API } from '#shared/api-contract.ts'
import { send as sendTo } from '../../support/api.ts'
import { call, product, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

describe('GET /api/', () => {
  it('says name and version and where to read on, and the links lead somewhere', async () => {
    const { status, body } = await call('GET /api/')
    expect(status).toBe(200)
    expect(body).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
    expect(String(body.name).toLowerCase()).toBe('bespin')
    for (const link of Object.values(body.links as Record<string, string>)) expect((await send(link)).status, link).toBe(200)
  })

  it('answers without the last slash too', async () => {
    expect((await send('/api')).body).toHaveProperty('version')
  })
})

describe('test answers', () => {
  it('GET /api/test answers with a message and the time', async () => {
    const { status, body } = await call('GET /api/test')
    expect(status).toBe(200)
    expect(Math.abs(Date.now() - Date.parse(body.timestamp as string))).toBeLessThan(5000)
    expect(body.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('GET /api/jobs/test says that the job service reaches database and belt', async () => {
    expect((await call('GET /api/jobs/test')).status).toBe(200)
  })
})

describe('health', () => {
  it.each(['/api/health', '/health'])('%s names status, database and cache first, then the connections', async (path) => {
    const { status, body } = await send(path)
    expect(status).toBe(200)
    expect(Object.keys(body).slice(0, 3)).toEqual(['status', 'database', 'cache'])
    expect(body).toMatchObject({ status: 'healthy', database: true, cache: true })
    for (const name of ['open_connections', 'in_use', 'idle', 'wait_count', 'wait_duration']) expect(body[name], name).toBeTypeOf('number')
    API['GET /api/health'].responses[200].parse(body)
  })

  it('says live and ready', async () => {
    expect((await call('GET /health/live')).body).toEqual({ live: true })
    expect((await call('GET /health/ready')).body).toMatchObject({ ready: true })
  })

  it('is answered by the worker on its own port', async () => {
    const { status, body } = await sendTo(product().workerUrl, '/health')
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'healthy', database: true })
    expect((await sendTo(product().workerUrl, '/health/live')).status).toBe(200)
    expect((await sendTo(product().workerUrl, '/health/ready')).status).toBe(200)
  })
})

describe('connections', () => {
  it('are kept for longer than the minute for which proxies keep theirs', async () => {
    const agent = new Agent({ keepAlive: true })
    const kept = await new Promise((resolve, reject) => {
      get(`${product().url}/health/live`, { agent }, (answer) => {
        answer.resume().on('end', () => resolve(answer.headers['keep-alive']))
      }).on('error', reject)
    })
    agent.destroy()
    expect(kept).toBe('timeout=65')
  })
})

describe('GET /api/openapi.json', () => {
  it('describes every operation of the contract table, in OpenAPI 3.1', async () => {
    const { body } = await send<{ openapi: string, paths: Record<string, Record<string, unknown>> }>('/api/openapi.json')
    expect(body.openapi).toMatch(/^3\.1\./)
    const described = Object.entries(body.paths).flatMap(([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`))
    expect(described.sort()).toEqual(Object.keys(API).sort())
  })

  it('holds no reference that leads nowhere', async () => {
    const { body, text } = await send<Record<string, unknown>>('/api/openapi.json')
    for (const [, pointer] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = pointer!.split('/').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], body)
      expect(target, pointer).toBeDefined()
    }
  })
})

describe('metrics', () => {
  const metrics = (base: string) => sendTo(base, '/metrics')

  it('are Prometheus text on both processes', async () => {
    for (const base of [product().metricsUrl, product().workerUrl]) {
      const { status, headers, text } = await metrics(base)
      expect(status).toBe(200)
      expect(headers.get('content-type')).toContain('text/plain')
      for (const line of text.split('\n').filter(Boolean)) expect(line).toMatch(/^(# (HELP|TYPE) |[a-zA-Z_:][\w:]*(\{.*\})? [-+.\deENaInf]+$)/)
    }
  })

  it('count requests by route and never by id', async () => {
    await send(`/api/jobs/${crypto.randomUUID()}`)
    const { text } = await metrics(product().metricsUrl)
    expect(text).toMatch(/http_requests_total\{.*path="\/api\/jobs\/:id".*\} \d+/)
    expect(text).toMatch(/http_request_duration_ms_bucket\{/)
    expect(text).not.toMatch(/path="[^"]*[0-9a-f]{8}-[0-9a-f]{4}/)
  })

  it('count finished jobs by type and outcome, and how long they waited', async () => {
    await call('POST /api/jobs/random-text', { query: { length: '5' } })
    const text = await until(async () => {
      const { text } = await metrics(product().workerUrl)
      return /bespin_jobs_finished_total\{type="random-text",outcome="completed"\} [1-9]/.test(text) && text
    }, { what: 'a finished job in the metrics' })
    expect(text).toMatch(/bespin_dispatch_lag_ms_count\{type="random-text"\} [1-9]/)
    expect(text).toMatch(/bespin_database_connections\{state="idle"\}/)
  })
})
