import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redactHeaders } from '#server/domain/webhooks-in/redact-headers.ts'

test('masks every header that carries a secret and keeps the others, names in lower case', () => {
  const secrets = ['Authorization', 'Cookie', 'Set-Cookie', 'Proxy-Authorization', 'X-Api-Key', 'X-Gitlab-Token', 'X-Admin-Key', 'X-Auth-Key', 'My-TOKEN-2', 'client_secret', 'X-Password', 'apikey']
  const kept = redactHeaders(secrets.flatMap((name) => [name, 'hunter2']))
  expect(kept).toEqual(Object.fromEntries(secrets.map((name) => [name.toLowerCase(), '[redacted]'])))
  const harmless = ['Content-Type', 'X-Hub-Signature-256', 'Idempotency-Key', 'X-GitHub-Event', 'Author', 'User-Agent']
  expect(redactHeaders(harmless.flatMap((name) => [name, 'value']))).toEqual(Object.fromEntries(harmless.map((name) => [name.toLowerCase(), 'value'])))
})

test('keeps a header that came on several lines as a list, in order', () => {
  expect(redactHeaders(['A', '1', 'b', '2', 'a', '3', 'a', '4'])).toEqual({ a: ['1', '3', '4'], b: '2' })
})

test('keeps at most 100 lines and 8192 characters of each value', () => {
  const lines = Array.from({ length: 150 }, (_, index) => [`h${index}`, 'v'.repeat(9000)]).flat()
  const kept = redactHeaders(lines)
  expect(Object.keys(kept)).toHaveLength(100)
  expect(kept.h0).toBe(`${'v'.repeat(8192)} (cut)`)
})

test('treats __proto__ as a header like any other', () => {
  const kept = redactHeaders(['__proto__', 'a', '__proto__', 'b', 'constructor', 'c'])
  expect(Object.entries(kept)).toEqual([['__proto__', ['a', 'b']], ['constructor', 'c']])
  expect(Object.getPrototypeOf(kept)).toBe(Object.prototype)
})

test('gives only text that PostgreSQL can hold, whatever the lines', () => {
  expect(redactHeaders(['a', 'x\ud800y\0'])).toEqual({ a: 'x\ufffdy' })
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (lines) => {
    const text = JSON.stringify(redactHeaders(lines))
    expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/)
  }))
})
