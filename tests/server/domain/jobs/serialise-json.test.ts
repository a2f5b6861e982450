import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExactJson } from '#server/infra/exact-json.ts'
import { PAYLOAD_MAX_BYTES, serialisePayload, serialiseTags, TAGS_MAX_BYTES } from '#server/domain/jobs/serialise-json.ts'
import { whyNotStorable } from '#shared/schemas/primitives.ts'

/** Text made of what confuses a reader of JSON text: quotes, backslashes, brackets, escapes written out, halves of characters. */
const tricky = fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', '"', '\\', '[', ']', '{', '}', '\\u0000', '\\ud800', 'a', '😀'), maxLength: 40 })
const value = fc.oneof(tricky, fc.jsonValue(), fc.dictionary(tricky, fc.oneof(tricky, fc.array(tricky))), fc.array(tricky, { maxLength: 30 }))
const nested = fc.tuple(value, fc.integer({ min: 150, max: 220 }), fc.boolean()).map(([inner, levels, inObjects]) => {
  let outer: unknown = inner
  for (let level = 0; level < levels; level++) outer = inObjects ? { '[': outer } : [outer]
  return outer
})

describe('serialising a payload', () => {
  it('refuses exactly what PostgreSQL cannot hold, and writes the rest as JSON.stringify does', () => {
    fc.assert(fc.property(fc.oneof(value, nested), (payload) => {
      if (whyNotStorable(payload) === null) expect(serialisePayload(payload)).toBe(JSON.stringify(payload))
      else expect(() => serialisePayload(payload)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR', details: [expect.objectContaining({ field: 'payload' })] }))
    }), { numRuns: 2000 })
  })

  it('survives a depth at which the stack ends', () => {
    expect(() => serialisePayload(JSON.parse(`${'['.repeat(1e6)}${']'.repeat(1e6)}`))).toThrow('nested deeper than 200 levels')
  })

  it('keeps numbers that a double cannot hold', () => {
    expect(serialisePayload(parseExactJson('{"n":12345678901234567890}'))).toBe('{"n":12345678901234567890}')
  })

  it('takes a payload of exactly 1 MiB and none larger, counted in bytes', () => {
    const text = 'ü'.repeat((PAYLOAD_MAX_BYTES - 2) / 2)
    expect(Buffer.byteLength(serialisePayload(text))).toBe(PAYLOAD_MAX_BYTES)
    expect(() => serialisePayload(`${text}a`)).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }))
  })

  it('takes tags of exactly 64 KiB and none larger', () => {
    const room = TAGS_MAX_BYTES - '{"k":""}'.length
    expect(serialiseTags({ k: 'a'.repeat(room) })).toHaveLength(TAGS_MAX_BYTES)
    expect(() => serialiseTags({ k: 'a'.repeat(room + 1) })).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }))
  })
})
