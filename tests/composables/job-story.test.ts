import { describe, expect, it } from 'vitest'
import { whatIsGoingOn } from '../../composables/job-sentence.ts'
import { timelineParts, timelineShares, timelineTotals } from '../../composables/job-timeline.ts'
import { storySteps } from '../../composables/story-steps.ts'
import type { Attempt } from '../../shared/schemas/event.ts'
import type { Job } from '../../shared/schemas/job.ts'

const START = Date.parse('2026-11-21T06:00:00.000Z')
const at = (ms: number) => new Date(START + ms).toISOString()
const job = (over: Partial<Job> = {}): Job => ({
  id: '0197c4d2-0000-7000-8000-000000000001', organization_id: '0197c4d2-0000-7000-8000-000000000002', queue_name: 'random-text', job_type: 'random-text',
  status: 'pending', state: 'pending', priority: 0, attempt: 0, retry_count: 0, max_retries: 3, progress: 0, last_error: null, error_group: null, created_at: at(0), scheduled_at: null,
  started_at: null, completed_at: null, next_retry_at: null, expires_at: null, cancel_requested_at: null, updated_at: at(0), payload: {}, result: null,
  tags: null, backoff: null, crashes: 0, snoozes: 0, timeout_seconds: 300, idempotency_key: null, ordering_key: null, concurrency_key: null, assigned_worker_id: null, ...over,
})

const attempt = (run: number, from: number, to: number | null, outcome: Attempt['outcome'] = 'failed'): Attempt => ({
  run, outcome, error: null, error_group: null, worker_id: null, started_at: at(from), finished_at: to === null ? null : at(to), duration_ms: to === null ? null : to - from, worker_name: null, worker_version: null,
})

describe('the sentence that says what is going on', () => {
  it('says how long a completed job waited and ran', () => {
    expect(whatIsGoingOn(job({ state: 'completed', attempt: 1, started_at: at(12), completed_at: at(52) }), START + 60_000)).toBe('Completed in 40 ms after waiting 12 ms.')
  })
  it('says why a job waits in the words of the server', () => {
    const waiting = { code: 'retry' as const, text: `Retries at ${at(12_000)}, after failure 3 of 6 allowed: HTTP 503 from the receiver`, until: at(12_000) }
    expect(whatIsGoingOn(job({ state: 'retrying', waiting }), START)).toMatch(/^Retries at \d\d:\d\d:12 \(in 12 s\), after failure 3 of 6 allowed: HTTP 503 from the receiver$/)
    expect(whatIsGoingOn(job(), START)).toBe('Waiting.')
  })
  it('counts a planned start from the planned time, not from creation', () => {
    expect(whatIsGoingOn(job({ state: 'completed', attempt: 1, scheduled_at: at(60_000), started_at: at(60_005), completed_at: at(60_010) }), START)).toBe('Completed in 5 ms after waiting 5 ms.')
  })
  it('says how far a running job is', () => {
    expect(whatIsGoingOn(job({ state: 'running', attempt: 1, progress: 0.4, started_at: at(0) }), START + 3000)).toBe('Running for 3 s, attempt 1 of 4, 40 % done.')
  })
  it('says that a running job was told to stop, by whom and why', () => {
    const told = whatIsGoingOn(job({ state: 'running', attempt: 1, started_at: at(0), cancel_requested_at: at(3000) }), START + 4000, { cancelled: { at: at(3000), actor: 'ada', reason: 'wrong customer' } })
    expect(told).toContain('Was told to stop by ada 1 s ago: wrong customer.')
  })
  it('does not count a run beyond the attempts there are', () => {
    expect(whatIsGoingOn(job({ state: 'running', attempt: 9, max_retries: 3, started_at: at(0) }), START + 1000)).toBe('Running for 1 s, run 9.')
  })
  it('says that a job expired, and before what', () => {
    expect(whatIsGoingOn(job({ state: 'expired', completed_at: at(0) }), START + 5000)).toBe('Expired 5 s ago: its time was over before it could start.')
  })
  it('says why a job failed for good', () => {
    expect(whatIsGoingOn(job({ state: 'failed', attempt: 4, last_error: 'no' }), START)).toBe('Failed after 4 attempts: no')
  })
})

