import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OutputPart } from '#server/infra/tell-output.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'

let folder: string
let process_: typeof import('../../../workers/processors/code-execution.ts').default
let close: () => Promise<void>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bespin-data-'))
  process.env['BESPIN_DATA_DIR'] = folder
  process_ = (await import('../../../workers/processors/code-execution.ts')).default
  close = async () => (await import('#server/domain/code/open-runner.ts')).openRunner().then(runner => runner.close())
})
afterAll(async () => {
  await close()
  await rm(folder, { recursive: true, force: true })
})

function attempt(payload: CodeExecutionPayload, signal = new AbortController().signal) {
  const parts: OutputPart[] = []
  const context = { payload, signal, progress: () => {}, log: () => {}, output: (part: OutputPart) => void parts.push(part), run: 1, failures: 0 }
  return process_(context).then(outcome => ({ outcome, parts }))
}

it('completes a job whose program failed: that is its result', async () => {
  const { outcome, parts } = await attempt({ language: 'bash', code: 'echo told; exit 3' })
  expect(outcome).toMatchObject({ kind: 'ok', result: { status: 'nonzero_exit', run: { exit_code: 3, stdout: 'told\n' } } })
  expect(parts).toEqual([{ stage: 'run', input: null, stream: 'stdout', offset: 0, data: 'told\n', encoding: 'utf8' }])
})

it('answers a stop with the end of the whole tree, not with a result', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 200)
  const began = performance.now()
  const { outcome } = await attempt({ language: 'bash', code: 'sleep 60 & sleep 60' }, stop.signal)
  expect(outcome.kind).toBe('cancel')
  expect(performance.now() - began).toBeLessThan(1500)
})

it('retries where the language is missing: another worker may have it', async () => {
  expect((await attempt({ language: 'cobol', code: 'x' })).outcome).toMatchObject({ kind: 'fail', retryable: true, error: expect.stringContaining('cobol') as string })
})
