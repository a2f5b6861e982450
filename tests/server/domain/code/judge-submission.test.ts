import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppError } from '#server/domain/app-error.ts'
import { judgeSubmission } from '#server/domain/code/judge-submission.ts'
import { mergeCaps } from '#server/domain/code/merge-caps.ts'
import { mergeRunners } from '#server/domain/code/merge-runners.ts'
import { CODE_BOUNDS, CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import { CodeExecutionPayload } from '#shared/schemas/code.ts'
import { livingRunner, runnerDocument, runtime } from '../../../factories/living-runner.ts'

const SERVER = Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, CODE_LIMITS[name].max])) as CodeLimitValues
const runners = mergeRunners([livingRunner({ runner: runnerDocument({ runtimes: [
  runtime('python', { source_file: 'main.py', aliases: ['py'] }), runtime('go', { source_file: 'main.go', compiled: true }),
] }) })])
type Given = Record<string, unknown>
interface Options { field?: string, organization?: Partial<CodeLimitValues>, with?: typeof runners }

/** As a request is: first its shape, then this judgement. */
const judge = (given: Given, { field, organization = {}, with: court = runners }: Options = {}) =>
  judgeSubmission(CodeExecutionPayload.parse({ language: 'python', code: 'print(1)', ...given }), { runners: court, caps: mergeCaps([SERVER], organization), field })
function refusal(given: Given, options: Options = {}): AppError {
  try {
    judge(given, options)
  }
  catch (error) {
    return error as AppError
  }
  throw new Error('it was not refused')
}
const fieldsOf = (error: AppError) => error.details.map(detail => detail.field)

describe('the language', () => {
  it('is stored by its own name, whichever of its names was given', () => {
    expect(judge({ language: 'PY' }).language).toBe('python')
  })

  it.each(['brainfuck', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'pythön', '../python', 'python\n'])('%j is refused with the names that would do', (language) => {
    expect(refusal({ language })).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field: 'language', message: expect.stringContaining('available: go, python') as string }] })
  })

  it('that is known and installed nowhere is refused with the way to get it', () => {
    expect(refusal({ language: 'lua' })).toMatchObject({ details: [{ field: 'language', code: 'missing_toolchain', message: expect.stringMatching(/Lua is known.*available: go, python.*apt install lua/) as string }] })
  })
})

describe('files', () => {
  const file = (name: string, content = 'x', encoding = 'utf8') => ({ name, content, encoding })
  it('may not share a name, nor take that of the source', () => {
    expect(fieldsOf(refusal({ files: [file('a.txt'), file('b.txt'), file('a.txt'), file('main.py')] }))).toEqual(['files.2.name', 'files.3.name'])
    expect(judge({ language: 'go', code: 'x', files: [file('main.py')] }).files).toHaveLength(1)
  })

  it('may not be where another needs a folder', () => {
    expect(fieldsOf(refusal({ files: [file('data/a/b.txt'), file('data/a')] }))).toEqual(['files.0.name'])
    expect(fieldsOf(refusal({ files: [file('main.py/x')] }))).toEqual(['files.0.name'])
    expect(judge({ files: [file('data/a.txt'), file('data/b.txt')] }).files).toHaveLength(2)
  })

  it.each([['not base64!', 'base64'], ['YQ=', 'base64'], ['YR==', 'base64'], ['YWJj\nYWJj', 'base64'], ['Y', 'base64'], ['abc', 'hex'], ['0x', 'hex'], ['zz', 'hex']])('of %j are refused as %s', (content, encoding) => {
    expect(refusal({ files: [file('a', content, encoding)] })).toMatchObject({ details: [{ field: 'files.0.content', code: 'invalid_encoding' }] })
  })

  it.each([['', 'base64'], ['YQ==', 'base64'], ['YQ', 'base64'], ['+/+/', 'base64'], ['', 'hex'], ['00fF', 'hex']])('of %j are taken as %s', (content, encoding) => {
    expect(judge({ files: [file('a', content, encoding)] }).files).toHaveLength(1)
  })

  it('are measured by what they hold, not by how that is written', () => {
    expect(judge({ files: [file('a', 'ff'.repeat(CODE_BOUNDS.textBytes), 'hex')] }).files).toHaveLength(1)
    expect(refusal({ files: [file('a', 'é'.repeat(CODE_BOUNDS.textBytes / 2 + 1))] })).toMatchObject({ details: [{ field: 'files.0.content', code: 'too_big' }] })
  })
})

describe('inputs and sizes', () => {
  it('refuses stdin and args beside runs, each by its name', () => {
    expect(fieldsOf(refusal({ runs: [{ stdin: 'a' }], stdin: '', args: [] }))).toEqual(['stdin', 'args'])
  })

  it('refuses more than all may have together, naming the field with the largest part', () => {
    const input = { stdin: 'x'.repeat(CODE_BOUNDS.textBytes) }
    expect(refusal({ runs: [input, input, input] })).toMatchObject({ details: [{ field: 'runs', code: 'too_big', message: expect.stringContaining(String(CODE_BOUNDS.totalBytes)) as string }] })
    expect(judge({ runs: [input, input] }).runs).toHaveLength(2)
  })
})

