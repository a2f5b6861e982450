import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import type { CodeOutputChunk } from '#shared/schemas/code.ts'
import type { OutputPart } from '#server/infra/tell-output.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
const said = (chunks: CodeOutputChunk[], stream = 'stdout') =>
  Buffer.concat(chunks.filter(chunk => chunk.stream === stream).map(chunk => Buffer.from(chunk.data, chunk.encoding))).toString('utf8')

/** What both carriers of the bus owe to who watches. `open` points the configuration at one. */
function outputContract(open: () => Promise<{ env: Record<string, string>, close(): Promise<void> }>): void {
  let carrier: Awaited<ReturnType<typeof open>>
  let watchOutput: typeof import('#server/infra/watch-output.ts').watchOutput
  let tell: typeof import('#server/infra/tell-output.ts')
  let bus: typeof import('#server/infra/live-bus.ts')
  let endListening: () => Promise<void>
  const stops: (() => void)[] = []

  beforeAll(async () => {
    carrier = await open()
    Object.assign(process.env, { LOG_LEVEL: 'error' }, carrier.env)
    vi.resetModules()
    watchOutput = (await import('#server/infra/watch-output.ts')).watchOutput
    tell = await import('#server/infra/tell-output.ts')
    bus = await import('#server/infra/live-bus.ts')
    // As the worker does.
    endListening = bus.subscribe('bespin_control', { onItems: (topic, items) => { if (topic === 'watches') tell.hearWatches(items as never) }, onResync: () => {} })
    await sleep(300)
  })
  afterAll(async () => {
    for (const stop of stops) stop()
    await endListening?.()
    await bus?.closeLiveBus()
    await (await import('#server/infra/database.ts')).closeDatabase()
    await carrier?.close()
  })

  const printer = (jobId: string, run = 1) => {
    const offsets = { stdout: 0, stderr: 0 }
    const output = tell.openOutput({ jobId, organizationId: ORGANIZATION, run })
    const print = (text: string, more: Partial<OutputPart> = {}) => {
      const stream = more.stream ?? 'stdout'
      output.add({ input: null, stage: 'run', stream, offset: offsets[stream], data: text, encoding: 'utf8', ...more })
      offsets[stream] += Buffer.byteLength(text, more.encoding ?? 'utf8')
    }
    return { print, close: output.close }
  }
  const watch = (jobId: string, organizationId = ORGANIZATION) => {
    const chunks: CodeOutputChunk[] = []
    const stop = watchOutput(jobId, organizationId, chunk => chunks.push(chunk))
    stops.push(stop)
    return { chunks, stop }
  }

  it('brings what is printed to who watched before the job ran, streams told apart', async () => {
    const job = uuidv7()
    const { chunks } = watch(job)
    await sleep(300)
    const program = printer(job)
    program.print('one\n')
    program.print('oh\n', { stream: 'stderr' })
    program.print('two\n')
    await until(() => said(chunks) === 'one\ntwo\n' && said(chunks, 'stderr') === 'oh\n', { what: 'the output' })
    expect(chunks[0]).toEqual({ job_id: job, run: 1, input: null, stage: 'run', stream: 'stdout', offset: 0, data: 'one\n', encoding: 'utf8' })
    await program.close()
  })

  it('brings all of it, once and in order, to who comes late, and nothing twice to who was there', async () => {
    const job = uuidv7()
    const program = printer(job)
    program.print('before anybody watched\n')
    const early = watch(job)
    await until(() => said(early.chunks).length > 0, { what: 'the first output' })
    program.print('in between\n')
    const late = watch(job)
    await until(() => said(late.chunks).includes('in between'), { what: 'the replay' })
    program.print('at last\n')
    const whole = 'before anybody watched\nin between\nat last\n'
    await until(() => said(early.chunks) === whole && said(late.chunks) === whole, { what: 'all of it at both' })
    await sleep(100)
    expect([said(early.chunks), said(late.chunks)]).toEqual([whole, whole])
    await program.close()
  })

  it('carries a flood of everything that text can hold, in messages that fit', async () => {
    const job = uuidv7()
    const { chunks } = watch(job)
    const program = printer(job)
    const text = Array.from({ length: 40_000 }, (_, n) => ['plain ', 'ä', '€', '😀', '\u001B[31m', '"\\'][n % 6]).join('')
    const bytes = Buffer.alloc(100_000, 0xFF)
    program.print(text)
    program.print(bytes.toString('base64'), { stream: 'stderr', encoding: 'base64' })
    for (let n = 0; n < 1000; n++) program.print(`${n}\n`)
    const all = text + Array.from({ length: 1000 }, (_, n) => `${n}\n`).join('')
    await until(() => said(chunks).length === all.length, { what: 'the flood' })
    await until(() => chunks.filter(chunk => chunk.stream === 'stderr').reduce((sum, chunk) => sum + Buffer.from(chunk.data, 'base64').length, 0) === bytes.length, { what: 'the bytes' })
    expect(said(chunks)).toBe(all)
    await program.close()
  })

  it('ends with everything told', async () => {
    const job = uuidv7()
    const { chunks } = watch(job)
    const program = printer(job)
    program.print('first ')
    await until(() => chunks.length > 0, { what: 'the first output' })
    program.print('last')
    await program.close()
    await until(() => said(chunks) === 'first last', { seconds: 2, what: 'the last word' })
  })

  it('tells nothing to another organization', async () => {
    const job = uuidv7()
    const [own, other] = [watch(job), watch(job, uuidv7())]
    const program = printer(job)
    program.print('secret')
    await until(() => said(own.chunks) === 'secret', { what: 'the output' })
    await sleep(100)
    expect(other.chunks).toEqual([])
    await program.close()
  })

  it('is heard within 50 ms', async () => {
    const job = uuidv7()
    const { chunks } = watch(job)
    const program = printer(job)
    program.print('.')
    await until(() => chunks.length > 0, { what: 'the first output' })
    const waits: number[] = []
    for (let n = 1; n <= 20; n++) {
      await sleep(30)
      const from = performance.now()
      program.print('.')
      while (said(chunks).length <= n) await sleep(1)
      waits.push(performance.now() - from)
    }
    expect(waits.toSorted((a, b) => a - b)[10]).toBeLessThan(50)
    await program.close()
  })
}

describe('output of running code over LISTEN and NOTIFY', () => {
  outputContract(async () => {
    const database: TestDatabase = await createTestDatabase()
    return { env: { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres' }, close: () => database.drop() }
  })
})

describe.skipIf(!hasRedis)('output of running code over Redis (needs redis-server)', () => {
  outputContract(async () => {
    const redis: TestRedis = await startTestRedis()
    return { env: { REDIS_URL: redis.url, BESPIN_BELT: 'redis' }, close: () => redis.stop() }
  })
})