describe('the timeline', () => {
  it('draws waiting and running to scale', () => {
    const parts = timelineParts(job({ state: 'completed', attempt: 1, started_at: at(12), completed_at: at(52) }), START + 60_000)
    expect(parts.map(part => [part.name, part.ms])).toEqual([['Waited', 12], ['Ran', 40]])
  })
  it('lets what still goes on grow with the clock', () => {
    const [, ran] = timelineParts(job({ state: 'running', attempt: 1, started_at: at(10) }), START + 1010)
    expect(ran).toMatchObject({ name: 'Ran', ms: 1000, isOpen: true })
  })
  it('tells the time before a planned start from the wait for a worker', () => {
    const parts = timelineParts(job({ state: 'completed', attempt: 1, scheduled_at: at(1000), started_at: at(1005), completed_at: at(1010) }), START + 5000)
    expect(parts.map(part => [part.name, part.ms])).toEqual([['Planned', 1000], ['Waited', 5], ['Ran', 5]])
  })
  it('shows a job that was cancelled before it started as waiting only', () => {
    expect(timelineParts(job({ state: 'cancelled', completed_at: at(300) }), START + 5000).map(part => [part.name, part.ms, part.isOpen])).toEqual([['Waited', 300, false]])
  })
  it('draws every run and the waits between them, those after a failure apart', () => {
    const parts = timelineParts(job({ state: 'completed', attempt: 2, started_at: at(1000), completed_at: at(1040) }), START + 5000, [attempt(2, 1000, 1040, 'completed'), attempt(1, 10, 30)])
    expect(parts.map(part => [part.name, part.tone, part.ms])).toEqual([['Waited', 'waited', 10], ['Ran', 'failed', 20], ['Waited', 'retry', 970], ['Ran', 'completed', 40]])
  })
  it('takes the last run from the job while the attempts do not know it yet', () => {
    const parts = timelineParts(job({ state: 'running', attempt: 2, started_at: at(100) }), START + 300, [attempt(1, 10, 30)])
    expect(parts.map(part => [part.name, part.ms, part.isOpen])).toEqual([['Waited', 10, false], ['Ran', 20, false], ['Waited', 70, false], ['Ran', 200, true]])
  })
  it('sums up what was the same', () => {
    const parts = timelineParts(job({ state: 'retrying', attempt: 2, started_at: at(100) }), START + 1000, [attempt(1, 10, 30), attempt(2, 100, 150)])
    expect(timelineTotals(parts).map(part => [part.name, part.ms, part.isOpen])).toEqual([['Waited', 930, true], ['Ran', 70, false]])
  })
})

describe('the widths of the timeline', () => {
  const parts = (...ms: number[]) => ms.map((length, index) => ({ name: index % 2 ? 'Ran' as const : 'Waited' as const, tone: 'waited' as const, ms: length, isOpen: false, from: 0, to: length }))
  it('are to scale where every stretch can be seen', () => {
    expect(timelineShares(parts(100, 300))).toEqual({ shares: [0.25, 0.75], isToScale: true })
  })
  it('keep a run of a millisecond visible beside a wait of a day, and say that this is not to scale', () => {
    const { shares, isToScale } = timelineShares(parts(86_400_000, 1))
    expect(shares[1]).toBeGreaterThan(0.005)
    expect(isToScale).toBe(false)
  })
  it('are by the logarithm when asked for', () => {
    const { shares } = timelineShares(parts(86_400_000, 1000), true)
    expect(shares[1]! / shares[0]!).toBeGreaterThan(0.3)
  })
  it('add up to the whole for two hundred runs, and for none that took any time', () => {
    for (const each of [parts(...Array.from({ length: 400 }, (_, index) => index * index)), parts(0, 0)]) {
      expect(timelineShares(each).shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
    }
  })
  it('tell the runs before the first known one as one stretch', () => {
    const known = timelineParts(job({ state: 'failed', attempt: 900, started_at: at(5000), completed_at: at(5010) }), START + 9000, [attempt(900, 5000, 5010), attempt(899, 4000, 4100)])
    expect(known.map(part => [part.name, part.ms, part.run])).toEqual([['Earlier runs', 4000, undefined], ['Ran', 100, 899], ['Waited', 900, undefined], ['Ran', 10, 900]])
  })
})

describe('the steps of the story', () => {
  it('keep what somebody said apart from what they did', () => {
    const [, told] = storySteps([
      { at: at(0), kind: 'created', text: 'Created in the queue drill.' },
      { at: at(1500), kind: 'cancel_requested', actor: 'ada', reason: 'wrong: customer', text: 'Told to stop by ada: wrong: customer' },
    ], job({ state: 'running', attempt: 1 }))
    expect(told).toMatchObject({ title: 'Told to stop by ada', reason: 'wrong: customer', tone: 'person', afterMs: 1500, isAhead: false })
  })
  it('end with what is ahead, the nearest first', () => {
    const steps = storySteps([{ at: at(0), kind: 'created', text: 'Created.' }], job({ state: 'retrying', attempt: 1, next_retry_at: at(5000), expires_at: at(4000) }))
    expect(steps.filter(step => step.isAhead).map(step => step.title)).toEqual(['Expires if it has not begun', 'Run 2 starts'])
  })
  it('say nothing of an expiry once the job runs', () => {
    expect(storySteps([], job({ state: 'running', attempt: 1, expires_at: at(4000) }))).toEqual([])
  })
})