describe('limits', () => {
  it('above a cap are refused with the cap and whose it is', () => {
    expect(refusal({ limits: { wall_ms: 6000, processes: 9 } }, { organization: { wall_ms: 5000 } })).toMatchObject({
      details: [{ field: 'limits.wall_ms', code: 'over_cap', message: 'must be at most 5000 ms, the cap of this organization; 6000 was asked for' }],
    })
  })

  it('up to a cap are kept as they are', () => {
    expect(judge({ limits: { wall_ms: 5000 } }, { organization: { wall_ms: 5000 } }).limits).toEqual({ wall_ms: 5000 })
  })

  it('that nobody asked for are written out where the organization allows less than the default', () => {
    expect(judge({}, { organization: { wall_ms: 5000, cpu_ms: 60_000 } }).limits).toEqual({ wall_ms: 5000 })
    expect(judge({}).limits).toBeUndefined()
  })

  it('may be at most what the least of the processes that judge and run allows', () => {
    expect(mergeCaps([SERVER, { ...SERVER, wall_ms: 7000 }], { wall_ms: 9000, cpu_ms: 100 })).toMatchObject({ wall_ms: { value: 7000, of: 'server' }, cpu_ms: { value: 100, of: 'organization' } })
  })
})

describe('without a code worker that can take it', () => {
  it.each([
    ['none', [], /No code worker is alive.*What to do: make run-code-worker$/],
    ['one that is still proving its sandbox', [livingRunner({ runner: null, takes: false })], /still proving.*Try again/],
    ['one without a proof', [livingRunner({ runner: runnerDocument({ ok: false, reason: 'bubblewrap is not installed', remedy: 'apt install bubblewrap' }), takes: false })], /could prove its sandbox: bubblewrap is not installed\. What to do: apt install bubblewrap$/],
    ['one that drains', [livingRunner({ takes: false })], /code-1 is draining.*resume/],
  ])('%s: refuses with reason and remedy', (_, living, says) => {
    expect(refusal({}, { with: mergeRunners(living) })).toMatchObject({ code: 'SERVICE_UNAVAILABLE', message: expect.stringMatching(says) as string, headers: { 'retry-after': '5' } })
  })

  it('tells first what is wrong with the submission itself', () => {
    expect(fieldsOf(refusal({ files: [{ name: 'a', content: 'x', encoding: 'hex' }] }, { with: mergeRunners([]) }))).toEqual(['files.0.content'])
  })

  it('counts what any of several workers has', () => {
    const other = livingRunner({ runner: runnerDocument({ runtimes: [runtime('lua')], missing: [] }) })
    const { runtimes, missing, trouble } = mergeRunners([livingRunner(), other, livingRunner({ runner: null, takes: false })])
    expect([runtimes.map(each => each.language), missing, trouble]).toEqual([['lua', 'python'], [], null])
  })
})

describe('whatever is sent', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('__proto__', 'python', 'constructor', '..', '/etc/passwd', 'a/../b', 'main.py', '\0', '\ud800', 'ok.txt', ''))
  const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 0, 1e300, Number.NaN, 2 ** 53, '5', null))
  const anySubmission = fc.record({
    language: fc.oneof(anyText, fc.constant('python'), fc.anything()), code: anyText,
    files: fc.oneof(fc.array(fc.record({ name: anyText, content: anyText, encoding: fc.constantFrom('utf8', 'base64', 'hex', 'x') }, { requiredKeys: ['name', 'content'] }), { maxLength: 4 }), fc.anything()),
    limits: fc.oneof(fc.dictionary(fc.constantFrom(...CODE_LIMIT_NAMES, '__proto__', 'x'), anyNumber, { maxKeys: 3 }), fc.constant(undefined)),
    runs: fc.oneof(fc.constant(undefined), fc.array(fc.record({ stdin: anyText, args: fc.array(anyText, { maxLength: 3 }) }), { maxLength: 3 })),
    stdin: fc.option(anyText, { nil: undefined }), env: fc.oneof(fc.constant(undefined), fc.dictionary(anyText, anyText, { maxKeys: 3 })),
  }, { requiredKeys: [] })

  it('is taken as something that fits the shape, names one path per file and keeps the caps; or refused as a validation error that names a field', () => {
    let taken = 0
    fc.assert(fc.property(anySubmission, (submission) => {
      const shape = CodeExecutionPayload.safeParse(submission)
      if (!shape.success) return void expect(shape.error.issues.length).toBeGreaterThan(0)
      try {
        const judged = judgeSubmission(shape.data, { runners, caps: mergeCaps([SERVER], {}) })
        taken++
        expect(CodeExecutionPayload.parse(judged)).toEqual(judged)
        expect(['python', 'go']).toContain(judged.language)
        const names = (judged.files ?? []).map(file => file.name)
        expect(new Set([...names, 'main.py']).size).toBe(names.length + 1)
        expect(names.every(name => !name.startsWith('/') && !name.split('/').includes('..') && !name.includes('\0'))).toBe(true)
      }
      catch (error) {
        expect(error).toMatchObject({ code: 'VALIDATION_ERROR' })
        expect((error as AppError).details.length).toBeGreaterThan(0)
      }
    }), { numRuns: 3000, seed: 20261124 })
    expect(taken).toBeGreaterThan(20)
  })
})
