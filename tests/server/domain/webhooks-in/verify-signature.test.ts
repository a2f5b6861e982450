import { sign as signGithub } from '@octokit/webhooks-methods'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { verifySignature } from '#server/domain/webhooks-in/verify-signature.ts'
import type { SchemeName } from '#server/domain/webhooks-in/schemes/scheme-table.ts'
import { bodyOf, rawHeadersOf, vectorsOf } from '../../../contracts/webhook-scheme.contract.ts'

const NOW = 1_700_000_000
const SECRET = 'whsec_one secret for all'

interface Delivery { scheme: SchemeName; headers: Record<string, string | string[]>; body: string | Buffer; secrets?: string[]; now?: number; toleranceSeconds?: number }

function judge({ scheme, headers, body, secrets = [SECRET], now = NOW, toleranceSeconds }: Delivery) {
  return verifySignature({ scheme, secrets, toleranceSeconds, request: { rawHeaders: rawHeadersOf(headers), body: Buffer.from(body), now } })
}

const hex = (text: string | Buffer, secret = SECRET) => createHmac('sha256', secret).update(text).digest('hex')
const generic = (body: string | Buffer) => ({ 'X-Webhook-Signature': hex(body) })
const github = (body: string) => ({ 'X-Hub-Signature-256': `sha256=${hex(body)}` })
const stripe = (body: string, t = NOW) => ({ 'Stripe-Signature': `t=${t},v1=${hex(`${t}.${body}`)}` })
const publicKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')

test("accepts what GitHub's own library signs, with the event and the delivery id from its headers", async () => {
  const body = JSON.stringify({ action: 'opened', number: 7, title: 'Zoë — 日本語 🚀' })
  const headers = { 'X-GitHub-Event': 'pull_request', 'X-GitHub-Delivery': '72d3162e', 'X-Hub-Signature-256': await signGithub(SECRET, body) }
  expect(judge({ scheme: 'github', headers, body }))
    .toMatchObject({ verified: true, scheme: 'github', event: 'pull_request', providerId: '72d3162e', parsed: { json: { action: 'opened', number: 7 } } })
})

test("accepts what Stripe's own library signs, with the event and the id from the body", () => {
  const body = JSON.stringify({ id: 'evt_1', object: 'event', type: 'charge.succeeded' }, null, 2)
  const webhooks = new Stripe('sk_test_none').webhooks
  const header = webhooks.generateTestHeaderString({ payload: body, secret: SECRET, timestamp: NOW })
  expect(judge({ scheme: 'stripe', headers: { 'Stripe-Signature': header }, body, now: NOW + 20 }))
    .toMatchObject({ verified: true, scheme: 'stripe', event: 'charge.succeeded', providerId: 'evt_1' })
})

test('reads the payload out of a GitHub form delivery, which is signed as the form text', () => {
  const body = `payload=${encodeURIComponent('{"zen":"Design for failure."}')}`
  const headers = { ...github(body), 'X-GitHub-Event': 'ping', 'Content-Type': 'application/x-www-form-urlencoded' }
  expect(judge({ scheme: 'github', headers, body })).toMatchObject({ verified: true, event: 'ping', parsed: { json: { zen: 'Design for failure.' } } })
})

test('takes the event of a generic delivery from the body, else from X-Webhook-Event, else from X-Event-Type', () => {
  const eventOf = (body: string, headers: Record<string, string | string[]>) => judge({ scheme: 'generic', headers: { ...generic(body), ...headers }, body }).event
  expect(eventOf('{"event":"from.body"}', { 'X-Webhook-Event': 'from.header' })).toBe('from.body')
  expect(eventOf('{"event":7}', { 'x-webhook-event': 'from.header', 'X-Event-Type': 'second' })).toBe('from.header')
  expect(eventOf('no json', { 'X-Event-Type': 'second' })).toBe('second')
  expect(eventOf('{}', {})).toBeNull()
  expect(eventOf('{}', { 'X-Webhook-Event': ['one', 'two'] })).toBeNull()
})

test('takes no event name that is empty, too long, or holds control characters or half a character', () => {
  for (const event of ['', '   ', 'x'.repeat(201), 'a\u0000b', 'a\nb', 'a\ud800b']) {
    const body = JSON.stringify({ event })
    expect(judge({ scheme: 'generic', headers: generic(body), body })).toMatchObject({ verified: true, event: null })
  }
})

test('accepts X-Signature as the other name of the generic header', () => {
  expect(judge({ scheme: 'generic', headers: { 'X-Signature': hex('{"event":"a"}') }, body: '{"event":"a"}' })).toMatchObject({ verified: true, event: 'a' })
})

test('falls back to the generic header for a named source that got none of its own', () => {
  for (const scheme of ['github', 'stripe', 'sendgrid'] as const) {
    const body = '{"event":"seed.style","id":"evt_1"}'
    const verdict = judge({ scheme, headers: { ...generic(body), 'X-GitHub-Delivery': '1' }, body })
    expect(verdict).toMatchObject({ verified: true, scheme: 'generic', event: 'seed.style', providerId: null })
  }
})

