import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlainRow, readRow } from '#server/domain/jobs/read-row.ts'
import { JobFields } from '#shared/schemas/job.ts'

const ODD_TIMES = [
  '2026-02-29T00:00:00.000Z', '2028-02-29T00:00:00.000Z', '2026-02-30T00:00:00.000Z', '2026-13-01T00:00:00.000Z', '2026-01-01T24:00:00.000Z', '2026-01-01T00:00:60.000Z',
  '+275760-09-13T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '0000-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z', '0001-01-01T00:00:00+15:00',
  '2026-06-01T12:00:00+02:00', '2026-06-01T12:00:00Z', '2026-06-01T12:00Z', '2026-06-01', 'tomorrow', '', '２026-06-01T12:00:00.000Z', '2026-06-01T12:00:00.000Z\n',
]
const odd = fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string(), fc.constant([]), fc.constant({}))
const text = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', 'a', '😀') }))
const time = fc.oneof(fc.constantFrom(...ODD_TIMES), fc.date({ noInvalidDate: true }).map(date => date.toISOString()), fc.integer({ min: 0, max: 4e11 }).map(ms => new Date(Date.now() + ms).toISOString()))
/** Rows as they come out of the JSON of a call: mostly nearly right ones. */
const rows = fc.oneof(fc.jsonValue(), fc.record({
  payload: fc.jsonValue(),
  priority: fc.oneof(fc.integer({ min: -102, max: 102 }), odd),
  idempotency_key: fc.oneof(text, odd),
  scheduled_at: fc.oneof(time, odd),
  max_retries: fc.oneof(fc.nat(101), odd),
  ['__proto__']: fc.constant(1),
  colour: fc.constant('red'),
}, { requiredKeys: [] })).map(row => JSON.parse(JSON.stringify(row)) as unknown)

describe('the short way to judge a row of a bulk call', () => {
  it('takes no row that the schema refuses, and reads it alike', () => {
    fc.assert(fc.property(rows, (row) => {
      const plain = readPlainRow(row)
      if (plain) expect(JobFields.parse(row)).toEqual(plain)
    }), { numRuns: 3000 })
  })

  it('refuses none that the schema takes, together with the long way', () => {
    fc.assert(fc.property(rows, (row) => {
      const parsed = JobFields.safeParse(row)
      if (parsed.success) expect(readRow(row)).toEqual(parsed.data)
      else expect(() => readRow(row)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }))
    }), { numRuns: 1000 })
  })

  it.each([
    [{}], [{ payload: null }], [{ payload: { to: 'a' } }], [{ payload: 1, priority: -100 }], [{ priority: 100, idempotency_key: '🌩️'.repeat(60) }],
    [{ payload: [], scheduled_at: new Date(Date.now() + 60_000).toISOString() }],
  ])('is taken by the usual row %j', (row) => {
    expect(readPlainRow(row)).toEqual(JobFields.parse(row))
  })

  it.each([
    { idempotency_key: 'a\0b' }, { idempotency_key: 'a\ud800' }, { idempotency_key: '\udc00a' }, { idempotency_key: '' }, { idempotency_key: 'x'.repeat(256) }, { idempotency_key: 7 },
    { priority: 101 }, { priority: -101 }, { priority: 0.5 }, { priority: '1' }, { priority: null }, { colour: 'red' }, [], null, 'text',
    { scheduled_at: new Date(Date.now() + 11 * 366 * 86_400_000).toISOString() },
  ])('is not for %j, which the schema refuses', (row) => {
    expect(readPlainRow(row)).toBeUndefined()
    expect(JobFields.safeParse(row).success).toBe(false)
  })

  it.each(ODD_TIMES)('never takes the time %j without the schema\'s consent', (at) => {
    expect(readPlainRow({ scheduled_at: at }) === undefined || JobFields.safeParse({ scheduled_at: at }).success).toBe(true)
  })
})
