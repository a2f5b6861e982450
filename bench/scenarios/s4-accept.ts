import type { Contestant, Order } from '../contestants/contestant.ts'
import { brokenOf, runDuel, type Sample } from '../duel.ts'
import type { Measurement } from '../measurement.ts'
import { watchParts } from '../process-table.ts'

/** How fast jobs are taken while no worker runs: in calls of 1000. */
export const measureAcceptBulk: Measurement = {
  letter: 's4', name: 'accept-bulk', title: 'S4. Accept only, calls of 1000 jobs, no worker',
  async run(bench) {
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile', 'pg-boss'],
      warmUp: async contestant => void await accept(contestant, { how: 'bulk', jobs: 20_000 }, 60_000),
      sample: contestant => accept(contestant, { how: 'bulk', jobs: bench.jobs }, 60_000),
      ratio: { figure: 'accepted', atLeast: {} },
    })
    return { ...found, notes: [`${bench.jobs.toLocaleString('en-US')} jobs a sample`] }
  },
}

/** The same, one job a call. */
export const measureAcceptSingle: Measurement = {
  letter: 's4', name: 'accept-single', title: 'S4. Accept only, one job a call, no worker',
  async run(bench) {
    const seconds = bench.loadSeconds ?? 10
    const found = await runDuel({
      bench, peers: ['bullmq', 'graphile', 'pg-boss'],
      warmUp: async contestant => void await accept(contestant, { how: 'single', seconds: 2 }, 12_000),
      sample: contestant => accept(contestant, { how: 'single', seconds }, 12_000),
      ratio: { figure: 'accepted', atLeast: {} },
    })
    return { ...found, notes: [`${seconds} s of load a sample`] }
  },
}

async function accept(contestant: Contestant, order: Order, atLeast: number): Promise<Sample> {
  const used = watchParts(contestant.parts())
  const added = await contestant.add(order)
  const cpu = used()
  return {
    cpu, jobs: added.accepted, broken: [...brokenOf(added), ...await contestant.lost()],
    figures: { accepted: { value: added.accepted / ((added.to - added.from) / 1000), unit: 'jobs/s', atLeast } },
  }
}
