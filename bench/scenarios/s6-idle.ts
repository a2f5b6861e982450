import type { Contestant } from '../contestants/contestant.ts'
import { brokenOf, runDuel, runThrough, type Sample } from '../duel.ts'
import { percentile } from '../figures.ts'
import type { Measurement } from '../measurement.ts'

const JOBS = 300
const PER_SECOND = 200
const WARM_UP_JOBS = 400

/** One job every 5 ms on a system that does nothing else. */
export const measureIdle: Measurement = {
  letter: 's6', name: 'idle', title: 'S6. Idle latency: one job every 5 ms, from sending it',
  async run(bench) {
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile'], secondBelt: true, commitTimes: true,
      warmUp: async contestant => void await idle(contestant, WARM_UP_JOBS),
      sample: contestant => idle(contestant, JOBS),
    })
    return { ...found, notes: [
      `${JOBS} jobs a sample; Bespin's times come from the record: "started" is when the claim was made, "completed" when the result was committed`,
      'BullMQ and graphile-worker: when the handler was called, and when the library said completed (graphile-worker deletes the job after that)'] }
  },
}

async function idle(contestant: Contestant, jobs: number): Promise<Sample> {
  const { added, completed: { broken } } = await runThrough(contestant, { how: 'paced', perSecond: PER_SECOND, jobs })
  const { started, completed } = await contestant.jobTimes('sent')
  return {
    cpu: {}, jobs, broken: [...brokenOf(added), ...broken],
    figures: {
      'answer, median': { value: added.answerMs.p50, unit: 'ms' },
      'started, median': { value: percentile(started, 0.5), unit: 'ms', atMost: 2 },
      'started, p99': { value: percentile(started, 0.99), unit: 'ms' },
      'completed, median': { value: percentile(completed, 0.5), unit: 'ms', atMost: 3 },
      'completed, p99': { value: percentile(completed, 0.99), unit: 'ms', atMost: 10 },
    },
  }
}