test("names a fallback delivery by the source's own rule when it carries no generic event", () => {
  const ofStripe = '{"type":"charge.failed"}'
  expect(judge({ scheme: 'stripe', headers: generic(ofStripe), body: ofStripe })).toMatchObject({ verified: true, event: 'charge.failed' })
  expect(judge({ scheme: 'github', headers: { ...generic('{}'), 'X-GitHub-Event': 'push' }, body: '{}' })).toMatchObject({ verified: true, event: 'push' })
  expect(judge({ scheme: 'sendgrid', headers: generic('{}'), body: '{}' })).toMatchObject({ verified: true, event: null })
})

test("never asks the generic header when the source's own one is there and wrong", () => {
  const body = '{"event":"a"}'
  expect(judge({ scheme: 'github', headers: { ...generic(body), 'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}` }, body })).toMatchObject({ verified: false, scheme: 'github', code: 'mismatch' })
})

test('refuses a captured Stripe delivery that comes again as a generic one, its timestamp moved into the body', () => {
  const captured = '{"type":"charge.succeeded"}'
  const body = `${NOW}.${captured}`
  const headers = { 'X-Webhook-Signature': hex(body), 'X-Webhook-Event': 'charge.succeeded' }
  expect(judge({ scheme: 'stripe', headers, body, now: NOW + 86_400 })).toMatchObject({ verified: false, code: 'malformed' })
})

test('never uses a SendGrid public key, whole or damaged, as an HMAC key', () => {
  const key = publicKey()
  const body = '{"event":"forged"}'
  const pem = `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----`
  for (const secret of [key, ` ${key}\n`, key.slice(0, 60), key.replaceAll('+', '-').replaceAll('/', '_'), pem, pem.replaceAll('\n', '\\n')]) {
    const headers = { 'X-Webhook-Signature': hex(body, secret) }
    expect(judge({ scheme: 'sendgrid', headers, body, secrets: [secret] }))
      .toMatchObject({ verified: false, code: 'missing', reason: expect.stringContaining('public key') })
  }
})

test('accepts a SendGrid key as PEM, with line breaks written out as in .env files, and among other secrets', () => {
  const [vector] = vectorsOf('sendgrid').filter(({ id }) => id === 'sendgrid-official-batch')
  if (!vector) throw new Error('the vector sendgrid-official-batch is gone')
  const pem = `-----BEGIN PUBLIC KEY-----\n${vector.secret}\n-----END PUBLIC KEY-----\n`
  for (const secrets of [[pem], [pem.replaceAll('\n', '\\n')], ['a text', publicKey(), vector.secret]]) {
    expect(judge({ scheme: 'sendgrid', headers: vector.headers, body: bodyOf(vector), secrets, now: vector.now })).toMatchObject({ verified: true, scheme: 'sendgrid' })
  }
})

test('says what is wrong with a SendGrid secret that cannot check a SendGrid signature', () => {
  const headers = { 'X-Twilio-Email-Event-Webhook-Signature': 'MAYCAQACAQA=', 'X-Twilio-Email-Event-Webhook-Timestamp': String(NOW) }
  const reasonFor = (secret: string) => judge({ scheme: 'sendgrid', headers, body: '[]', secrets: [secret] })
  expect(reasonFor('a text')).toMatchObject({ verified: false, reason: expect.stringContaining('is no public key') })
  expect(reasonFor(publicKey().slice(0, 80))).toMatchObject({ verified: false, reason: expect.stringContaining('not a whole P-256 one') })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { publicKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  expect(reasonFor(p384.export({ type: 'spki', format: 'der' }).toString('base64'))).toMatchObject({ verified: false, reason: expect.stringContaining('not a whole P-256 one') })
  expect(reasonFor(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toMatchObject({ verified: false, reason: expect.stringContaining('not a whole P-256 one') })
})

test('names a SendGrid batch after its events when they are alike, else batch, and takes the id of a single one', () => {
  const nameOf = (body: unknown) => {
    const { event, providerId } = judge({ scheme: 'sendgrid', headers: generic(JSON.stringify(body)), body: JSON.stringify(body) })
    return [event, providerId]
  }
  expect(nameOf([{ event: 'open' }, { event: 'open' }])).toEqual(['open', null])
  expect(nameOf([{ event: 'open' }, { event: 'click' }])).toEqual(['batch', null])
  expect(nameOf([])).toEqual(['batch', null])
  expect(nameOf([null, 1])).toEqual(['batch', null])
  const ownHeader = { 'X-Twilio-Email-Event-Webhook-Signature': 'x' }
  expect(judge({ scheme: 'sendgrid', headers: ownHeader, body: '[{"event":"open","sg_event_id":"1"},{"event":"open","sg_event_id":"2"}]' })).toMatchObject({ event: 'open', providerId: null })
  const [single] = vectorsOf('sendgrid').filter(({ id }) => id === 'sendgrid-official-bad-signature')
  if (!single) throw new Error('the vector sendgrid-official-bad-signature is gone')
  expect(judge({ scheme: 'sendgrid', headers: single.headers, body: bodyOf(single) })).toMatchObject({ event: 'dropped', providerId: 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA' })
})

test('is stricter with Stripe timestamps than the official library: one t, digits only, not from the future', () => {
  const body = '{"type":"a"}'
  const good = hex(`${NOW}.${body}`)
  const refusal = (header: string, now = NOW) => judge({ scheme: 'stripe', headers: { 'Stripe-Signature': header }, body, now })
  expect(refusal(`t=${NOW},t=${NOW},v1=${good}`)).toMatchObject({ verified: false, code: 'malformed' })
  expect(refusal(`t=1,t=${NOW},v1=${good}`)).toMatchObject({ verified: false, code: 'malformed' })
  expect(refusal(`t=${NOW}abc,v1=${hex(`${NOW}abc.${body}`)}`)).toMatchObject({ verified: false, code: 'malformed' })
  expect(refusal(`t=,v1=${hex(`.${body}`)}`)).toMatchObject({ verified: false, code: 'malformed' })
  expect(refusal(`t=${NOW},v1=${good}`, NOW - 301)).toMatchObject({ verified: false, code: 'stale' })
  expect(refusal('nonsense')).toMatchObject({ verified: false, code: 'mismatch' })
})

test('takes a tolerance of the source in place of the scheme’s own', () => {
  const body = '{"type":"a"}'
  expect(judge({ scheme: 'stripe', headers: stripe(body), body, now: NOW + 11, toleranceSeconds: 10 })).toMatchObject({ verified: false, code: 'stale' })
  expect(judge({ scheme: 'stripe', headers: stripe(body), body, now: NOW + 900, toleranceSeconds: 900 }).verified).toBe(true)
})

test('gives a replayed delivery the same signed hash however its signature header is dressed up', () => {
  const body = '{"event":"a"}'
  const hashOf = (delivery: Delivery) => {
    const verdict = judge(delivery)
    return verdict.verified ? verdict.signedHash : null
  }
  const plain = hashOf({ scheme: 'stripe', headers: stripe(body), body })
  const dressed = { 'Stripe-Signature': `v0=1,v1=${'0'.repeat(64)},v1=${hex(`${NOW}.${body}`)},t=${NOW}` }
  expect(plain).toMatch(/^[0-9a-f]{64}$/)
  expect(hashOf({ scheme: 'stripe', headers: dressed, body })).toBe(plain)
  expect(hashOf({ scheme: 'stripe', headers: stripe(body, NOW - 1), body })).not.toBe(plain)
  expect(hashOf({ scheme: 'github', headers: generic(body), body })).toBe(hashOf({ scheme: 'github', headers: github(body), body }))
})

test('accepts a signed body that is no JSON, holds NUL, is not UTF-8 or is 500 levels deep, and still names it', () => {
  const deep = `{"event":"deep","data":${'['.repeat(500)}${']'.repeat(500)}}`
  const bodies: [Buffer, string | null][] = [
    [Buffer.from(deep), 'deep'], [Buffer.from('{"event":"nul","x":"\\u0000"}'), 'nul'],
    [Buffer.from([0, 255, 254, 0]), 'named'], [Buffer.from('{"event":"half","x":"\\ud800"}'), 'half'],
  ]
  for (const [body, event] of bodies) {
    const verdict = judge({ scheme: 'generic', headers: { ...generic(body), 'X-Webhook-Event': 'named' }, body })
    expect(verdict).toMatchObject({ verified: true, event, parsed: { json: undefined, reason: expect.stringMatching(/^The body .*\.$/) } })
  }
})

test('does not parse a large body that nobody signed', () => {
  const body = `{"event":"big","fill":"${'x'.repeat(70_000)}"}`
  expect(judge({ scheme: 'generic', headers: {}, body })).toMatchObject({ verified: false, event: null })
  expect(judge({ scheme: 'generic', headers: {}, body: '{"event":"small"}' })).toMatchObject({ verified: false, event: 'small' })
})

test('keeps no more of a signature than 1000 characters', () => {
  const verdict = judge({ scheme: 'github', headers: { 'X-Hub-Signature-256': 'x'.repeat(9000) }, body: '{}' })
  expect(verdict.signature).toHaveLength(1000)
})

test('tells a sender who only sent the outdated SHA-1 signature what is missing', () => {
  expect(judge({ scheme: 'github', headers: { 'X-Hub-Signature': 'sha1=00' }, body: '{}' })).toMatchObject({ verified: false, code: 'missing', reason: expect.stringContaining('SHA-1') })
})
