import { ORGANIZATION, QUEUES, toJob, type Stage, type Step } from './engine-stage.ts'

/** What a step answered, by its kind. */
export interface Answer {
  accepted?: { id: string, created: boolean }[]
  promoted?: string[]
  stamped?: string[]
  claimed?: string[]
  asked?: string[]
  results?: Map<string, string>
  moved?: string[]
  changed?: boolean
}

/** Some of a list, by numbers that may be larger than it. */
export const pickFrom = <T>(list: T[], numbers: number[]): T[] => list.length === 0 ? [] : [...new Set(numbers.map(number => list[number % list.length]!))]

/** Takes one step on the engine. */
export async function takeStep(stage: Stage, step: Step): Promise<Answer> {
  switch (step.do) {
    case 'accept': return accept(stage, step)
    case 'dispatch': return dispatch(stage)
    case 'wake': return wake(stage)
    case 'claim': return claim(stage, step)
    case 'finish': return finish(stage, step)
    case 'die': return die(stage, step.worker)
    case 'expire': return expire(stage)
    case 'lose-hints': return loseHints(stage)
    default: return operate(stage, step)
  }
}

type Of<K extends Step['do']> = Extract<Step, { do: K }>
const options = { organizationId: ORGANIZATION, actor: 'ann' }

async function accept(stage: Stage, { jobs }: Of<'accept'>): Promise<Answer> {
  const answers = await stage.engine.acceptJobs(jobs.map(toJob))
  const accepted = answers.map((answer) => {
    if (answer instanceof Error) throw answer
    return answer
  })
  stage.jobs.push(...accepted.filter(answer => answer.created).map(answer => answer.id))
  return { accepted }
}

/** What the dispatcher does, for jobs without a type; the stamped ones are hints from now on. */
async function dispatch(stage: Stage): Promise<Answer> {
  const { engine } = stage
  const promoted = (await engine.promoteDue(1000)).map(job => job.id)
  const stamped: string[] = []
  for (const pair of await engine.gatedPairs('')) {
    for (let more = true; more;) {
      const round = await engine.stampGated('', pair)
      stamped.push(...round.stamped.map(job => job.id))
      more = round.more
    }
  }
  stamped.push(...(await engine.stampReady('', 1000)).map(job => job.id))
  stage.hints.push(...stamped)
  return { promoted, stamped }
}

/** All that waits for a time finds it has come. */
async function wake({ database, engine }: Stage): Promise<Answer> {
  await database.owner.query(`update due_jobs set due_at = now() - interval '1 second' where due_at is not null`)
  return { promoted: (await engine.promoteDue(1000)).map(job => job.id) }
}

/** Some of the hints, one of them twice, as a belt may deliver them. */
async function claim(stage: Stage, { picks, worker }: Of<'claim'>): Promise<Answer> {
  const asked = pickFrom(stage.hints, picks)
  if (asked.length === 0) return { asked, claimed: [] }
  stage.hints = stage.hints.filter(id => !asked.includes(id))
  const [jobs, again] = await Promise.all([
    stage.engine.claimEnvelope(asked, stage.workers[worker]), stage.engine.claimEnvelope(asked.slice(0, 1), stage.workers[worker])])
  stage.runs.push(...jobs, ...again)
  return { asked, claimed: [...jobs, ...again].map(job => job.id) }
}

/** Ends any run that ever was, so that late results are tried too. */
async function finish(stage: Stage, { pick, outcome }: Of<'finish'>): Promise<Answer> {
  const [run] = pickFrom(stage.runs, [pick])
  if (run) await stage.engine.finishRun(run, outcome)
  return {}
}

async function die({ database, engine, workers, runs }: Stage, worker: 0 | 1): Promise<Answer> {
  const id = workers[worker]
  const { rows } = await database.owner.query<{ id: string }>(`update claims set expires_at = now() - interval '1 second' where worker_id = $1 returning id`, [id])
  for (const claim of rows) engine.abandonClaim(claim.id)
  await engine.reapClaims()
  return { asked: runs.map(run => run.id) }
}

/** The time of all that may expire is over. */
async function expire({ database, engine }: Stage): Promise<Answer> {
  await database.owner.query(`update jobs set expires_at = now() - interval '1 second' where expires_at is not null`)
  await database.owner.query(`update job_expiries set expires_at = now() - interval '1 second'`)
  await engine.expireJobs()
  return {}
}

/** The belt was wiped. */
async function loseHints(stage: Stage): Promise<Answer> {
  const lost = stage.hints
  stage.hints = []
  await stage.engine.returnToWaiting(lost)
  return { asked: lost }
}

async function operate({ database, engine, jobs }: Stage, step: Of<'cancel' | 'retry' | 'priority' | 'pause' | 'resume' | 'heal'>): Promise<Answer> {
  if (step.do === 'cancel') {
    const asked = pickFrom(jobs, step.picks)
    return { asked, results: await engine.cancelJobs({ ...options, ids: asked }) }
  }
  if (step.do === 'retry') {
    const asked = pickFrom(jobs, step.picks)
    return { asked, moved: await engine.retryJobs({ ...options, ids: asked }) }
  }
  if (step.do === 'priority') {
    const asked = pickFrom(jobs, [step.pick])
    return { asked, changed: asked.length > 0 && await engine.changePriority({ ...options, id: asked[0]!, priority: step.priority }) !== null }
  }
  if (step.do === 'heal') await engine.healWaitingKeys()
  else await database.owner.query(`update queues set paused_at = ${step.do === 'pause' ? 'now()' : 'null'} where name = $1`, [QUEUES[step.queue]])
  return {}
}
