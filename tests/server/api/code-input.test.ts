import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODE_LIMITS } from '#shared/code-limits.ts'
import { call, ownerPool, send } from '../../support/shared-product.ts'
import { useCodeWorker } from '../../support/code.ts'

useCodeWorker()
const owner = ownerPool()
const countJobs = async () => (await owner.query(`SELECT count(*)::int AS jobs FROM jobs WHERE job_type = 'code-execution' AND payload->>'code' LIKE 'refuse me%'`)).rows[0] as { jobs: number }
const post = (path: string, body: unknown) => send<{ code: string, details: { field: string }[] }>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
const good = { language: 'bash', code: 'refuse me' }
const file = (name: string) => ({ name, content: 'x' })

/** What is wrong, and the field that must be named. */
const BAD: [string, Record<string, unknown>, string][] = [
  ['an unknown language', { language: 'klingon' }, 'language'],
  ['__proto__ as a language', { language: '__proto__' }, 'language'],
  ['constructor as a language', { language: 'constructor' }, 'language'],
  ['a language that is a path', { language: '../../bin/sh' }, 'language'],
  ['a language that is no text', { language: { $ne: 1 } }, 'language'],
  ['an empty source', { code: '' }, 'code'],
  ['a source of 5 MB', { code: 'refuse me'.padEnd(5_000_000, 'x') }, 'code'],
  ['a source with U+0000', { code: 'refuse me\0' }, 'code'],
  ['1,000 files', { files: Array.from({ length: 1000 }, (_, n) => file(`f${n}`)) }, 'files'],
  ['a million files', { files: Array.from({ length: 1_000_000 }, () => 0) }, 'files'],
  ['a million arguments', { args: Array.from({ length: 1_000_000 }, () => '') }, 'args'],
  ['a file above the folder', { files: [file('../x')] }, 'files.0.name'],
  ['a file within above', { files: [file('a/../../x')] }, 'files.0.name'],
  ['an absolute file name', { files: [file('/etc/passwd')] }, 'files.0.name'],
  ['a file name with NUL', { files: [file('a\0b')] }, 'files.0.name'],
  ['a file name of 300 characters', { files: [file('x'.repeat(300))] }, 'files.0.name'],
  ['an empty file name', { files: [file('')] }, 'files.0.name'],
  ['two files of one name', { files: [file('a'), file('a')] }, 'files.1.name'],
  ['a file with the name of the source', { files: [file('main.sh')] }, 'files.0.name'],
  ['a file that is not base64', { files: [{ ...file('a'), content: '%%%', encoding: 'base64' }] }, 'files.0.content'],
  ['an unknown encoding', { files: [{ ...file('a'), encoding: 'rot13' }] }, 'files.0.encoding'],
  ['a negative limit', { limits: { wall_ms: -1 } }, 'limits.wall_ms'],
  ['an absurd limit', { limits: { memory_bytes: 1e300 } }, 'limits.memory_bytes'],
  ['a limit above the cap', { limits: { processes: CODE_LIMITS.processes.max + 1 } }, 'limits.processes'],
  ['half a millisecond', { limits: { wall_ms: 100.5 } }, 'limits.wall_ms'],
  ['stdin beside runs', { stdin: '', runs: [{}] }, 'stdin'],
  ['args beside runs', { args: [], runs: [{}] }, 'args'],
  ['too much together', { runs: Array.from({ length: 4 }, () => ({ stdin: 'x'.repeat(1024 * 1024) })) }, 'runs'],
  ['an environment name with =', { env: { 'A=B': 'x' } }, 'env.A=B'],
]

describe('a bad submission', () => {
  it.each(BAD)('%s is a 400 that names the field, on every way in', async (_, wrong, field) => {
    const before = await countJobs()
    const submission = { ...good, ...wrong }
    for (const [path, body, prefix] of [['/api/v1/public/execute', submission, ''], ['/api/jobs/code-execution', submission, ''], ['/api/v1/jobs', { job_type: 'code-execution', payload: submission }, 'payload.']] as const) {
      const answer = await post(path, body)
      expect(answer.status, `${path} ${answer.text.slice(0, 300)}`).toBe(400)
      expect(answer.body.details.map(detail => detail.field), path).toContain(`${prefix}${field}`)
    }
    expect(await countJobs()).toEqual(before)
  })

  it('with a field that does not exist is refused and the field named', async () => {
    expect(await post('/api/v1/public/execute', { ...good, timeout: 5 })).toMatchObject({ status: 400, body: { message: expect.stringContaining('"timeout"') as string } })
  })

  it.each([['nothing', ''], ['half an object', '{"language":'], ['a list', '[]'], ['null', 'null'], ['bytes that are no text', '\u{ff}\u{fe}']])('that is %s is a 400', async (_, body) => {
    const answer = await send('/api/v1/public/execute', { method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.from(body, 'latin1') })
    expect(answer).toMatchObject({ status: 400, body: { code: expect.stringMatching(/^(INVALID_JSON|VALIDATION_ERROR)$/) as string } })
  })

  it('that is nested without end is a 400', async () => {
    const body = `{"language":"bash","code":"refuse me","stdin":${'['.repeat(500_000)}${']'.repeat(500_000)}}`
    expect(await send('/api/v1/public/execute', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).toMatchObject({ status: 400 })
  })

  it('of more than eight megabytes is a 413', async () => {
    expect(await post('/api/v1/public/execute', { ...good, code: 'x'.repeat(9_000_000) })).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } })
  })
})

describe('any submission at all', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('__proto__', 'bash', 'constructor', '..', '/x', 'main.sh', '\0', '\ud800', ''))
  const anyValue = fc.oneof(anyText, fc.anything({ maxDepth: 2 }), fc.double(), fc.constantFrom(null, -1, 1e308))
  // At least one field is wrong, so that nothing is run.
  const submission = fc.record({
    language: anyValue, files: fc.array(fc.record({ name: anyText, content: anyText, encoding: anyValue }), { maxLength: 3 }),
    limits: fc.dictionary(fc.constantFrom('wall_ms', 'memory_bytes', '__proto__', 'x'), anyValue, { minKeys: 1, maxKeys: 2 }),
    env: fc.dictionary(anyText, anyValue, { maxKeys: 2 }), runs: anyValue, stdin: anyValue,
  }, { requiredKeys: [] }).map(fields => ({ ...good, ...fields, args: -1 }))

  it('is refused as the caller\'s mistake when something is wrong with it, never as ours, and never queued', async () => {
    const before = await countJobs()
    await fc.assert(fc.asyncProperty(submission, async (body) => {
      let json: string
      try { json = JSON.stringify(body) } catch { return }
      const answer = await send('/api/v1/public/execute', { method: 'POST', headers: { 'content-type': 'application/json' }, body: json })
      expect(answer.status, json).toBe(400)
    }), { numRuns: 250 })
    expect(await countJobs()).toEqual(before)
    expect((await call('GET /api/v1/public/status')).status).toBe(200)
  }, 60_000)

  it('of any bytes is answered with a 4xx', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x'), async (bytes, type) => {
      const answer = await send('/api/v1/public/execute', { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(bytes) })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    }), { numRuns: 150 })
  })
})
