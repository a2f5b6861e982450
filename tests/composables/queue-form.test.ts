import { describe, expect, it } from 'vitest'
import { changeRulesCommand } from '../../composables/first-commands.ts'
import { bodyOf, changesRules, formOf, ruleErrors } from '../../composables/queue-form.ts'
import { limitWords } from '../../composables/queue-words.ts'
import type { Queue } from '../../shared/schemas/queue.ts'

const queue = (over: Partial<Queue> = {}): Queue => ({
  id: 'mail', queue_name: 'mail', organization_id: '0197c4d2-0000-7000-8000-000000000002', configured: true, max_retries: 3, default_timeout: 300, rate_limit: null,
  rate_period_seconds: 1, concurrency: 5, concurrency_per_key: 1, enabled: true, paused: false, paused_at: null, pause_reason: null, paused_by: null,
  in_per_second: 0, out_per_second: 0, oldest_waiting_seconds: null, drain_seconds: 0,
  pending_jobs: 0, processing_jobs: 0, retention_days: null, settings: {}, created_at: null, updated_at: null, ...over,
})
const filled = (over: Partial<ReturnType<typeof formOf>>) => bodyOf({ ...formOf(queue()), ...over }, queue())

describe('the form of a queue', () => {
  it('sends nothing while nothing was changed, and a reason alone changes nothing', () => {
    expect(bodyOf(formOf(queue()), queue())).toEqual({})
    expect(changesRules(filled({ reason: 'because' }))).toBe(false)
  })
  it('sends only what was changed, as numbers, with the reason', () => {
    expect(filled({ rate_limit: ' 10 ', enabled: false, reason: 'too fast ' })).toEqual({ rate_limit: 10, enabled: false, reason: 'too fast' })
  })
  it('takes a rule away when its field is emptied, and goes back to one where there must be one', () => {
    expect(filled({ concurrency: '', retention_days: '' })).toEqual({ concurrency: null })
    expect(bodyOf({ ...formOf(queue({ rate_period_seconds: 60 })), rate_period_seconds: '' }, queue({ rate_period_seconds: 60 }))).toEqual({ rate_period_seconds: 1 })
  })
  it.each([['2x', 'Must be a whole number.'], ['1.5', 'Must be a whole number.'], ['0', 'Must be at least 1.'], ['999999', 'Must be at most 10,000.']])('says in words what is wrong with %s jobs at once', (text, message) => {
    expect(ruleErrors(filled({ concurrency: text }))).toEqual([{ name: 'concurrency', message }])
  })
  it('shows the same as a command that a shell takes as it is', () => {
    expect(changeRulesCommand('http://bespin', 'mail', { reason: 'it\'s slow' })).toContain(`-X PUT http://bespin/api/v1/queues/mail/config -H 'Content-Type: application/json' -d '{"reason":"it'\\''s slow"}'`)
  })
})

describe('the limits of a queue in one line', () => {
  it.each([
    [{ concurrency: null }, 'no limit'],
    [{ concurrency: 5 }, '5 at once'],
    [{ concurrency: null, rate_limit: 1 }, '1 start per second'],
    [{ concurrency: 2, rate_limit: 600, rate_period_seconds: 60 }, '600 starts per 1 m, 2 at once'],
  ])('of %j are "%s"', (limits, words) => {
    expect(limitWords(queue(limits))).toBe(words)
  })
})
