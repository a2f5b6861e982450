import { brokenOf, runDuel, type Sample } from '../duel.ts'
import type { Contestant } from '../contestants/contestant.ts'
import type { Measurement } from '../measurement.ts'
import { watchParts } from '../process-table.ts'

const WARM_UP_JOBS = 10_000

/** Jobs wait; a fresh worker starts: from the first start of a job to the last completion. */
export const measureDrain: Measurement = {
  letter: 's3', name: 'drain', title: 'S3. Drain: a queue filled beforehand, then a fresh worker',
  async run(bench) {
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile', 'pg-boss'],
      warmUp: async contestant => void await drain(contestant, WARM_UP_JOBS),
      sample: contestant => drain(contestant, bench.jobs),
      ratio: { figure: 'completed', atLeast: { 'bullmq': 2, 'graphile': 1, 'pg-boss': 1.5 } },
    })
    return { ...found, notes: [
      `${bench.jobs.toLocaleString('en-US')} jobs a sample, from the first start of a job to the last completion; the worker process is new each time`,
      'CPU from when the worker said it was ready, so without its start'] }
  },
}

async function drain(contestant: Contestant, jobs: number): Promise<Sample> {
  const added = await contestant.add({ how: 'bulk', jobs })
  await contestant.startWorker()
  const used = watchParts(contestant.parts())
  const completed = await contestant.untilCompleted(added)
  const cpu = used()
  await contestant.restWorker()
  await contestant.stopWorker()
  return {
    cpu, jobs: added.accepted, broken: brokenOf(added, completed),
    figures: { completed: { value: added.accepted / ((completed.at - completed.firstStartAt) / 1000), unit: 'jobs/s' } },
  }
}
