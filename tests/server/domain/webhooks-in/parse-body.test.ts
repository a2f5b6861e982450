import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseBody } from '#server/domain/webhooks-in/parse-body.ts'

const FORM = 'application/x-www-form-urlencoded; charset=utf-8'

function parse(body: string | Buffer, contentType: string | null = 'application/json') {
  return parseBody({ body: Buffer.from(body), contentType })
}

test('reads a JSON body whatever content type it came with, also as the form that curl calls it', () => {
  for (const contentType of ['application/json', 'application/cloudevents+json', 'text/plain', FORM, null]) {
    expect(parse(' {"a":[1,null,"é"]}\n', contentType)).toEqual({ json: { a: [1, null, 'é'] }, value: { a: [1, null, 'é'] } })
  }
})

test('reads the JSON in the field payload of a form body, and only there', () => {
  const form = new URLSearchParams({ other: '1', payload: '{"zen":"a+b & c"}' }).toString()
  expect(parse(form, FORM).json).toEqual({ zen: 'a+b & c' })
  expect(parse(form, 'application/json').json).toBeUndefined()
  expect(parse('{"next":"/?a=1&payload=2"}', FORM).json).toEqual({ next: '/?a=1&payload=2' })
  expect(parse('a=1&b=2', FORM)).toMatchObject({ json: undefined, reason: 'The body is not JSON.' })
})

test('gives no JSON, but a reason, for bodies that are empty, no JSON or not UTF-8', () => {
  expect(parse('')).toEqual({ json: undefined, value: undefined, reason: 'The body is empty.' })
  expect(parse(' \n ').reason).toBe('The body is empty.')
  expect(parse('Hello, World!').reason).toBe('The body is not JSON.')
  expect(parse(Buffer.from('eyJhIjoi//7pIn0=', 'base64')).reason).toBe('The body is not UTF-8 text.')
  expect(parse('{"a":"\0"}').reason).toBe('The body is not JSON.')
})

test('withholds text that PostgreSQL cannot hold as JSON, in values and in keys, but keeps whole surrogate pairs', () => {
  for (const body of ['{"a":"\\u0000"}', '{"a":[{"b\\u0000":1}]}', '"\\ud800"', '["\\udc00\\ud800"]']) {
    expect(parse(body)).toMatchObject({ json: undefined, value: expect.anything(), reason: expect.stringContaining('PostgreSQL cannot hold') })
  }
  expect(parse('["\\ud83d\\ude80","\\\\u0000"]').json).toEqual(['🚀', '\\u0000'])
})

test('shows JSON of 200 levels, withholds deeper, and does not even parse what is absurdly deep', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  expect(parse(nested(200)).json).toBeDefined()
  expect(parse(nested(201))).toMatchObject({ json: undefined, value: expect.anything(), reason: expect.stringContaining('201 levels deep') })
  expect(parse(nested(10_000)).value).toBeDefined()
  expect(parse(nested(2_000_000))).toMatchObject({ value: undefined, reason: expect.stringContaining('10000 levels') })
})

test('does not count brackets inside strings as levels', () => {
  const text = `${'['.repeat(300)}\\"${'{'.repeat(300)}\\\\`
  expect(parse(JSON.stringify({ text, more: ['['] })).json).toEqual({ text, more: ['['] })
})

test('gives back every JSON document that can be stored, and throws on no bytes at all', () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
    const text = JSON.stringify(value)
    fc.pre(!text.includes('\\u0000'))
    expect(parse(text).json).toEqual(JSON.parse(text))
  }))
  fc.assert(fc.property(fc.uint8Array(), fc.constantFrom(FORM, null, 'x'), (bytes, contentType) => {
    const { json, reason } = parse(Buffer.from(bytes), contentType)
    expect(json === undefined).toBe(reason !== undefined)
  }))
})
