import { describe, expect, it } from 'vitest'
import { ErrorBody } from '#shared/schemas/error.ts'
import { rawRequest } from '../../support/api.ts'
import { refusedUpgrade } from '../../support/socket.ts'
import { ADMIN_KEY } from '../../support/start-product.ts'
import { product } from '../../support/shared-product.ts'

const get = (headers: Record<string, string>, path = '/api/v1/jobs') => rawRequest(product().url, path, { headers })
const port = () => new URL(product().url).port

describe('open access', () => {
  it.each(['localhost', '127.0.0.1', '[::1]', '127.1.2.3', 'LOCALHOST'])('lets in a request to %s without a credential', async (host) => {
    expect((await get({ host: `${host}:${port()}` })).status).toBe(200)
  })

  it.each([
    ['a foreign Host', { host: 'bespin.example.com' }],
    ['a Host that only begins like loopback', { host: '127.0.0.1.example.com' }],
    ['a Host that only ends like it', { host: 'evil-localhost' }],
    ['an address of the network', { host: '192.168.1.5:3002' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['the Origin of a file or sandbox', { origin: 'null' }],
    ['another port of this machine as Origin', { origin: 'http://localhost:9' }],
    ['X-Forwarded-For', { 'x-forwarded-for': '127.0.0.1' }],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'localhost' }],
    ['X-Forwarded-Proto', { 'x-forwarded-proto': 'https' }],
    ['Forwarded', { forwarded: 'for=127.0.0.1' }],
    ['X-Real-IP', { 'x-real-ip': '127.0.0.1' }],
    ['Via', { via: '1.1 proxy' }],
  ])('is closed with %s', async (_what, headers: Record<string, string>) => {
    for (const path of ['/api/v1/jobs', '/api/jobs', '/api/webhooks', '/api/v1/dashboard']) {
      const answer = await get(headers, path)
      expect(answer.status, path).toBe(401)
      expect(ErrorBody.parse(answer.body).code).toBe('UNAUTHORIZED')
    }
  })

  it('is closed for sockets by the same rule', async () => {
    const refused = await refusedUpgrade(product().url, '/api/ws/jobs', { headers: { 'x-forwarded-for': '10.0.0.1' } })
    expect(refused.status).toBe(401)
    expect([401, 403]).toContain((await refusedUpgrade(product().url, '/api/ws/jobs', { origin: 'https://evil.example' })).status)
    expect([401, 403]).toContain((await refusedUpgrade(product().url, '/api/v1/live', { origin: 'https://evil.example' })).status)
  })

  it('does not open with a wrong key: a credential that is given is judged', async () => {
    for (const headers of [{ 'x-api-key': 'nonsense' }, { authorization: 'Bearer nonsense' }, { 'x-admin-key': 'nonsense' }] as Record<string, string>[]) {
      const answer = await get(headers)
      expect(answer.status).toBe(401)
      expect(answer.text).not.toContain('nonsense')
    }
  })

  it('needs no open access with the administrator\'s key', async () => {
    expect((await get({ 'host': 'bespin.example.com', 'x-admin-key': ADMIN_KEY })).status).toBe(200)
  })

  it('leaves what is public open to everybody', async () => {
    for (const path of ['/api/', '/api/test', '/health', '/api/openapi.json']) expect((await get({ host: 'bespin.example.com' }, path)).status, path).toBe(200)
  })

  it('gives a foreign page no CORS permission', async () => {
    const answer = await get({ origin: 'https://evil.example' }, '/api/test')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})
