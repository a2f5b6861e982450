import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createOutsidePool, type OutsidePool, type OutsideTask } from '../../../workers/outside/pool.ts'
import { processSpawner, threadSpawner, type Outsider, type OutsiderEvents, type Spawn } from '../../../workers/outside/spawn.ts'
import { until } from '../../support/until.ts'

type Payload = Record<string, unknown>
const MEMORY_MB = 64

describe.each([
  { kind: 'threads', spawner: threadSpawner, type: 'drill-thread' as const },
  // Node tells at length that a process ran out of memory; here that is on purpose.
  { kind: 'processes', spawner: (memoryMb: number) => processSpawner(memoryMb, 'ignore'), type: 'drill-process' as const },
])('a pool of $kind', ({ spawner, type }) => {
  let pool: OutsidePool
  let started: Outsider[]
  afterEach(() => pool.close())

  const make = (size: number) => {
    started = []
    const spawn: Spawn = (events: OutsiderEvents) => {
      const outsider = spawner(MEMORY_MB)(events)
      started.push(outsider)
      return outsider
    }
    pool = createOutsidePool({ spawn, size, memoryMb: MEMORY_MB })
  }
  const run = (payload: Payload, more: Partial<OutsideTask> = {}) =>
    pool.run({ type, payload, run: 1, failures: 0, onStart: () => {}, progress: () => {}, log: () => {}, ...more })
  /** Runs and answers once it is really under way. */
  const runUntilLogged = async (payload: Payload) => {
    const lines: string[] = []
    const running = run({ log: ['under way'], ...payload }, { log: text => lines.push(text) })
    await until(() => lines.length > 0, { what: 'the first line' })
    return running
  }

  it('starts nothing before it is needed, and uses what it started again', async () => {
    make(2)
    expect(started).toHaveLength(0)
    for (let n = 0; n < 5; n++) expect(await run({}).outcome).toEqual({ kind: 'ok', result: { ok: true } })
    expect(started).toHaveLength(1)
  })

  it('starts at most as many as it has places; the other runs wait for their turn', async () => {
    make(2)
    const order: number[] = []
    await Promise.all(Array.from({ length: 6 }, (_, n) => run({ sleep_ms: 30 }, { onStart: () => order.push(n) }).outcome))
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    expect(started).toHaveLength(2)
  })

  it('passes on what the processor logs and how far it is, in order', async () => {
    make(1)
    const [lines, shares]: [string[], number[]] = [[], []]
    await run({ log: ['one', 'two'], sleep_ms: 50, progress: true }, { log: text => lines.push(text), progress: share => shares.push(share) }).outcome
    expect(lines).toEqual(['one', 'two'])
    expect(shares).toHaveLength(10)
    expect(shares.at(-1)).toBe(1)
  })

  it('answers what a processor throws as a failure, an Error or not', async () => {
    make(1)
    expect(await run({ throw: 'error' }).outcome).toEqual({ kind: 'fail', error: 'This is failure 1 of a drill.' })
    expect(await run({ throw: 'text' }).outcome).toEqual({ kind: 'fail', error: 'This is failure 1 of a drill.' })
    expect(started).toHaveLength(1)
  })

  it('says of a run that ends its own place that it crashed, and how', async () => {
    make(1)
    expect(await run({ exit: true }).outcome).toEqual({ kind: 'crash', error: expect.stringMatching(/ended: exit code 1/) })
  })

  it('says of a run that takes too much memory that it crashed, and why', async () => {
    make(1)
    expect(await run({ leak_mb: 1000 }).outcome).toEqual({ kind: 'crash', error: expect.stringMatching(new RegExp(`more than its ${MEMORY_MB} MiB`)) })
  })

  it('ends only the run that crashes: its neighbours and those that come after it go on', async () => {
    make(2)
    const outcomes = await Promise.all([run({ sleep_ms: 300 }), run({ exit: true }), run({}), run({})].map(each => each.outcome))
    expect(outcomes.map(outcome => outcome.kind)).toEqual(['ok', 'crash', 'ok', 'ok'])
  })

  it('blames nobody for what an earlier run of its place may have done: it is tried again in a fresh one', async () => {
    make(1)
    await run({}).outcome
    let starts = 0
    expect(await run({ exit: true }, { onStart: () => starts++ }).outcome).toMatchObject({ kind: 'crash' })
    expect(starts).toBe(2)
    expect(started).toHaveLength(2)
  })

  it('replaces a place that keeps much memory', async () => {
    make(1)
    await run({ leak_mb: MEMORY_MB * 0.6 }).outcome
    await run({}).outcome
    expect(started).toHaveLength(2)
  })

  it('stops a run that listens to its signal, and keeps its place', async () => {
    make(1)
    const running = await runUntilLogged({ sleep_ms: 60_000 })
    running.abort('enough')
    expect(await running.outcome).toMatchObject({ kind: 'fail' })
    await run({}).outcome
    expect(started).toHaveLength(1)
  })

  it.each([['hangs', { hang: true }], ['blocks', { block_ms: 60_000 }]])('ends a run by force that %s, whatever it is told, and fills its place', async (_, payload) => {
    make(1)
    const running = await runUntilLogged(payload)
    running.abort('enough')
    running.force({ kind: 'cancel', reason: 'by force' })
    expect(await running.outcome).toEqual({ kind: 'cancel', reason: 'by force' })
    expect(await run({}).outcome).toMatchObject({ kind: 'ok' })
    expect(started).toHaveLength(2)
  })

  it('takes a run that still waits for its turn out of the line', async () => {
    make(1)
    const first = await runUntilLogged({ sleep_ms: 60_000 })
    const second = run({})
    second.force({ kind: 'hand-back' })
    expect(await second.outcome).toEqual({ kind: 'hand-back' })
    first.force({ kind: 'hand-back' })
  })
})

describe('a pool whose threads cannot be started', () => {
  it('puts its runs off instead of counting anything against them', async () => {
    const spawn: Spawn = ({ onEnd }) => {
      setImmediate(() => onEnd('The process of this job ended: spawn EAGAIN.'))
      return { send: () => {}, kill: () => {} }
    }
    const pool = createOutsidePool({ spawn, size: 1, memoryMb: MEMORY_MB })
    const { outcome } = pool.run({ type: 'drill-process', payload: {}, run: 1, failures: 0, onStart: () => {}, progress: () => {}, log: () => {} })
    expect(await outcome).toMatchObject({ kind: 'snooze' })
  })
})

describe.skipIf(process.platform !== 'linux')('a child process', () => {
  it('is given nothing of our environment', async () => {
    process.env.BESPIN_TESTED_SECRET = 'not-for-children'
    const pool = createOutsidePool({ spawn: processSpawner(MEMORY_MB), size: 1, memoryMb: MEMORY_MB })
    try {
      await pool.run({ type: 'drill-process', payload: {}, run: 1, failures: 0, onStart: () => {}, progress: () => {}, log: () => {} }).outcome
      const environments = await environmentsOfChildren()
      expect(environments.join('\n')).toContain('PATH=')
      expect(environments.join('\n')).not.toContain('not-for-children')
    }
    finally {
      pool.close()
      delete process.env.BESPIN_TESTED_SECRET
    }
  })
})

async function environmentsOfChildren(): Promise<string[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return Promise.all(children.trim().split(' ').map(pid => readFile(`/proc/${pid}/environ`, 'utf8')))
}
