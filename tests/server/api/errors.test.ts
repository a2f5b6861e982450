import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ErrorBody } from '#shared/schemas/error.ts'
import { rawRequest, type Answer } from '../../support/api.ts'
import { product, send } from '../../support/shared-product.ts'

/** The one error shape: closed code, the path, the request id of the header; JSON and nothing of our insides. */
function expectError(answer: Answer, status: number, code: string): void {
  expect(answer.status, answer.text.slice(0, 500)).toBe(status)
  expect(answer.headers.get('content-type')).toContain('application/json')
  const body = ErrorBody.parse(answer.body)
  expect(body.code).toBe(code)
  expect(body.message.length).toBeGreaterThan(10)
  expect(body.request_id).toBe(answer.headers.get('x-request-id'))
  expect(answer.text).not.toMatch(/node_modules|at \w+ \(|\.ts:\d|prisma/i)
}
const json = { 'content-type': 'application/json' }
const stillAlive = async () => expect((await send('/health/live')).status).toBe(200)

describe('an error answer', () => {
  it('is a JSON 404 for an unknown path under /api, whatever the client accepts', async () => {
    for (const path of ['/api/nothing', '/api/v1/nothing/at/all', '/api/jobs/x/y/z', '/api/%2e%2e%2fetc/passwd', '/api//x', '/health/nothing']) {
      expectError(await send(path, { headers: { accept: 'text/html' } }), 404, 'NOT_FOUND')
    }
  })

  it.each([
    ['DELETE', '/api/test', 'GET'], ['GET', '/api/jobs/random-text', 'POST'], ['PUT', '/api/v1/jobs', 'POST'], ['POST', '/api/health', 'GET'],
    ['PATCH', '/api/webhooks/test', 'POST'], ['POST', '/health/live', 'GET'], ['DELETE', '/api/v1/jobs/stats', 'GET'],
  ])('is 405 with Allow for %s %s', async (method, path, allowed) => {
    const answer = await send(path, { method })
    expectError(answer, 405, 'METHOD_NOT_ALLOWED')
    expect(answer.headers.get('allow')?.split(', ')).toContain(allowed)
  })

  it('is 404 or 405 for a method outside the API, never a page', async () => {
    const answer = await send('/jobs', { method: 'POST' })
    expect([404, 405]).toContain(answer.status)
    expect(answer.body).toHaveProperty('code')
  })

  it.each(['{', '{"a":1', 'nonsense', '[1,]', '{"a":NaN}', '\u0000', '{"a":1}{"b":2}'])('is 400 for the body %j', async (body) => {
    expectError(await send('/api/v1/jobs', { method: 'POST', headers: json, body }), 400, 'INVALID_JSON')
  })

  it('is 400 for a body that is missing or not UTF-8', async () => {
    expectError(await send('/api/v1/jobs', { method: 'POST', headers: json }), 400, 'INVALID_JSON')
    expectError(await send('/api/v1/jobs', { method: 'POST', headers: json, body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }), 400, 'INVALID_JSON')
  })

  it.each(['null', '[]', '"text"', '42', 'true'])('is 400 for %s where an object is expected', async (body) => {
    expectError(await send('/api/v1/jobs', { method: 'POST', headers: json, body }), 400, 'VALIDATION_ERROR')
  })

  it('is 415 for a body that says it is something else', async () => {
    expectError(await send('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' }), 415, 'UNSUPPORTED_MEDIA_TYPE')
    expectError(await send('/api/v1/jobs', { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: 'x' }), 415, 'UNSUPPORTED_MEDIA_TYPE')
  })

  it('is 413 for a body of 20 MB, announced or streamed', async () => {
    const body = Buffer.alloc(20 * 1024 * 1024, 'a')
    for (const path of ['/api/v1/jobs', '/api/jobs/random-text', '/api/webhooks/test']) {
      expectError(await rawRequest(product().url, path, { method: 'POST', headers: { ...json, 'content-length': String(body.length) }, body }), 413, 'PAYLOAD_TOO_LARGE')
      expectError(await rawRequest(product().url, path, { method: 'POST', headers: { ...json, 'transfer-encoding': 'chunked' }, body }), 413, 'PAYLOAD_TOO_LARGE')
    }
    await stillAlive()
  })

  it('is 400 for JSON nested 10,000 deep, and the process stays up', async () => {
    const deep = `{"queue_name":"q","payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    const answer = await send('/api/v1/jobs', { method: 'POST', headers: json, body: deep })
    expect([400, 413]).toContain(answer.status)
    ErrorBody.parse(answer.body)
    await stillAlive()
  })

  it('does not come from cookies, however broken', async () => {
    for (const cookie of ['=', ';;;', 'a=%', '%E0%A4%A', 'a="', 'session=\u00ff', '__proto__=1; constructor=2', 'x'.repeat(6000)]) {
      const answer = await rawRequest(product().url, '/api/test', { headers: { cookie } })
      expect(answer.status, cookie.slice(0, 20)).toBe(200)
    }
  })

  it('is a bare refusal for a flood of headers, and the process stays up', async () => {
    const flood = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-flood-${n}`, 'y'.repeat(200)]))
    const answer = await rawRequest(product().url, '/api/test', { headers: flood }).catch((error: NodeJS.ErrnoException) => ({ status: error.code }))
    expect([431, 400, 'ECONNRESET', 'EPIPE']).toContain(answer.status)
    await stillAlive()
  })

  it('does not follow from bytes that are not HTTP', async () => {
    for (const bytes of ['\u0016\u0003\u0001\u0002\u0000', 'GET\r\n\r\n', 'POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(product().url).port), '127.0.0.1', () => socket.end(bytes))
        socket.on('error', () => {}).on('close', () => resolve()).resume()
        socket.setTimeout(5000, () => socket.destroy())
      })
    }
    await stillAlive()
  })

  it.each(['/api/jobs/%', '/api/jobs/%ff', '/api/webhooks/%00', '/api/jobs/..%2f..%2fetc', '/api/v1/jobs?limit=%', '/api/v1/jobs?q=%ff', '/api/v1/jobs?__proto__[x]=1'])('is never a 500 for %s', async (path) => {
    const answer = await rawRequest(product().url, path)
    expect(answer.status).toBeLessThan(500)
    if (answer.status >= 400) ErrorBody.parse(answer.body)
  })

  it('carries the caller\'s request id when it is harmless, and one of its own when not', async () => {
    expect((await send('/api/nothing', { headers: { 'x-request-id': 'trace-42' } })).body.request_id).toBe('trace-42')
    expect((await send('/api/test', { headers: { 'x-request-id': 'trace-43' } })).headers.get('x-request-id')).toBe('trace-43')
    const injected = await send('/api/nothing', { headers: { 'x-request-id': '<script>' } })
    expect(injected.body.request_id).not.toContain('<')
    expect(injected.body.request_id).toBe(injected.headers.get('x-request-id'))
  })
})
