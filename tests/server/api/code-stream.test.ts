import { describe, expect, it } from 'vitest'
import { CodeOutputChunk } from '#shared/schemas/code.ts'
import { Execution, JobOutputFrame } from '#shared/schemas/execution.ts'
import { openSocket } from '../../support/socket.ts'
import { call, product, send } from '../../support/shared-product.ts'
import { readStream, submit, useCodeWorker, type StreamEvent } from '../../support/code.ts'
import { until } from '../../support/until.ts'

useCodeWorker()
const LINES = 'for i in 1 2 3 4 5 6; do echo "line $i"; echo "oh $i" >&2; sleep 0.2; done'
const pathOf = (id: string) => `/api/v1/public/jobs/${id}/stream`
/** What was told of a stream, put together by the places the chunks name. */
function told(chunks: CodeOutputChunk[], stream: 'stdout' | 'stderr'): string {
  const bytes = Buffer.alloc(Math.max(0, ...chunks.filter(each => each.stream === stream).map(each => each.offset + Buffer.byteLength(each.data, each.encoding))))
  for (const each of chunks.filter(chunk => chunk.stream === stream)) bytes.write(each.data, each.offset, each.encoding)
  return bytes.toString()
}
const chunksOf = (events: StreamEvent[]) => events.filter(each => each.event === 'output').map(each => CodeOutputChunk.parse(each.data))
const states = (events: StreamEvent[]) => events.filter(each => each.event === 'status').map(each => each.data.state)
const [STDOUT, STDERR] = ['line', 'oh'].map(word => [1, 2, 3, 4, 5, 6].map(n => `${word} ${n}\n`).join(''))

describe('the stream of an execution', () => {
  it('tells its states, what it prints while it runs, and ends with its result', async () => {
    const id = await submit({ code: LINES })
    const cameAt = new Map<string, number>()
    const events = await readStream(pathOf(id), ({ event }) => { if (!cameAt.has(event)) cameAt.set(event, performance.now()) })
    expect(states(events).at(-1)).toBe('completed')
    expect(told(chunksOf(events), 'stdout')).toBe(STDOUT)
    expect(told(chunksOf(events), 'stderr')).toBe(STDERR)
    expect(events.at(-1)!.event).toBe('result')
    expect(Execution.parse(events.at(-1)!.data)).toMatchObject({ job_id: id, status: 'completed', stdout: STDOUT })
    expect(cameAt.get('result')! - cameAt.get('output')!).toBeGreaterThan(500)
  })

  it('tells a late watcher everything from the first byte on, and others nothing twice', async () => {
    const id = await submit({ code: LINES })
    const early = readStream(pathOf(id))
    await new Promise(resolve => setTimeout(resolve, 600))
    const [first, second] = await Promise.all([early, readStream(pathOf(id))])
    for (const events of [first, second]) {
      expect(told(chunksOf(events), 'stdout')).toBe(STDOUT)
      const places = chunksOf(events).map(chunk => `${chunk.stream} ${chunk.offset}`)
      expect(new Set(places).size).toBe(places.length)
    }
  })

  it('of a job that is over tells its state and result, and ends', async () => {
    const id = await submit({ code: 'echo done' })
    await call('GET /api/v1/public/jobs/:job_id', { params: { job_id: id }, query: { wait: 20 } })
    const events = await readStream(pathOf(id))
    expect(events.map(each => each.event)).toEqual(['status', 'result'])
  })

  it('is not held up by a reader that has gone', async () => {
    const id = await submit({ code: 'sleep 0.5; echo still here' })
    const gone = new AbortController()
    await fetch(new URL(pathOf(id), product().url), { signal: gone.signal })
    gone.abort()
    expect((await readStream(pathOf(id))).at(-1)!.data).toMatchObject({ status: 'completed', stdout: 'still here\n' })
  })

  it('refuses more streams than an organization may have, and frees the places of those that ended', async () => {
    const id = await submit({ code: 'sleep 4' })
    const all = new AbortController()
    const opened = await Promise.all(Array.from({ length: 205 }, () => fetch(new URL(pathOf(id), product().url), { signal: all.signal })))
    const refused = opened.filter(each => each.status === 429)
    expect(opened.length - refused.length).toBeGreaterThan(100)
    expect(refused.length).toBeGreaterThanOrEqual(5)
    expect(await refused[0]!.json()).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' })
    all.abort()
    await until(async () => (await send(pathOf(id))).status === 200, { what: 'a free place' })
  })
})

describe('GET /api/ws?job_id= of an execution', () => {
  it('tells what it prints between its states', async () => {
    const id = await submit({ code: LINES })
    const socket = await openSocket(product().url, `/api/ws?job_id=${id}`)
    await socket.next(frame => frame.type === 'job_status' && frame.status === 'completed', 15)
    const output = () => socket.frames.filter(frame => frame.type === 'job_output').map(frame => JobOutputFrame.parse(frame))
    await until(() => told(output(), 'stdout') === STDOUT, { what: 'all of its output' })
    expect(told(output(), 'stderr')).toBe(STDERR)
    expect(output().every(frame => frame.job_id === id)).toBe(true)
    const at = socket.frames.findIndex(frame => frame.type === 'job_output')
    expect(at).toBeLessThan(socket.frames.findIndex(frame => frame.status === 'completed'))
    socket.close()
  })
})
