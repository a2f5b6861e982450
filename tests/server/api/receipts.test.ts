import { describe, expect, it } from 'vitest'
import { ErrorBody } from '#shared/schemas/error.ts'
import type { Receipt, ReceiptSummary } from '#shared/schemas/receipt.ts'
import { genericWebhook, githubWebhook, stripeWebhook, uniqueBody, type SignedWebhook } from '../../factories/webhook.ts'
import { WEBHOOK_SECRETS } from '../../support/start-product.ts'
import { call, ownerPool, product, send } from '../../support/shared-product.ts'
import { rawRequest } from '../../support/api.ts'

const deliver = (source: string, { headers, body }: SignedWebhook) => send(`/api/webhooks/${source}`, { method: 'POST', headers, body: body as BodyInit })
const receiptOf = async (id: unknown) => (await call('GET /api/webhooks/:id', { params: { id: id as string } })).body as unknown as Receipt
const owner = ownerPool()

describe('POST /api/webhooks/:source', () => {
  it('accepts a signed webhook of the test source with 202 and keeps it whole', async () => {
    const webhook = genericWebhook({ body: uniqueBody({ event: 'user.created' }) })
    const { status, body } = await deliver('test', webhook)
    expect(status).toBe(202)
    expect(body).toMatchObject({ id: body.receipt_id, verified: true, event: 'user.created', job_ids: [] })
    const receipt = await receiptOf(body.id)
    expect(receipt).toMatchObject({ source: 'test', scheme: 'generic', event: 'user.created', verified: true, reason: null, payload: JSON.parse(webhook.body as string) })
    expect(Buffer.from(receipt.body_base64, 'base64').toString()).toBe(webhook.body)
  })

  it('stores the body byte by byte, whatever its spacing, escapes and characters', async () => {
    const body = Buffer.from('{ "event":"a.b",\r\n\t"emoji":"\\ud83c\\udf29️🌩️", "n": 1.50e+2, "dup":1, "dup":2 }\n\n')
    const answer = await deliver('test', genericWebhook({ body }))
    expect(answer.status).toBe(202)
    expect(Buffer.from((await receiptOf(answer.body.id)).body_base64, 'base64').equals(body)).toBe(true)
  })

  it('takes the event from the header when the body names none, and refuses when neither does', async () => {
    const body = JSON.stringify({ n: crypto.randomUUID() })
    expect((await deliver('test', genericWebhook({ body, headers: { 'x-webhook-event': 'from.header' } }))).body.event).toBe('from.header')
    const nameless = await deliver('test', genericWebhook({ body: JSON.stringify({ n: crypto.randomUUID() }) }))
    expect(nameless.status).toBe(400)
    ErrorBody.parse(nameless.body)
  })

  it.each(['sha256=', ''])('takes the signature with the prefix "%s" and in the second header', async (prefix) => {
    const { headers, body } = genericWebhook()
    const signature = prefix + headers['x-webhook-signature']
    expect((await deliver('test', { body, headers: { 'content-type': 'application/json', 'x-signature': signature } })).status).toBe(202)
  })

  it('verifies GitHub\'s own scheme and names the event', async () => {
    const { status, body } = await deliver('github', githubWebhook({ secret: WEBHOOK_SECRETS.github, event: 'push' }))
    expect(status).toBe(202)
    expect(body.event).toBe('push')
    expect(await receiptOf(body.id)).toMatchObject({ source: 'github', scheme: 'github', verified: true })
  })

  it('verifies Stripe\'s own scheme and names the event', async () => {
    const { status, body } = await deliver('stripe', stripeWebhook({ secret: WEBHOOK_SECRETS.stripe }))
    expect(status).toBe(202)
    expect(body.event).toBe('invoice.paid')
  })

  it('refuses a Stripe signature from an hour ago', async () => {
    const webhook = stripeWebhook({ secret: WEBHOOK_SECRETS.stripe, now: Math.floor(Date.now() / 1000) - 3600 })
    expect((await deliver('stripe', webhook)).status).toBe(401)
  })

  it.each(['github', 'stripe'] as const)('takes the generic header at %s with the same secret', async (source) => {
    expect((await deliver(source, genericWebhook({ secret: WEBHOOK_SECRETS[source] }))).status).toBe(202)
  })

  it('answers 503 for a source whose secret is not set, and accepts nothing', async () => {
    const before = await owner.query(`SELECT count(*) FROM receipts WHERE source = 'sendgrid' AND verified`)
    const { status, body } = await deliver('sendgrid', genericWebhook({ secret: '' }))
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'SOURCE_NOT_CONFIGURED' })
    expect((await owner.query(`SELECT count(*) FROM receipts WHERE source = 'sendgrid' AND verified`)).rows).toEqual(before.rows)
  })

  it('answers 404 for a source it does not know', async () => {
    for (const source of ['gitlab-typo', '__proto__', 'constructor', 'toString']) {
      const { status, body } = await deliver(source, genericWebhook())
      expect(status, source).toBe(404)
      expect(body.code).toBe('NOT_FOUND')
    }
  })
})

