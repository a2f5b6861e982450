import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODE_LIMIT_NAMES, CODE_LIMITS } from '../../shared/code-limits.ts'
import { CodeExecutionPayload } from '../../shared/schemas/code.ts'
import { draftOf, newDraft, payloadOf, readDraft } from '../../composables/code-draft.ts'
import { EXAMPLE_LANGUAGES, exampleOf } from '../../composables/code-examples.ts'
import { limitFault, limitHelp, readLimit, typeLimit } from '../../composables/code-limits-form.ts'
import { judgeDraft } from '../../composables/judge-draft.ts'

const text = fc.string({ maxLength: 20 })
const limits = fc.record(Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, fc.integer({ min: CODE_LIMITS[name].min, max: CODE_LIMITS[name].max })])), { requiredKeys: [] })
const some = <T>(of: fc.Arbitrary<T>) => fc.option(fc.array(of, { minLength: 1, maxLength: 3 }), { nil: undefined })
const filled = fc.string({ minLength: 1, maxLength: 20 })
const payloads = fc.record({
  language: fc.constantFrom('python', 'go', '__proto__', 'constructor'), code: filled,
  files: some(fc.record({ name: filled, content: text, encoding: fc.constantFrom('utf8' as const, 'base64' as const, 'hex' as const) })),
  stdin: fc.option(filled, { nil: undefined }), args: some(text),
  env: fc.option(fc.dictionary(fc.constantFrom('A', 'B_1', '__proto__'), text, { minKeys: 1 }), { nil: undefined }),
  limits: fc.option(limits.filter(each => Object.keys(each).length > 0), { nil: undefined }),
})
const asSent = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

describe('a draft', () => {
  it('made from what was run sends exactly the same again', () => {
    fc.assert(fc.property(payloads, (payload) => { expect(asSent(payloadOf(draftOf(payload)))).toEqual(asSent(payload)) }))
  })

  it('with several inputs sends the same inputs again', () => {
    const payload = { language: 'c', code: 'x', runs: [{ name: 'one', stdin: 'a' }, { args: ['b c'] }, {}], stop_at_first_failure: true }
    expect(asSent(payloadOf(draftOf(payload)))).toEqual(payload)
  })

  it('survives being kept by the browser', () => {
    fc.assert(fc.property(payloads, (payload) => {
      const draft = draftOf(payload)
      expect(readDraft(JSON.stringify(draft))).toEqual(asSent(draft))
    }))
  })

  it.each([null, '', 'nonsense', '[]', '{}', '{"language":3}', 'null'])('that was kept as %j is begun anew', (kept) => {
    expect(readDraft(kept)).toBeNull()
  })

  it('of an older page takes what it lacks from a new one', () => {
    expect(readDraft('{"language":"go","args":"no list","inputs":[],"stdin":"x"}')).toEqual({ ...newDraft('go'), stdin: 'x' })
  })

  it('asks for no default: what is empty is not sent', () => {
    expect(asSent(payloadOf(newDraft('python')))).toEqual({ language: 'python', code: exampleOf('python') })
  })
})

describe('what keeps a draft from being run', () => {
  it.each(EXAMPLE_LANGUAGES)('is nothing for the starting program of %s', (language) => {
    expect(judgeDraft(newDraft(language), {})).toEqual([])
    expect(CodeExecutionPayload.safeParse(payloadOf(newDraft(language))).success).toBe(true)
  })

  it('is told with the tab where it is mended', () => {
    const draft = { ...newDraft('python'), sources: { python: '' }, files: [{ name: '../x', content: '', encoding: 'utf8' as const }], env: [{ name: '1A', value: '' }], limits: { wall_ms: 99_000 } }
    const faults = judgeDraft(draft, { wall_ms: { min: 10, max: 60_000, default: 10_000 } })
    expect(faults.map(fault => [fault.field, fault.tab])).toEqual([['code', 'source'], ['files.0.name', 'files'], ['env.1A', 'environment'], ['limits.wall_ms', 'limits']])
    expect(faults.at(-1)?.message).toBe('This server allows at most 1 m.')
  })

  it('is also a variable that is there twice', () => {
    const draft = { ...newDraft('python'), env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }] }
    expect(judgeDraft(draft, {})).toEqual([{ field: 'env', tab: 'environment', message: 'A is there twice' }])
  })
})

describe('the form of limits', () => {
  it('gives back every value that was asked for, in whatever unit it is typed', () => {
    fc.assert(fc.property(limits, (wished) => {
      for (const name of CODE_LIMIT_NAMES) expect(readLimit(name, typeLimit(name, wished[name]))).toBe(wished[name])
    }))
  })

  it('says the default and the bounds in words', () => {
    expect(limitHelp('memory_bytes', {})).toBe('Empty: 256 MiB. From 16 MiB to 4 GiB.')
    expect(limitHelp('wall_ms', { wall_ms: { min: 10, max: 60_000, default: 10_000 } })).toBe('Empty: 10 s. From 10 ms to 1 m.')
    expect(limitFault('processes', 0, {})).toBe('Must be from 1 to 512.')
    expect(limitFault('processes', undefined, {})).toBeUndefined()
  })
})
