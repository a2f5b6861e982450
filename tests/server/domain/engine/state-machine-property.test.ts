import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALWAYS } from '../../../../bench/chaos/checks.ts'
import { isFinal } from '#shared/job-states.ts'
import { follow, newModel, type Model, type ModelJob } from './engine-model.ts'
import { anyStep, clearStage, closeStage, openStage, type Stage, type Step } from './engine-stage.ts'
import { takeStep } from './take-step.ts'

let stage: Stage
beforeAll(async () => { stage = await openStage() })
afterAll(() => stage && closeStage(stage))

const TABLES_OF_THE_UNFINISHED = ['due_jobs', 'job_slots', 'job_expiries', 'cancel_requests', 'claims']
type Row = Pick<ModelJob, 'state' | 'run' | 'failures' | 'crashes' | 'snoozes' | 'suspect' | 'priority' | 'stamped'> & { id: string }
const readRows = async (): Promise<Row[]> => (await stage.database.owner.query<Row>(
  `select id, state, run, failures, crashes, snoozes, suspect, priority, state = 'pending' and dispatched_at is not null as stamped from jobs order by id`)).rows

const modelRows = ({ jobs }: Model): Row[] => [...jobs].map(([id, { state, run, failures, crashes, snoozes, suspect, priority, stamped }]) =>
  ({ id, state, run, failures, crashes, snoozes, suspect, priority, stamped: state === 'pending' && stamped })).toSorted((a, b) => a.id < b.id ? -1 : 1)

/** What holds at every moment, whoever did what at the same time. */
async function expectInvariants(): Promise<void> {
  for (const { name, sql, values = [] } of ALWAYS) {
    const { rows } = await stage.database.owner.query(sql, values)
    expect(rows, name).toEqual([])
  }
}

const LOOPS: ReadonlySet<Step['do']> = new Set(['dispatch', 'wake', 'expire', 'die', 'lose-hints', 'heal'])

/** A control loop that lost a deadlock comes again; a person or a worker must never hear of one. */
async function takeInCompany(step: Step): Promise<void> {
  try {
    await takeStep(stage, step)
  }
  catch (error) {
    if (!LOOPS.has(step.do) || (error as { code?: string }).code !== '40P01') throw error
  }
}

/** Lets everything go on, until nothing is left to do. */
async function runOut(): Promise<void> {
  const { engine } = stage
  for (const queue of [0, 1] as const) await takeStep(stage, { do: 'resume', queue })
  for (let round = 0; round < 60; round++) {
    for (const each of ['expire', 'wake', 'heal', 'dispatch'] as const) await takeStep(stage, { do: each })
    await takeStep(stage, { do: 'claim', picks: stage.hints.map((_, index) => index), worker: 0 })
    const running = new Map((await readRows()).filter(row => row.state === 'running').map(row => [row.id, row.run]))
    await Promise.all(stage.runs.filter(run => running.get(run.id) === run.run).map(run => engine.finishRun(run, { kind: 'ok', result: null })))
    if ((await readRows()).every(row => isFinal(row.state))) break
  }
  for (const worker of [0, 1] as const) await takeStep(stage, { do: 'die', worker })
  // What was cancelled while it was put back in line is found when its turn comes.
  for (const each of ['dispatch', 'heal'] as const) await takeStep(stage, { do: each })
}

async function expectNothingLeft(): Promise<void> {
  const left: Record<string, unknown[]> = { unfinished: (await readRows()).filter(row => !isFinal(row.state)) }
  for (const table of TABLES_OF_THE_UNFINISHED) left[table] = (await stage.database.owner.query(`select * from ${table}`)).rows
  expect(left).toEqual(Object.fromEntries(Object.keys(left).map(name => [name, []])))
}

describe('the engine, by any sequence of steps', () => {
  it('does what its model does, one step after the other, and ends every job', { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 60 }), async (steps) => {
      await clearStage(stage)
      const model = newModel()
      for (const step of steps) {
        const answer = await takeStep(stage, step)
        follow(model, { step, answer, stage })
        expect(await readRows(), step.do).toEqual(modelRows(model))
      }
      await expectInvariants()
      await runOut()
      await expectInvariants()
      await expectNothingLeft()
    }), { numRuns: 30, endOnFailure: true })
  })

  it('keeps its promises when steps are taken at the same time, and ends every job', { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(anyStep, { minLength: 2, maxLength: 6 }), { minLength: 3, maxLength: 15 }), async (rounds) => {
      await clearStage(stage)
      for (const steps of rounds) await Promise.all(steps.map(takeInCompany))
      await expectInvariants()
      await runOut()
      await expectInvariants()
      await expectNothingLeft()
    }), { numRuns: 30, endOnFailure: true })
  })
})
