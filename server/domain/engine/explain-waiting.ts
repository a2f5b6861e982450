/**
 * Why a job waits: the first reason that holds, from facts. Who may go is asked of the dispatcher's own choice
 * (`previews`, `picked`), never decided a second time here. Pure.
 */
import { pairKey, splitWait, type Preview, type WaitingFacts, type WaitingJob } from '#server/domain/engine/read-waiting-facts.ts'
import * as say from '#server/domain/engine/waiting-sentences.ts'
import { waitName } from '#server/domain/engine/choose-gated.ts'
import type { Waiting } from '#shared/schemas/waiting.ts'

type Rule = (job: WaitingJob, facts: WaitingFacts) => Waiting | null
const RULES: Rule[] = [overdue, timed, paused, external, carried, sent, parked, chosen, picked]

/** The reasons of all jobs of the facts, by id. */
export function explainWaiting(facts: WaitingFacts): Map<string, Waiting> {
  return new Map(facts.jobs.map(job => [job.id, whyWaiting(job, facts)]))
}

function whyWaiting(job: WaitingJob, facts: WaitingFacts): Waiting {
  for (const rule of RULES) {
    const why = rule(job, facts)
    if (why) return why
  }
  return say.goes(job)
}

function overdue(job: WaitingJob): Waiting | null {
  return job.is_over ? say.expiring(job) : null
}

function timed(job: WaitingJob): Waiting | null {
  if (job.state === 'blocked') return say.dependencies()
  if (job.is_due || job.due_at === null) return null
  if (job.state === 'scheduled') return say.scheduled(job)
  return job.state === 'retrying' ? say.retry(job) : null
}

function paused(job: WaitingJob, { queues }: WaitingFacts): Waiting | null {
  const queue = queues.get(job.queue_name)
  return queue?.paused ? say.queuePaused(queue) : null
}

function external(job: WaitingJob): Waiting | null {
  return job.job_type === null ? say.externalWorker(job) : null
}

/** What carries it: without workers nothing is even dispatched. */
function carried(job: WaitingJob, { lanes }: WaitingFacts): Waiting | null {
  const lane = lanes.get(job.job_type ?? '')
  if (!lane) return say.noWorker(job)
  if (lane.trouble || (lane.taking === 0 && lane.refusing > 0)) return say.workersRefuse(lane.trouble)
  if (lane.taking === 0) return say.noWorker(job)
  return lane.room === null ? say.beltAway() : null
}

/** A job on the belt has no more to wait for, one whose time has just come is not in line yet. */
function sent(job: WaitingJob): Waiting | null {
  if (job.state !== 'pending') return say.due(job)
  if (job.dispatched_at === null) return null
  return job.held_back ? say.backInLine(job) : say.goes(job)
}

/** It stands aside until a key is given back. */
function parked(job: WaitingJob, facts: WaitingFacts): Waiting | null {
  if (job.ready || job.waits_for === null) return null
  const { kind, key } = splitWait(job.waits_for)
  return keyHeld(job, { kind, key, takers: [] }, facts) ?? say.keyFree(key)
}

/** Of a queue with a gate: what the dispatcher would choose for it in its next round. */
function chosen(job: WaitingJob, facts: WaitingFacts): Waiting | null {
  const preview = facts.previews.get(pairKey(job.job_type, job.queue_name))
  if (!preview || !isGated(job, facts)) return null
  const { choice, order } = preview
  const waits = choice.park.find(each => each.job_id === job.id)
  if (waits) {
    const wanted = { ...splitWait(waits.waits_for), takers: takersOf(preview, waits.waits_for) }
    return keyHeld(job, wanted, facts) ?? say.keyFree(wanted.key)
  }
  if (!choice.go.includes(job.id)) return queueFull(job, preview, facts)
  return isFull(job, facts) ? say.inLine(job, { ahead: aheadOf(job, order), isFull: true }) : say.goes(job)
}

const isGated = (job: WaitingJob, { queues }: WaitingFacts): boolean => job.gated || queues.get(job.queue_name)?.limited === true
const isFull = (job: WaitingJob, { lanes }: WaitingFacts): boolean => lanes.get(job.job_type ?? '')?.room === 0
/** Where it stands in what was read of its line. */
function aheadOf(job: WaitingJob, line: string[]): say.Ahead {
  const place = line.indexOf(job.id)
  return { jobs: place < 0 ? line.length : place, isMore: place < 0 }
}
/** Who would take a key or a place in the next round. */
const takersOf = ({ choice }: Preview, name: string): string[] => choice.slots.filter(slot => waitName(slot) === name).map(slot => slot.job_id)

/** The choice ended before its turn: the places or the rate are used up, or the round is over. */
function queueFull(job: WaitingJob, preview: Preview, { queues, holders }: WaitingFacts): Waiting {
  const { choice: { full, go }, order } = preview
  const queue = queues.get(job.queue_name)
  const line = aheadOf(job, order)
  const ahead = { ...line, jobs: line.jobs - go.length }
  if (full === 'rate' && queue) return say.rateLimit(job, queue, ahead)
  if (full === 'concurrency' && queue) {
    const blockers = [...holders.get(`${job.queue_name} queue:`) ?? [], ...takersOf(preview, 'queue:')].map(id => ({ id }))
    return say.concurrencyLimit(job, { queue, ahead, blockers })
  }
  return say.inLine(job, { ahead: line, isFull: false })
}

/** The others share a lane: whose turn it is was asked of the dispatcher's own query. */
function picked(job: WaitingJob, facts: WaitingFacts): Waiting | null {
  if (facts.picked.has(job.id) || !job.ready) return null
  return say.inLine(job, { ahead: aheadOf(job, facts.lines.get(pairKey(job.job_type, job.queue_name)) ?? []), isFull: isFull(job, facts) })
}

interface Wanted { kind: string, key: string, takers: string[] }

/** Who keeps a key from it; null when nobody does (any more). `takers`: those that would take it in the next round. */
function keyHeld(job: WaitingJob, { kind, key, takers }: Wanted, facts: WaitingFacts): Waiting | null {
  const name = `${job.queue_name} ${kind}:${key}`
  const known = (id: string): say.Blocker => ({ id, ...facts.blockers.get(id) })
  const holders = [...facts.holders.get(name) ?? [], ...takers]
  if (kind === 'ordering') {
    const [blocker = facts.heads.get(`${job.queue_name} ${key}`)] = holders
    return blocker === undefined || blocker === job.id ? null : say.orderingKey(job, key, known(blocker))
  }
  const most = facts.queues.get(job.queue_name)?.concurrency_per_key ?? 1
  const line = facts.parked.get(name) ?? []
  const before = line.slice(0, Math.max(0, line.indexOf(job.id)))
  const blockers = [...holders, ...before]
  return blockers.length < most ? null : say.concurrencyKey(job, { key, most, blockers: blockers.map(known) })
}
