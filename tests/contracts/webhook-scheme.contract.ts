import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSchemeName, SCHEMES, type SchemeName } from '#server/domain/webhooks-in/schemes/scheme-table.ts'
import { verifySignature, type Verdict } from '#server/domain/webhooks-in/verify-signature.ts'
import vectors from '../vectors/webhook-vectors.json' with { type: 'json' }

/** What a sender needs to know to be held against the contract: how it signs honestly, and how long that holds. */
export interface HonestSender {
  /** The secret as an operator would enter it, and the matching signer; the same seed gives the same pair. */
  pair(seed: string): { secret: string; sign(delivery: { body: Buffer; now: number }): Record<string, string> }
  /** Seconds a signature may be old and ahead, for schemes that sign a time. */
  window: { past: number; future: number } | null
}

interface Vector {
  id: string
  scheme: string
  secret: string
  now?: number
  body?: string | null
  body_base64?: string
  headers: Record<string, string | string[]>
  valid: boolean
  source_param?: string
}

const NOW = 1_700_000_000

/** `generic-hmac-sha256` belongs to generic, `standard-webhooks-v1a` to standard-webhooks. */
function ownerOf(vectorScheme: string): SchemeName | undefined {
  return (Object.keys(SCHEMES) as SchemeName[]).find((name) => vectorScheme === name || vectorScheme.startsWith(`${name}-`))
}

export function vectorsOf(name: SchemeName): Vector[] {
  return (vectors as unknown as Vector[]).filter((vector) => ownerOf(vector.scheme) === name)
}

export function bodyOf(vector: Vector): Buffer {
  return vector.body_base64 === undefined ? Buffer.from(vector.body ?? '') : Buffer.from(vector.body_base64, 'base64')
}

export function rawHeadersOf(headers: Record<string, string | string[]>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((line) => [name, line]))
}

/** Holds one scheme against everything a scheme owes: the shared vectors, and rules that hold for every delivery. */
export function describeWebhookScheme(options: { name: SchemeName; sender: HonestSender }): void {
  describe(`webhook scheme ${options.name}`, () => {
    agreesWithVectors(options.name)
    honoursItsSender(options)
    refusesEverythingElse(options)
    if (options.sender.window) keepsItsWindow({ ...options, window: options.sender.window })
  })
}

function agreesWithVectors(name: SchemeName): void {
  test('has vectors, some to accept and some to refuse', () => {
    const labels = new Set(vectorsOf(name).map((vector) => vector.valid))
    expect([...labels].sort()).toEqual([false, true])
  })

  for (const vector of vectorsOf(name)) {
    const label = vector.valid ? 'accepts' : 'refuses'
    // These vectors are about the name in the path: it must not resolve to anything.
    if (vector.source_param !== undefined) {
      test(`${vector.id}: no scheme is called ${vector.source_param}`, () => expect(isSchemeName(vector.source_param ?? '')).toBe(false))
      continue
    }
    test(`${vector.id}: ${label}`, () => {
      const request = { rawHeaders: rawHeadersOf(vector.headers), body: bodyOf(vector), now: vector.now ?? NOW }
      const verdict = verifySignature({ scheme: name, secrets: [vector.secret], request })
      expect(verdict).toMatchObject({ verified: vector.valid })
    })
  }
}

const someBody = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const someSeed = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => text.trim() !== '')

function honoursItsSender({ name, sender }: { name: SchemeName; sender: HonestSender }): void {
  test('accepts whatever bytes its own sender signs, with any of several secrets', () => {
    fc.assert(fc.property(someBody, someSeed, someSeed, (body, seed, other) => {
      const { secret, sign } = sender.pair(seed)
      const request = { rawHeaders: rawHeadersOf(sign({ body, now: NOW })), body, now: NOW }
      const verdict = verifySignature({ scheme: name, secrets: ['', sender.pair(other).secret, secret], request })
      expect(verdict).toMatchObject({ verified: true, scheme: name })
    }))
  })
}