describe('a wrong or missing signature', () => {
  const wrong: [string, SignedWebhook][] = [
    ['of another secret', genericWebhook({ secret: 'another-secret' })],
    ['of another body', { ...genericWebhook(), body: uniqueBody() }],
    ['that is missing', { body: uniqueBody(), headers: { 'content-type': 'application/json' } }],
    ['that is no hex', { body: uniqueBody(), headers: { 'content-type': 'application/json', 'x-webhook-signature': 'zz' } }],
  ]
  it.each(wrong)('%s is a 401 with the id of a kept, rejected receipt', async (_what, webhook) => {
    const { status, body } = await deliver('test', webhook)
    expect(status).toBe(401)
    expect(body).toMatchObject({ verified: false, code: 'INVALID_SIGNATURE', id: expect.any(String) })
    const receipt = await receiptOf(body.id)
    expect(receipt).toMatchObject({ verified: false, job_ids: [] })
    expect(receipt.reason!.length).toBeGreaterThan(10)
  })

  it('does not become right by a forged repeat: the same body is accepted once it is signed', async () => {
    const webhook = genericWebhook()
    expect((await deliver('test', { ...webhook, headers: { ...webhook.headers, 'x-webhook-signature': '0'.repeat(64) } })).status).toBe(401)
    expect((await deliver('test', webhook)).status).toBe(202)
  })

  it('is not repeated back to the sender as the right one', async () => {
    const webhook = genericWebhook()
    const { text } = await deliver('test', { ...webhook, headers: { ...webhook.headers, 'x-webhook-signature': '0'.repeat(64) } })
    expect(text).not.toContain(webhook.headers['x-webhook-signature'])
    expect(text).not.toContain('test-secret')
  })
})

describe('a repeated webhook', () => {
  it('is 200 with the first receipt and a count, by the provider\'s id', async () => {
    const webhook = githubWebhook({ secret: WEBHOOK_SECRETS.github })
    const first = await deliver('github', webhook)
    const second = await deliver('github', webhook)
    const third = await deliver('github', webhook)
    expect([first.status, second.status, third.status]).toEqual([202, 200, 200])
    expect(second.body).toMatchObject({ id: first.body.id, repeats: 1 })
    expect(third.body).toMatchObject({ id: first.body.id, repeats: 2 })
    expect((await receiptOf(first.body.id)).repeats).toBe(2)
  })

  it('is one receipt when many copies arrive at the same moment', async () => {
    const webhook = genericWebhook()
    const answers = await Promise.all(Array.from({ length: 12 }, () => deliver('test', webhook)))
    expect(new Set(answers.map(answer => answer.body.id)).size).toBe(1)
    expect(answers.filter(answer => answer.status === 202)).toHaveLength(1)
  })
})

