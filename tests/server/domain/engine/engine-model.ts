/** What the engine promises, in a few lines: a job is a state, some counts, and a place in line. Each step says what must come of it. */
import { expect } from 'vitest'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import { isFinal, type JobState } from '#shared/job-states.ts'
import { NARROW, QUEUES, type Ask, type Stage, type Step } from './engine-stage.ts'
import { pickFrom, type Answer } from './take-step.ts'

/** Crashes of a job until it is taken for what ends its workers. */
const CRASHES = 3

export interface ModelJob {
  state: JobState, run: number, failures: number, crashes: number, snoozes: number, suspect: boolean, priority: number
  queue: 0 | 1, ordering: string | null, concurrency: boolean, maxRetries: number
  /** Its hint is on the belt. */
  stamped: boolean
  cancelAsked: boolean
  expires: 'never' | 'later' | 'over'
  /** Place in the line of its ordering key. */
  place: number
  worker: number
}
export interface Model { jobs: Map<string, ModelJob>, keys: Map<string, string>, holders: Map<string, string>, paused: [boolean, boolean], places: number }

export const newModel = (): Model => ({ jobs: new Map(), keys: new Map(), holders: new Map(), paused: [false, false], places: 0 })
const waits = (job: ModelJob): boolean => !isFinal(job.state) && job.state !== 'running'

interface Taken<S extends Step = Step> { step: S, answer: Answer, stage: Stage }
type Of<K extends Step['do']> = Extract<Step, { do: K }>
type Rules = { [K in Step['do']]: (model: Model, taken: Taken<Of<K>>) => void }

/** What must come of each step; the model moves on. */
const RULES: Rules = {
  'accept': (model, { step, answer }) => accept(model, step.jobs, answer),
  'dispatch': (model, { answer }) => {
    expect(answer.promoted).toEqual([])
    stamp(model, answer.stamped!)
  },
  'wake': (model, { answer }) => {
    const due = [...model.jobs].filter(([, job]) => job.state === 'scheduled' || job.state === 'retrying').map(([id]) => id)
    expect(answer.promoted!.toSorted()).toEqual(due.toSorted())
    for (const id of due) Object.assign(model.jobs.get(id)!, { state: 'pending', stamped: false })
  },
  'claim': (model, { step, answer }) => claim(model, step.worker, answer),
  'finish': (model, { step, stage }) => finish(model, step, stage),
  'die': (model, { step }) => die(model, step.worker),
  'cancel': (model, { answer }) => {
    for (const id of answer.asked!) cancel(model, id, answer.results!.get(id))
  },
  'retry': (model, { answer }) => {
    expect(answer.moved).toEqual(answer.asked!.filter(id => ['failed', 'cancelled', 'expired'].includes(model.jobs.get(id)!.state)))
    // They join their lines in the order in which they were accepted.
    for (const id of answer.moved!.toSorted()) {
      Object.assign(model.jobs.get(id)!, { state: 'pending', failures: 0, crashes: 0, snoozes: 0, stamped: false, cancelAsked: false, expires: 'never', place: ++model.places })
    }
  },
  'priority': (model, { step, answer }) => {
    for (const id of answer.asked!) {
      const job = model.jobs.get(id)!
      expect(answer.changed).toBe(waits(job))
      if (waits(job)) job.priority = step.priority
    }
  },
  'expire': (model) => {
    for (const [id, job] of model.jobs) {
      if (job.expires === 'later') job.expires = 'over'
      if (job.expires === 'over' && waits(job)) end(model, id, 'expired')
    }
  },
  'lose-hints': (model, { answer }) => {
    for (const id of answer.asked!) model.jobs.get(id)!.stamped = false
  },
  'pause': (model, { step }) => void (model.paused[step.queue] = true),
  'resume': (model, { step }) => void (model.paused[step.queue] = false),
  'heal': () => {},
}

/** Compares the answer of a step with what had to come of it, and moves the model on. */
export function follow(model: Model, taken: Taken): void {
  const rule = RULES[taken.step.do] as (model: Model, taken: Taken) => void
  rule(model, taken)
}

function cancel(model: Model, id: string, result: string | undefined): void {
  const job = model.jobs.get(id)!
  expect(result).toBe(isFinal(job.state) ? 'final' : job.state !== 'running' ? 'cancelled' : job.cancelAsked ? 'asked' : 'cancelling')
  if (isFinal(job.state)) return
  job.cancelAsked = true
  if (waits(job)) end(model, id, 'cancelled')
}

