import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeStage, openStage, type Stage } from './engine-stage.ts'
import { anyWorld, explain, makeWorld, openPlay, round, takeAway, type Play } from './waiting-world.ts'
import type { Waiting } from '#shared/schemas/waiting.ts'

let stage: Stage
let play: Play
beforeAll(async () => {
  stage = await openStage()
  play = await openPlay(stage)
})
afterAll(async () => {
  await play?.more.closeBelt()
  if (stage) await closeStage(stage)
})

const GOES: ReadonlySet<Waiting['code']> = new Set(['next', 'on_belt', 'alone'])
const sorted = (ids: Iterable<string>) => [...ids].sort()

/** Explains, lets the dispatcher and the claim go once, and holds the two together. Answers what was said before. */
async function expectTruth(ids: string[]): Promise<{ told: Map<string, Waiting>, began: Set<string> }> {
  const told = await explain(play, ids)
  const began = await round(play)
  const promised = [...told].filter(([, why]) => GOES.has(why.code)).map(([id]) => id)
  expect(sorted(promised), JSON.stringify([...told], null, 1)).toEqual(sorted(began))
  return { told, began }
}

describe('the explanation of waiting jobs, in any world', () => {
  it('promises a start to exactly those that the next round and the claim take, and names what holds the others', { timeout: 180_000 }, async () => {
    const seen = new Map<string, number>()
    await fc.assert(fc.asyncProperty(anyWorld, fc.nat(40), async (world, pick) => {
      const ids = await makeWorld(play, world)
      const { told, began } = await expectTruth(ids)
      for (const { code } of told.values()) seen.set(code, (seen.get(code) ?? 0) + 1)
      const waiting = [...told.keys()].filter(id => !began.has(id))
      const id = waiting[pick % waiting.length]
      if (id === undefined) return
      // Take away what is named, again and again: it must end in a start, and never name the same twice.
      const named = new Set<string>()
      for (let step = 0; step < 40; step++) {
        const why = (await explain(play, [id])).get(id)
        if (why === undefined) return
        const reason = JSON.stringify([why.code, why.blocked_by])
        if (why.blocked_by) expect(named, `${reason} was taken away before`).not.toContain(reason)
        named.add(reason)
        if (!await takeAway(play, id, why)) return
        if ((await expectTruth(ids)).began.has(id)) return
      }
      expect.fail(`${id} never began: ${[...named].join(' ')}`)
    }), { numRuns: Number(process.env.WAITING_RUNS ?? 60), endOnFailure: true })
    // A property that never meets a reason proves nothing about it.
    for (const code of ['scheduled', 'retry', 'queue_paused', 'external_worker', 'ordering_key', 'concurrency_key', 'concurrency_limit', 'rate_limit', 'next', 'on_belt', 'alone', 'expiring']) {
      expect(seen.get(code) ?? 0, `worlds with ${code}`).toBeGreaterThan(0)
    }
  })
})
