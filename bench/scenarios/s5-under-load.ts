import type { Contestant } from '../contestants/contestant.ts'
import { brokenOf, runDuel, runThrough, type Sample } from '../duel.ts'
import { median, percentile } from '../figures.ts'
import type { Found, Measurement } from '../measurement.ts'

const SHARE = 0.3
const PROBE_SECONDS = 5

/** Latency at 30 % of what S2 reached: an open loop, each job counted from the time at which it was planned. */
export const measureLatencyUnderLoad: Measurement = {
  letter: 's5', name: 'latency-under-load', title: 'S5. Latency at 30 % of S2\'s rate, open loop, from the planned time',
  async run(bench, earlier) {
    const seconds = bench.loadSeconds ?? 30
    let perSecond = earlierRate(earlier.get('single'))
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile'], commitTimes: true,
      async warmUp(contestant) {
        const { perSecond: reached } = await runThrough(contestant, { how: 'single', seconds: PROBE_SECONDS })
        // The product comes first; the peers get the same rate.
        perSecond ??= Math.round(reached * SHARE)
      },
      sample: contestant => underLoad(contestant, { perSecond: perSecond!, seconds }),
    })
    return { ...found, notes: [
      `${perSecond} jobs/s for ${seconds} s a sample. Bespin: completed is when the result was committed`,
      'BullMQ and graphile-worker: when the library said completed (graphile-worker deletes the job after that)'] }
  },
}

function earlierRate(found: Found | undefined): number | undefined {
  const figure = found?.figures.find(({ name }) => name === 'Bespin: completed')
  return figure && Math.round(median(figure.samples) * SHARE)
}

async function underLoad(contestant: Contestant, { perSecond, seconds }: { perSecond: number, seconds: number }): Promise<Sample> {
  const { added, completed, cpu, perSecond: reached } = await runThrough(contestant, { how: 'paced', perSecond, jobs: perSecond * seconds })
  const times = await contestant.jobTimes('planned')
  return {
    cpu, jobs: added.accepted, broken: brokenOf(added, completed),
    figures: {
      'completed': { value: reached, unit: 'jobs/s' },
      'answer, median': { value: added.answerMs.p50, unit: 'ms' },
      'answer, p99': { value: added.answerMs.p99, unit: 'ms' },
      'completed, median': { value: percentile(times.completed, 0.5), unit: 'ms', atMost: 4 },
      'completed, p95': { value: percentile(times.completed, 0.95), unit: 'ms' },
      'completed, p99': { value: percentile(times.completed, 0.99), unit: 'ms', atMost: 30 },
    },
  }
}
