import { describe, expect, it, vi } from 'vitest'
import { claimedJob } from '../factories/claimed-job.ts'
import { runInline } from '../../workers/run-inline.ts'
import { cancelRuns, closeRun, openRun, outcomeOf, stopAllRuns, stopRun, type Run } from '../../workers/running-runs.ts'
import type { Processor, ProcessorContext } from '../../workers/processor.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'

/** Runs a processor as a worker does, to the outcome of its run. */
async function runToEnd(run: Run, processor: Processor): Promise<Outcome> {
  const outcome = outcomeOf(run, await runInline(run, processor, run.job.payload))
  closeRun(run)
  return outcome
}
const untilAborted = ({ signal }: ProcessorContext<unknown>) => new Promise<Outcome>((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason as Error))
})
const forever = () => new Promise<Outcome>(() => {})

describe('a processor on the worker\'s own event loop', () => {
  it('gets its payload, the number of its run and its failures', async () => {
    const run = openRun(claimedJob({ payload: { a: 1 }, run: 4, failures: 2 }))
    const outcome = await runToEnd(run, async ({ payload, run, failures }) => ({ kind: 'ok', result: { payload, run, failures } }))
    expect(outcome).toEqual({ kind: 'ok', result: { payload: { a: 1 }, run: 4, failures: 2 } })
  })

  it.each([
    ['an Error', () => new Error('boom'), 'boom'],
    ['an Error without a message', () => new TypeError(), 'TypeError'],
    ['a text', () => 'boom', 'boom'],
    ['nothing', () => undefined, 'undefined'],
    ['an object', () => ({ code: 7 }), '{ code: 7 }'],
    ['an object without a prototype', () => Object.create(null) as object, '[Object: null prototype] {}'],
    ['an object that refuses to be read', () => new Proxy(new Error('x'), { get() { throw new Error('no') } }), 'Something was thrown that cannot be described.'],
  ])('that throws %s fails with a text for it', async (_, make, text) => {
    expect(await runToEnd(openRun(claimedJob()), async () => { throw make() })).toEqual({ kind: 'fail', error: text })
    expect(await runToEnd(openRun(claimedJob()), () => { throw make() })).toEqual({ kind: 'fail', error: text })
  })

  it.each([[undefined], [null], ['done'], [{}], [{ kind: 'crash', error: 'x' }], [{ kind: 'hand-back' }]])('that answers %j fails for good and says so', async (answer) => {
    const outcome = await runToEnd(openRun(claimedJob()), (async () => answer) as never)
    expect(outcome).toEqual({ kind: 'fail', error: expect.stringMatching(/^The processor answered something other than/), retryable: false })
  })
})

describe('a run that is asked to stop', () => {
  it.each([
    ['cancel' as const, { kind: 'cancel', reason: 'Cancelled on request.' }],
    ['drain' as const, { kind: 'hand-back' }],
    ['timeout' as const, { kind: 'fail', error: 'The job ran longer than its timeout of 60 s.' }],
  ])('(%s) ends at once when its processor listens to the signal', async (reason, expected) => {
    const run = openRun(claimedJob())
    const running = runToEnd(run, untilAborted)
    stopRun(run, reason)
    expect(await running).toEqual(expected)
  })

  it('is ended by force when its processor does not listen, and what that says later is not heard', async () => {
    const run = openRun(claimedJob())
    const late = Promise.withResolvers<Outcome>()
    let context: ProcessorContext<unknown> | undefined
    const running = runToEnd(run, (given) => {
      context = given
      return late.promise
    })
    stopRun(run, 'cancel')
    expect(await running).toEqual({ kind: 'cancel', reason: 'Cancelled on request.' })
    late.resolve({ kind: 'ok', result: 1 })
    expect(context!.signal.aborted).toBe(true)
    expect(() => context!.progress(1)).not.toThrow()
    expect(await running).toMatchObject({ kind: 'cancel' })
  })

  it('keeps what it answers all the same, except when its time was up', async () => {
    for (const [reason, kind] of [['cancel', 'ok'], ['drain', 'ok'], ['timeout', 'fail']] as const) {
      const run = openRun(claimedJob())
      const answer = Promise.withResolvers<Outcome>()
      const running = runToEnd(run, () => answer.promise)
      stopRun(run, reason)
      answer.resolve({ kind: 'ok', result: 'done' })
      expect(await running, reason).toMatchObject({ kind })
    }
  })

  it('shows an aborted signal also to a processor that asks for it only then', async () => {
    const run = openRun(claimedJob())
    const go = Promise.withResolvers<null>()
    const running = runToEnd(run, async (context) => {
      await go.promise
      return { kind: 'ok', result: context.signal.aborted }
    })
    stopRun(run, 'cancel')
    go.resolve(null)
    expect(await running).toEqual({ kind: 'ok', result: true })
  })

  it('stops for the reason that came first', async () => {
    const run = openRun(claimedJob())
    const running = runToEnd(run, untilAborted)
    stopRun(run, 'cancel')
    stopRun(run, 'drain')
    expect(await running).toMatchObject({ kind: 'cancel' })
  })
})

describe('the runs of a worker', () => {
  it('are cancelled by the ids of their jobs, and no others', async () => {
    const [one, two] = [openRun(claimedJob()), openRun(claimedJob())]
    const ends = [runToEnd(one, untilAborted), runToEnd(two, untilAborted)]
    cancelRuns([two.job.id, crypto.randomUUID()])
    expect(await ends[1]).toMatchObject({ kind: 'cancel' })
    expect(one.stop).toBeUndefined()
    stopAllRuns()
    expect(await ends[0]).toEqual({ kind: 'hand-back' })
  })

  it('are stopped when their time is up, whatever their processors do', async () => {
    const run = openRun(claimedJob({ timeoutSeconds: 0.05 }))
    expect(await runToEnd(run, forever)).toEqual({ kind: 'fail', error: 'The job ran longer than its timeout of 0.05 s.' })
  })

  it('make no abort controller for a processor that does not ask for a signal', async () => {
    const made = vi.spyOn(globalThis, 'AbortController')
    await runToEnd(openRun(claimedJob()), async () => ({ kind: 'ok', result: 1 }))
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
  })
})
