/** The whole play: a product of its own, clients, blows, the verdict. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type pg from 'pg'
import { describeMachine } from '../machine.ts'
import { startProduct, type Product } from '../product.ts'
import { patiently, type Arena } from './arena.ts'
import { installAudit, openOwner } from './audit.ts'
import { chanceOf } from './chance.ts'
import { startClients } from './clients.ts'
import { startExtraWorker, type ExtraWorker } from './extra-worker.ts'
import { newLedger } from './ledger.ts'
import { declareQueues } from './operator.ts'
import type { ChaosOptions } from './options.ts'
import type { Outcome } from './report.ts'
import { planStrikes, strikeAll } from './strikes.ts'
import { judge } from './verdict.ts'

const SETTLE_MS = { short: 45_000, long: 300_000 } as const
/** Drills in place of real work; no line per attempt. */
const ENV = { BESPIN_DRILLS: 'true', LOG_LEVEL: 'warn' }
const SKEW_CLOCK = pathToFileURL(join(import.meta.dirname, 'skew-clock.ts')).href

interface Stage { product: Product, owner: pg.Pool, extra: ExtraWorker[] }

/** Plays the seed's schedule and answers what came of it, with what the product said. */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<{ outcome: Outcome, log: string }> {
  const startedAt = performance.now()
  const machine = describeMachine()
  const product = await startProduct({ belt: options.belt, env: ENV })
  const stage: Stage = { product, owner: openOwner(product.databaseUrl), extra: [] }
  try {
    await installAudit(stage.owner)
    stage.extra.push(await startExtraWorker({ name: 'second', dataDir: product.dataDir, env: { BESPIN_BELT: options.belt, ...ENV } }))
    const { strikes, verdict } = await play(makeArena(stage, options, say), options)
    const log = [product.log(), ...stage.extra.map(worker => worker.log())].join('\n--- another worker ---\n')
    verdict.figures['late results refused'] = log.split('late result refused').length - 1
    return { outcome: { options, machine, strikes, verdict, seconds: (performance.now() - startedAt) / 1000 }, log }
  }
  finally {
    await stage.owner.end()
    await Promise.all(stage.extra.map(worker => worker.stop()))
    await product.stop()
  }
}

async function play(arena: Arena, options: ChaosOptions): Promise<Pick<Outcome, 'strikes' | 'verdict'>> {
  const { product, owner, say } = arena
  const { short, seed, rate, jobs } = options
  await declareQueues({ url: product.url, ledger: newLedger() })
  const plan = planStrikes(arena, options)
  say(`Bespin on ${product.url}, belt on ${options.belt}, two workers; seed ${seed}, ${plan.length} blows, at least ${jobs} jobs`)
  const { ledger, stop } = startClients({ url: product.url, rate, seed })
  const strikes = await strikeAll(arena, { plan, short })
  // After the last blow the rest comes without one.
  while (ledger.jobs.size < jobs) await sleep(100)
  await stop()
  say(`  ${ledger.jobs.size} jobs are acknowledged; waiting until nothing moves any more`)
  return { strikes, verdict: await judge(owner, { ledger, settleMs: SETTLE_MS[short ? 'short' : 'long'] }) }
}

function makeArena({ product, owner, extra }: Stage, { seed, belt, short }: ChaosOptions, say: Arena['say']): Arena {
  return {
    product, owner, say, short, chance: chanceOf(seed),
    async addSkewedWorker(seconds) {
      const env = { BESPIN_BELT: belt, ...ENV, NODE_OPTIONS: `--import ${SKEW_CLOCK}`, CHAOS_SKEW_SECONDS: String(seconds) }
      const name = `wrong-clock-${extra.length}`
      extra.push(await startExtraWorker({ name, dataDir: product.dataDir, env }))
      return idOfWorker(owner, name)
    },
    removeSkewedWorker: () => void extra.at(-1)?.stop(),
  }
}

/** The process of this name that was heard of last. */
function idOfWorker(owner: pg.Pool, name: string): Promise<string> {
  return patiently(async () => {
    const { rows } = await owner.query<{ id: string }>('select id from workers where name = $1 order by started_at desc limit 1', [name])
    if (!rows[0]) throw new Error(`no worker ${name} is heard of`)
    return rows[0].id
  })
}
