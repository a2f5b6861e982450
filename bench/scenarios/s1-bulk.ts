import { brokenOf, runDuel, runThrough } from '../duel.ts'
import type { Measurement } from '../measurement.ts'

const WARM_UP_JOBS = 20_000

/** Jobs added in calls of 1000 while the worker runs: from the first call to the last completion. */
export const measureBulk: Measurement = {
  letter: 's1', name: 'bulk', title: 'S1. Bulk end to end: calls of 1000 jobs, four at once, with the worker running',
  async run(bench) {
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile', 'pg-boss'], secondBelt: true,
      warmUp: async contestant => void await runThrough(contestant, { how: 'bulk', jobs: WARM_UP_JOBS }),
      async sample(contestant) {
        const { added, completed, cpu, perSecond } = await runThrough(contestant, { how: 'bulk', jobs: bench.jobs })
        return {
          cpu, jobs: added.accepted, broken: brokenOf(added, completed),
          figures: {
            'completed': { value: perSecond, unit: 'jobs/s', atLeast: 50_000 },
            'accepted': { value: added.accepted / ((added.to - added.from) / 1000), unit: 'jobs/s' },
          },
        }
      },
      ratio: { figure: 'completed', atLeast: { 'bullmq': 3, 'graphile': 1.2, 'pg-boss': 2 } },
    })
    return { ...found, notes: [`${bench.jobs.toLocaleString('en-US')} jobs a sample, first call to last completion`] }
  },
}
