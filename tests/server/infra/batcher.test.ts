import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBatcher } from '#server/infra/batcher.ts'

describe('natural batching', () => {
  it('flushes what arrives together as one, and what arrives meanwhile as the next', async () => {
    const flushes: number[][] = []
    const add = createBatcher<number, number>({ slots: 1, max: 100, flush: async (items) => {
      flushes.push(items)
      await sleep(5)
      return items.map(item => item * 2)
    } })
    const first = Promise.all([add(1), add(2), add(3)])
    await sleep(1)
    const second = Promise.all([add(4), add(5)])
    expect(await first).toEqual([2, 4, 6])
    expect(await second).toEqual([8, 10])
    expect(flushes).toEqual([[1, 2, 3], [4, 5]])
  })

  it('never flushes more than the limit at once, nor in more slots than there are', async () => {
    let busy = 0
    let busiest = 0
    const sizes: number[] = []
    const add = createBatcher<number, number>({ slots: 2, max: 10, flush: async (items) => {
      busiest = Math.max(busiest, ++busy)
      sizes.push(items.length)
      await sleep(2)
      busy--
      return items
    } })
    const given = Array.from({ length: 95 }, (_, index) => index)
    expect(await Promise.all(given.map(add))).toEqual(given)
    expect(Math.max(...sizes)).toBe(10)
    expect(busiest).toBe(2)
  })

  it('fails one item alone when the flush says so, and all of them when it throws', async () => {
    const add = createBatcher<string, string>({ slots: 1, max: 10, flush: async (items) => {
      if (items.includes('poison')) throw new Error('all lost')
      return items.map(item => item === 'bad' ? new Error('bad alone') : item)
    } })
    expect(await Promise.allSettled([add('good'), add('bad')])).toMatchObject([{ value: 'good' }, { reason: { message: 'bad alone' } }])
    expect(await Promise.allSettled([add('good'), add('poison')])).toMatchObject([{ reason: { message: 'all lost' } }, { reason: { message: 'all lost' } }])
    expect(await add('good')).toBe('good')
  })
})