function refusesEverythingElse({ name, sender }: { name: SchemeName; sender: HonestSender }): void {
  const { secret, sign } = sender.pair('the secret')
  const judge = (headers: Record<string, string | string[]>, body: Buffer, secrets = [secret]): Verdict =>
    verifySignature({ scheme: name, secrets, request: { rawHeaders: rawHeadersOf(headers), body, now: NOW } })

  test('refuses a body with any one bit changed', () => {
    fc.assert(fc.property(someBody, fc.nat(), fc.integer({ min: 0, max: 7 }), (body, position, bit) => {
      const headers = sign({ body, now: NOW })
      const changed = Buffer.from(body)
      const at = position % body.length
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      expect(judge(headers, changed)).toMatchObject({ verified: false, code: 'mismatch' })
    }))
  })

  test('refuses a signed header with any one character changed, left out or added', () => {
    const edit = fc.record({ which: fc.nat(), position: fc.nat(), insert: fc.constantFrom('0', 'a', 'A', 'f', '=', ',', '.', 'é', ''), cut: fc.constantFrom(0, 1) })
    fc.assert(fc.property(someBody, edit, (body, { which, position, insert, cut }) => {
      const headers = sign({ body, now: NOW })
      const header = Object.keys(headers)[which % Object.keys(headers).length] ?? ''
      const value = headers[header] ?? ''
      const at = position % value.length
      const changed = value.slice(0, at) + insert + value.slice(at + cut)
      // An empty element beside Stripe's own is no change to what is signed.
      const meaning = (text: string) => text.split(',').filter(Boolean).join()
      fc.pre(meaning(changed) !== meaning(value))
      expect(judge({ ...headers, [header]: changed }, body).verified).toBe(false)
    }), { numRuns: 500 })
  })

  test('refuses a signature header that came twice, also with the same value', () => {
    const body = Buffer.from('{"event":"a"}')
    const headers = sign({ body, now: NOW })
    for (const [header, value] of Object.entries(headers)) {
      expect(judge({ ...headers, [header]: [value, value] }, body)).toMatchObject({ verified: false, code: 'malformed' })
    }
  })

  test('refuses another secret, an empty one and none', () => {
    fc.assert(fc.property(someBody, someSeed.filter((seed) => seed !== 'the secret'), (body, seed) => {
      const headers = sign({ body, now: NOW })
      for (const secrets of [[sender.pair(seed).secret], [''], ['  ', '\n'], []]) expect(judge(headers, body, secrets).verified).toBe(false)
    }), { numRuns: 30 })
  })

  test('refuses an empty body that is signed correctly, and a delivery without any signature', () => {
    expect(judge(sign({ body: Buffer.alloc(0), now: NOW }), Buffer.alloc(0))).toMatchObject({ verified: false, code: 'malformed' })
    expect(judge({}, Buffer.from('{}'))).toMatchObject({ verified: false, code: 'missing', signature: null })
  })

  test('answers any headers and any body with a refusal and a sentence, never with an exception', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom(...Object.keys(sign({ body: Buffer.from('x'), now: NOW })), ...Object.values(SCHEMES).flatMap((scheme) => scheme.signatureHeaders)))
    const values = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^(sha256=)?[0-9a-f]{64}$/), fc.stringMatching(/^t=[0-9]{1,12},v1=[0-9a-f]{64}$/), fc.base64String())
    const rawHeaders = fc.array(fc.tuple(names, values), { maxLength: 6 }).map((lines) => lines.flat())
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    fc.assert(fc.property(fc.record({ rawHeaders, body, now: fc.double() }), fc.array(fc.string()), (request, secrets) => {
      const verdict = verifySignature({ scheme: name, secrets: [...secrets, secret], request })
      expect(verdict.verified).toBe(false)
      expect(verdict).toHaveProperty('reason', expect.stringMatching(/^[A-Z].*\.$/s))
    }), { numRuns: 300 })
  })
}

function keepsItsWindow({ name, sender, window }: { name: SchemeName; sender: HonestSender; window: { past: number; future: number } }): void {
  const body = Buffer.from('{"event":"a"}')
  const { secret, sign } = sender.pair('the secret')
  const judgeAt = (now: number) => verifySignature({ scheme: name, secrets: [secret], request: { rawHeaders: rawHeadersOf(sign({ body, now: NOW })), body, now } })

  test('accepts a signature up to the edges of its window and refuses it one second past them', () => {
    expect(judgeAt(NOW + window.past).verified).toBe(true)
    expect(judgeAt(NOW - window.future).verified).toBe(true)
    expect(judgeAt(NOW + window.past + 1)).toMatchObject({ verified: false, code: 'stale', reason: expect.stringContaining(`${window.past + 1} s old`) })
    expect(judgeAt(NOW - window.future - 1)).toMatchObject({ verified: false, code: 'stale', reason: expect.stringContaining(`${window.future + 1} s in the future`) })
  })

  test('refuses everything when the clock is not a number', () => {
    expect(judgeAt(Number.NaN)).toMatchObject({ verified: false, code: 'stale' })
  })
}
