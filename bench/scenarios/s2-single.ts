import { brokenOf, runDuel, runThrough } from '../duel.ts'
import type { Measurement } from '../measurement.ts'

const WARM_UP_SECONDS = 2

/** One job a call without a pause, with the worker running, until all are completed. */
export const measureSingle: Measurement = {
  letter: 's2', name: 'single', title: 'S2. Single POST end to end: one job a call, with the worker running',
  async run(bench) {
    const seconds = bench.loadSeconds ?? 10
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile', 'pg-boss'], secondBelt: true,
      warmUp: async contestant => void await runThrough(contestant, { how: 'single', seconds: WARM_UP_SECONDS }),
      async sample(contestant) {
        const { added, completed, cpu, perSecond } = await runThrough(contestant, { how: 'single', seconds })
        return {
          cpu, jobs: added.accepted, broken: brokenOf(added, completed),
          figures: {
            'completed': { value: perSecond, unit: 'jobs/s', atLeast: 5000 },
            'answer, median': { value: added.answerMs.p50, unit: 'ms' },
            'answer, p99': { value: added.answerMs.p99, unit: 'ms' },
            'until the last was completed, after the load': { value: Math.max(0, completed.at - added.to), unit: 'ms' },
          },
        }
      },
      ratio: { figure: 'completed', atLeast: { 'graphile': 1.5, 'pg-boss': 1.5 } },
    })
    return { ...found, notes: [`${seconds} s of load a sample; Bespin over HTTP at ${bench.connections} connections, BullMQ 64 adds under way, graphile-worker and pg-boss 16`] }
  },
}
