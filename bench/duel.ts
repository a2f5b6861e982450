/** Runs one sample after the other, product and peers in turn, and makes figures of them. */
import { openArena, type Arena } from './arena.ts'
import type { Completed, Contestant, Added, Order } from './contestants/contestant.ts'
import { collectFigures, type Limit } from './figures.ts'
import { watchNeighbours } from './machine.ts'
import type { Found } from './measurement.ts'
import type { BenchOptions } from './options.ts'
import type { PeerName } from './peers/peer-process.ts'
import { watchParts } from './process-table.ts'

/** One measured run of a contestant. */
export interface Sample {
  /** The figure that is compared, by its name; one each round. */
  figures: Record<string, { value: number, unit: string } & Limit>
  /** Microseconds of CPU by part, and the jobs they were for. */
  cpu: Record<string, number>
  jobs: number
  broken: string[]
}
export interface Duel {
  bench: BenchOptions
  peers: PeerName[]
  /** Brought in besides, without Redis, where a scenario prints it. */
  secondBelt?: boolean
  commitTimes?: boolean
  warmUp(contestant: Contestant): Promise<void>
  sample(contestant: Contestant): Promise<Sample>
  /** The figure whose ratio to a peer's is formed in every round, and what it must be at least. */
  ratio?: { figure: string, atLeast: Partial<Record<PeerName, number>> }
}
type Figures = ReturnType<typeof collectFigures>

/** All rounds of a scenario. A failed sample ends it; what was found until then is kept. */
export async function runDuel(duel: Duel): Promise<Found> {
  const figures = collectFigures()
  const broken: string[] = []
  await runRounds(duel, { figures, broken }, { peers: duel.bench.peers ? duel.peers : [], belt: duel.bench.belt })
  if (duel.secondBelt && duel.bench.peers && duel.bench.belt === 'redis') await runRounds(duel, { figures, broken }, { peers: [], belt: 'postgres' })
  return { figures: figures.all(), notes: [], broken }
}

async function runRounds(duel: Duel, found: { figures: Figures, broken: string[] }, { peers, belt }: { peers: PeerName[], belt: 'redis' | 'postgres' }): Promise<void> {
  const arena = await openArena({ ...duel, peers, belt })
  try {
    for (const contestant of arena.contestants) await warmUp(duel, contestant)
    for (let round = 0; round < duel.bench.rounds; round++) await oneRound(duel, arena, found)
  }
  catch (error) {
    found.broken.push((error as Error).message)
  }
  finally {
    await arena.end()
  }
}

async function warmUp(duel: Duel, contestant: Contestant): Promise<void> {
  await duel.warmUp(contestant)
  await contestant.clear()
}

async function oneRound(duel: Duel, { contestants }: Arena, { figures, broken }: { figures: Figures, broken: string[] }): Promise<void> {
  const values = new Map<string, number>()
  for (const contestant of contestants) {
    const neighbours = watchNeighbours()
    const sample = await duel.sample(contestant)
    const others = neighbours()
    await contestant.clear()
    addSample(figures, contestant, sample)
    figures.add(`${contestant.title}: other programs meanwhile`, others * 100, { unit: '% of all cores', group: contestant.title })
    broken.push(...sample.broken.map(line => `${contestant.title}: ${line}`))
    if (duel.ratio) values.set(contestant.key, sample.figures[duel.ratio.figure]!.value)
  }
  if (duel.ratio) addRatios(figures, { contestants, values, atLeast: duel.ratio.atLeast })
}

function addSample(figures: Figures, { key, title }: Contestant, { figures: found, cpu, jobs }: Sample): void {
  for (const [name, { value, unit, atLeast, atMost }] of Object.entries(found)) {
    figures.add(`${title}: ${name}`, value, { unit, group: title, ...(key === 'bespin' && { atLeast, atMost }) })
  }
  const used = Object.entries(cpu).filter(([, micros]) => micros > 0)
  for (const [part, micros] of used) figures.add(`${title}: CPU ${part}`, micros / jobs, { unit: 'us/job', group: title })
  if (used.length > 0) figures.add(`${title}: CPU in all`, used.reduce((sum, [, micros]) => sum + micros, 0) / jobs, { unit: 'us/job', group: title })
}

function addRatios(figures: Figures, { contestants, values, atLeast }: { contestants: Contestant[], values: Map<string, number>, atLeast: Partial<Record<string, number>> }): void {
  const [own, ...peers] = contestants
  for (const { key, title } of peers) {
    figures.add(`${own!.title} / ${title}`, values.get(own!.key)! / values.get(key)!, { unit: 'times', group: 'ratios', atLeast: atLeast[key] })
  }
}

/** Adds jobs while the worker runs and waits for the last one: what it took and what it cost. */
export async function runThrough(contestant: Contestant, order: Order): Promise<{ added: Added, completed: Completed, cpu: Record<string, number>, perSecond: number }> {
  await contestant.startWorker()
  const used = watchParts(contestant.parts())
  const added = await contestant.add(order)
  const completed = await contestant.untilCompleted(added)
  const cpu = used()
  await contestant.restWorker()
  return { added, completed, cpu, perSecond: added.accepted / ((completed.at - added.from) / 1000) }
}

/** What was refused counts as broken, like what was lost. */
export const brokenOf = (added: Added, completed?: Completed): string[] => [
  ...(added.failed > 0 ? [`${added.failed} calls were not accepted`] : []), ...completed?.broken ?? []]
