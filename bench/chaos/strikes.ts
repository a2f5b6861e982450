/** Deals the blows, one after the other, in an order and with pauses that the seed decides. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arena } from './arena.ts'
import { BLOWS, type Blow } from './blows.ts'

/** One blow; `recoveredMs`: from its end until a new job was taken and completed, NaN when that never came. */
export interface Strike { name: string, atMs: number, tookMs: number, recoveredMs: number }

const RECOVER_WITHIN_MS = 60_000
/** Calm before a blow: from, to. */
const PAUSES = { short: [500, 1500], long: [2000, 6000] } as const

/** Which blows, in which order. */
export function planStrikes({ chance }: Pick<Arena, 'chance'>, { short, belt }: { short: boolean, belt: string }): Blow[] {
  return chance.shuffle(BLOWS.filter(blow => (!short || blow.short) && (!blow.onRedis || belt === 'redis')))
}

export async function strikeAll(arena: Arena, { plan, short }: { plan: Blow[], short: boolean }): Promise<Strike[]> {
  const strikes: Strike[] = []
  const startedAt = performance.now()
  const [from, to] = PAUSES[short ? 'short' : 'long']
  for (const { name, hit } of plan) {
    await sleep(arena.chance.whole(from, to))
    const at = performance.now()
    await hit(arena)
    const tookMs = performance.now() - at
    const recoveredMs = await untilRecovered(arena.product.url)
    const strike = { name, atMs: at - startedAt, tookMs, recoveredMs }
    arena.say(describeStrike(strike))
    strikes.push(strike)
  }
  return strikes
}

export const describeStrike = ({ name, atMs, recoveredMs }: Strike): string =>
  `  ${(atMs / 1000).toFixed(0).padStart(4)} s  ${name.padEnd(66)} a new job completed ${Number.isNaN(recoveredMs) ? 'NEVER' : `after ${(recoveredMs / 1000).toFixed(1)} s`}`

/** As a user sees it: a job is made and its result read. */
async function untilRecovered(url: string): Promise<number> {
  const startedAt = performance.now()
  const ask = async (path: string, method: string) => {
    const answer = await fetch(url + path, { method, signal: AbortSignal.timeout(5000) })
    return await answer.json() as { id?: string, status?: string }
  }
  let id: string | undefined
  for (; performance.now() - startedAt < RECOVER_WITHIN_MS; await sleep(25)) {
    try {
      id ??= (await ask('/api/jobs/random-text?length=50', 'POST')).id
      if (id && (await ask(`/api/jobs/${id}`, 'GET')).status === 'completed') return performance.now() - startedAt
    }
    catch { /* not back yet */ }
  }
  return Number.NaN
}
