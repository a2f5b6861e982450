import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
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

describe('a stream of items', () => {
  afterEach(() => { vi.useRealTimers() })

  /** Items so far apart, each flush done at once; answers how many items each flush had. */
  async function flow({ items, gapMs, max = 100, atOnce = 1 }: { items: number, gapMs: number, max?: number, atOnce?: number }): Promise<number[]> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
    const sizes: number[] = []
    const add = createBatcher<number, number>({ slots: 2, max, restMs: 5, flush: async (batch) => {
      sizes.push(batch.length)
      return batch
    } })
    const answers = []
    for (let item = 0; item < items; item++) {
      answers.push(add(item))
      if ((item + 1) % atOnce === 0) await vi.advanceTimersByTimeAsync(gapMs)
    }
    await vi.advanceTimersByTimeAsync(10)
    expect(await Promise.all(answers)).toEqual(Array.from({ length: items }, (_, item) => item))
    return sizes
  }

  it('is gathered for the time given, although each could be flushed at once', async () => {
    const sizes = await flow({ items: 200, gapMs: 1 })
    expect(sizes.slice(-20, -1)).toEqual(Array.from({ length: 19 }, () => 5))
  })

  it('that is slow is none: each item is flushed at once', async () => {
    expect(await flow({ items: 50, gapMs: 5 })).toEqual(Array.from({ length: 50 }, () => 1))
  })

  it('does not wait when many came at once', async () => {
    const sizes = await flow({ items: 300, gapMs: 1, atOnce: 50 })
    expect(sizes).toEqual([50, 50, 50, 50, 50, 50])
  })

  it('does not wait once a flush is full', async () => {
    const sizes = await flow({ items: 200, gapMs: 1, max: 3 })
    expect(sizes.slice(-20, -1)).toEqual(Array.from({ length: 19 }, () => 3))
  })
})