describe('bad bodies', () => {
  const bodies: [string, Buffer][] = [
    ['NUL bytes', Buffer.from('{"event":"a","text":"\u0000\\u0000"}')],
    ['an escaped NUL', Buffer.from(`{"event":"a","n":"${crypto.randomUUID()}","text":"\\u0000"}`)],
    ['a lone surrogate', Buffer.from('{"event":"a","text":"\\ud800"}')],
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"event":"a","text":"'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')])],
    ['JSON 500 deep', Buffer.from(`{"event":"a","deep":${'['.repeat(500)}${']'.repeat(500)}}`)],
    ['JSON 100,000 deep', Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
    ['no JSON', Buffer.from('event=a&x=1')],
    ['nothing', Buffer.alloc(0)],
  ]
  it.each(bodies)('with %s are answered clearly and kept as they came when accepted', async (_what, body) => {
    const answer = await deliver('test', genericWebhook({ body, headers: { 'x-webhook-event': 'bad.body' } }))
    expect([202, 400], answer.text.slice(0, 300)).toContain(answer.status)
    if (answer.status === 400) ErrorBody.parse(answer.body)
    else {
      const receipt = await receiptOf(answer.body.id)
      expect(Buffer.from(receipt.body_base64, 'base64').equals(body)).toBe(true)
      expect((await call('GET /api/webhooks', { query: { event: 'bad.body', limit: 1 } })).status).toBe(200)
    }
    expect((await send('/health')).status).toBe(200)
  })

  it('with headers full of odd bytes do not break the receipt', async () => {
    const webhook = genericWebhook({ headers: { 'x-odd': 'caf\u00e9 \u00ff', 'x-long': 'y'.repeat(9000) } })
    const answer = await rawRequest(product().url, '/api/webhooks/test', { method: 'POST', headers: webhook.headers, body: webhook.body })
    expect(answer.status).toBe(202)
    expect((await receiptOf(answer.body.id)).headers).toHaveProperty('x-odd')
  })
})

describe('receipts', () => {
  it('are listed newest first, with filters, pages and no secrets', async () => {
    const event = `list.${crypto.randomUUID()}`
    const made: unknown[] = []
    for (let n = 0; n < 3; n++) made.unshift((await deliver('test', genericWebhook({ body: uniqueBody({ event }) }))).body.id)
    const first = await call('GET /api/webhooks', { query: { source: 'test', event, verified: 'true', limit: 2 } })
    const second = await call('GET /api/webhooks', { query: { event, limit: 2, cursor: first.body.next_cursor as string } })
    const ids = [first, second].flatMap(page => (page.body.webhooks as ReceiptSummary[]).map(receipt => receipt.id))
    expect(ids).toEqual(made)
    expect(first.body.count).toBe(2)
    expect(second.body.next_cursor).toBeNull()
    expect((await call('GET /api/webhooks', { query: { event, verified: 'false' } })).body.webhooks).toEqual([])
    expect((await call('GET /api/webhooks', { query: { event, source: 'github' } })).body.webhooks).toEqual([])
  })

  it('show the rejected ones by verified=false', async () => {
    const { body: { id } } = await deliver('test', { ...genericWebhook(), body: uniqueBody() })
    const { body } = await call('GET /api/webhooks', { query: { verified: 'false', limit: 5 } })
    expect((body.webhooks as ReceiptSummary[]).map(receipt => receipt.id)).toContain(id)
  })

  it('hide what in the headers is secret', async () => {
    const { body: { id } } = await deliver('test', genericWebhook({ headers: { authorization: 'Bearer very-secret-1', cookie: 'session=very-secret-2', 'x-api-key': 'very-secret-3', 'x-kept': 'visible' } }))
    const { headers } = await receiptOf(id)
    expect(JSON.stringify(headers)).not.toContain('very-secret')
    expect(headers['x-kept']).toBe('visible')
    const { rows } = await owner.query('SELECT headers::text AS kept FROM receipts WHERE id = $1', [id]) as { rows: { kept: string }[] }
    expect(rows[0]!.kept).not.toContain('very-secret')
  })

  it('refuse wrong filters and unknown ids', async () => {
    for (const query of ['verified=maybe', 'limit=0', 'cursor=nonsense']) expect((await send(`/api/webhooks?${query}`)).status, query).toBe(400)
    expect((await send(`/api/webhooks/${crypto.randomUUID()}`)).status).toBe(404)
    expect([400, 404]).toContain((await send('/api/webhooks/none')).status)
  })

  it('GET /api/v1/webhook-sources tells which sources are ready and which variable is missing', async () => {
    const { body } = await call('GET /api/v1/webhook-sources')
    const sources = Object.fromEntries((body as unknown as { name: string, configured: boolean }[]).map(source => [source.name, source]))
    expect(sources).toMatchObject({
      test: { configured: true }, github: { configured: true, scheme: 'github' }, stripe: { configured: true },
      sendgrid: { configured: false, setting: 'SENDGRID_WEBHOOK_SECRET' },
    })
    expect(JSON.stringify(body)).not.toContain(WEBHOOK_SECRETS.stripe)
  })
})
