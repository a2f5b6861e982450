import type { z } from 'zod'
import { QueueConfigBody, type Queue } from '#shared/schemas/queue.ts'
import { exactCount } from './formats.ts'

export const NUMBER_RULES = ['max_retries', 'default_timeout', 'rate_limit', 'rate_period_seconds', 'concurrency', 'concurrency_per_key', 'retention_days'] as const
export type NumberRule = (typeof NUMBER_RULES)[number]
/** Rules that cannot be taken away: an emptied field goes back to this. */
const FIRST_VALUES: Partial<Record<NumberRule, number>> = { rate_period_seconds: 1, concurrency_per_key: 1 }
/** What is in the fields: numbers as they are typed. */
export interface QueueForm extends Record<NumberRule, string> { enabled: boolean, reason: string }
type Body = z.input<typeof QueueConfigBody>

/** The fields as a queue fills them. */
export function formOf(queue: Queue): QueueForm {
  const texts = Object.fromEntries(NUMBER_RULES.map(rule => [rule, queue[rule] === null ? '' : String(queue[rule])])) as Record<NumberRule, string>
  return { ...texts, enabled: queue.enabled, reason: '' }
}

/** What a form would send: only the rules that differ from the queue's; an emptied field takes its rule away. */
export function bodyOf(form: QueueForm, queue: Queue): Body {
  const before = formOf(queue)
  const changed = NUMBER_RULES.filter(rule => form[rule].trim() !== before[rule])
  const rules = Object.fromEntries(changed.map(rule => [rule, form[rule].trim() === '' ? FIRST_VALUES[rule] ?? null : Number(form[rule])]))
  return { ...rules, ...(form.enabled === queue.enabled ? {} : { enabled: form.enabled }), ...(form.reason.trim() === '' ? {} : { reason: form.reason.trim() }) }
}
/** True when a body changes a rule (a reason alone changes nothing). */
export const changesRules = (body: Body): boolean => Object.keys(body).some(key => key !== 'reason')

/** What is wrong with a body, by field, in words; the limits are those of the API. */
export function ruleErrors(body: Body): { name: string, message: string }[] {
  const issues = QueueConfigBody.safeParse(body).error?.issues ?? []
  return issues.map((issue) => {
    const name = String(issue.path[0] ?? '')
    if (issue.code === 'too_small') return { name, message: `Must be at least ${exactCount(Number(issue.minimum))}.` }
    if (issue.code === 'too_big' && issue.origin === 'number') return { name, message: `Must be at most ${exactCount(Number(issue.maximum))}.` }
    return { name, message: issue.code === 'invalid_type' ? 'Must be a whole number.' : issue.message }
  })
}