function accept(model: Model, asks: Ask[], { accepted }: Answer): void {
  for (const [index, ask] of asks.entries()) {
    const { id, created } = accepted![index]!
    const known = ask.key < 3 ? model.keys.get(`key-${ask.key}`) : undefined
    expect({ created, id: known === undefined ? undefined : id }).toEqual({ created: known === undefined, id: known })
    if (!created) continue
    if (ask.key < 3) model.keys.set(`key-${ask.key}`, id)
    model.jobs.set(id, {
      state: ask.scheduled ? 'scheduled' : 'pending', run: 0, failures: 0, crashes: 0, snoozes: 0, suspect: false, priority: 0, queue: ask.queue,
      ordering: ask.ordering > 0 ? `${QUEUES[ask.queue]} order-${ask.ordering}` : null, concurrency: ask.concurrency, maxRetries: ask.maxRetries,
      stamped: false, cancelAsked: false, expires: ask.expires ? 'later' : 'never', place: ++model.places, worker: -1,
    })
  }
}

/** Who went on the belt: nobody of a paused queue, of an ordering key only its holder or the first in line, and all who need no turn. */
function stamp(model: Model, ids: string[]): void {
  for (const id of ids) {
    const job = model.jobs.get(id)!
    expect(job).toMatchObject({ state: 'pending', stamped: false })
    expect(model.paused[job.queue]).toBe(false)
    if (job.ordering !== null && model.holders.get(job.ordering) !== id) {
      expect(model.holders.get(job.ordering), 'the holder of the key').toBeUndefined()
      const line = [...model.jobs.values()].filter(other => other.ordering === job.ordering && other.state === 'pending')
      expect(job.place, 'place in line').toBe(Math.min(...line.map(other => other.place)))
      model.holders.set(job.ordering, id)
    }
    job.stamped = true
  }
  const left = [...model.jobs.values()].filter(job => job.state === 'pending' && !job.stamped && !model.paused[job.queue])
  expect(left.filter(job => job.queue === 0 && job.ordering === null && !job.concurrency), 'left behind without a reason').toEqual([])
  const going = [...model.jobs.values()].filter(job => job.state === 'running' || (job.state === 'pending' && job.stamped))
  expect(going.filter(job => job.queue === 1).length, 'of the narrow queue').toBeLessThanOrEqual(NARROW)
  for (const queue of [0, 1]) expect(going.filter(job => job.queue === queue && job.concurrency).length, 'of the concurrency key').toBeLessThanOrEqual(1)
}

function claim(model: Model, worker: number, { asked, claimed }: Answer): void {
  const free = asked!.filter((id) => {
    const job = model.jobs.get(id)!
    return job.state === 'pending' && job.stamped && job.expires !== 'over' && !model.paused[job.queue]
  })
  expect(claimed!.toSorted()).toEqual(free.toSorted())
  for (const id of asked!) {
    const job = model.jobs.get(id)!
    if (free.includes(id)) Object.assign(job, { state: 'running', run: job.run + 1, worker })
    else if (job.state === 'pending' && model.paused[job.queue]) job.stamped = false
  }
}

function finish(model: Model, { pick, outcome }: Of<'finish'>, { runs }: Stage): void {
  const [run] = pickFrom(runs, [pick])
  const job = run && model.jobs.get(run.id)!
  // Late: another run took over, or this one was ended before.
  if (!job || job.state !== 'running' || job.run !== run.run) return
  if (outcome.kind !== 'crash') job.suspect = false
  const next = nextState(job, outcome)
  end(model, run.id, job.cancelAsked && !isFinal(next) ? 'cancelled' : next)
}

/** Counts the outcome, and says where it leads. */
function nextState(job: ModelJob, outcome: Outcome): JobState {
  switch (outcome.kind) {
    case 'ok': return 'completed'
    case 'cancel': return 'cancelled'
    case 'hand-back': return 'pending'
    case 'snooze':
      job.snoozes++
      return 'scheduled'
    case 'crash': return ++job.crashes >= CRASHES ? 'failed' : 'pending'
    case 'fail': return ++job.failures > job.maxRetries || outcome.retryable === false ? 'failed' : 'retrying'
  }
}

function die(model: Model, worker: number): void {
  const held = [...model.jobs].filter(([, job]) => job.state === 'running' && job.worker === worker)
  for (const [id, job] of held) {
    job.suspect = true
    if (held.length === 1) job.crashes++
    end(model, id, job.cancelAsked ? 'cancelled' : held.length === 1 && job.crashes >= CRASHES ? 'failed' : 'pending')
  }
}

/** A job leaves where it was; a final end gives its ordering key back. */
function end(model: Model, id: string, state: JobState): void {
  const job = model.jobs.get(id)!
  Object.assign(job, { state, stamped: false })
  if (isFinal(state) && job.ordering !== null && model.holders.get(job.ordering) === id) model.holders.delete(job.ordering)
}
