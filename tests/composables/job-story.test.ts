import { describe, expect, it } from 'vitest'
import { whatIsGoingOn } from '../../composables/job-sentence.ts'
import { timelineParts, timelinePoints } from '../../composables/job-timeline.ts'
import type { Job } from '../../shared/schemas/job.ts'

const START = Date.parse('2026-11-21T06:00:00.000Z')
const at = (ms: number) => new Date(START + ms).toISOString()
const job = (over: Partial<Job> = {}): Job => ({
  id: '0197c4d2-0000-7000-8000-000000000001', organization_id: '0197c4d2-0000-7000-8000-000000000002', queue_name: 'random-text', job_type: 'random-text',
  status: 'pending', state: 'pending', priority: 0, attempt: 0, retry_count: 0, max_retries: 3, progress: 0, last_error: null, created_at: at(0), scheduled_at: null,
  started_at: null, completed_at: null, next_retry_at: null, updated_at: at(0), payload: {}, result: null, tags: null, timeout_seconds: 300, idempotency_key: null,
  assigned_worker_id: null, ...over,
})

describe('the sentence that says what is going on', () => {
  it('says how long a completed job waited and ran', () => {
    expect(whatIsGoingOn(job({ state: 'completed', attempt: 1, started_at: at(12), completed_at: at(52) }), START + 60_000)).toBe('Completed in 40 ms after waiting 12 ms.')
  })
  it('says when and why it will be tried again, and which attempt that was', () => {
    const sentence = whatIsGoingOn(job({ state: 'retrying', attempt: 3, max_retries: 5, last_error: 'HTTP 503 from the receiver', next_retry_at: at(12_000) }), START)
    expect(sentence).toBe('Retrying in 12 s: HTTP 503 from the receiver, attempt 3 of 6.')
  })
  it('counts a planned start from the planned time, not from creation', () => {
    expect(whatIsGoingOn(job({ state: 'completed', attempt: 1, scheduled_at: at(60_000), started_at: at(60_005), completed_at: at(60_010) }), START)).toBe('Completed in 5 ms after waiting 5 ms.')
  })
  it('tells somebody who waits long where to look', () => {
    expect(whatIsGoingOn(job(), START + 45_000)).toContain('see on the overview whether workers are up')
  })
  it('says how far a running job is', () => {
    expect(whatIsGoingOn(job({ state: 'running', attempt: 1, progress: 0.4, started_at: at(0) }), START + 3000)).toBe('Running for 3 s, attempt 1 of 4, 40 % done.')
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
  it('lists the moments in the order they happened', () => {
    expect(timelinePoints(job({ state: 'failed', attempt: 2, started_at: at(10), completed_at: at(20) })).map(point => point.name)).toEqual(['Created', 'Attempt 2 started', 'Failed'])
  })
})
