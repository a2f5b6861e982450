import { describe, expect, it } from 'vitest'
import { createSlots } from '../../workers/slots.ts'

const open = (size: number) => {
  const slots = createSlots(size)
  slots.open()
  return slots
}

describe('the places of a lane', () => {
  it('are given as far as they go', () => {
    const slots = open(5)
    expect([slots.take(3), slots.take(3), slots.take(1)]).toEqual([3, 2, 0])
    slots.release(2)
    expect(slots.free).toBe(2)
  })

  it('wake as many of those who wait as there are places, in their order', async () => {
    const slots = open(2)
    slots.take(2)
    const woken: number[] = []
    const waiting = [1, 2, 3].map(n => slots.room().then(() => woken.push(n)))
    slots.release(1)
    await waiting[0]
    expect(woken).toEqual([1])
    slots.release(1)
    await Promise.all(waiting)
    expect(woken).toEqual([1, 2, 3])
  })

  it('say so when none becomes free within the time', async () => {
    const slots = open(1)
    slots.take(1)
    expect(await slots.room(10)).toBe(false)
    expect(await open(1).room(10)).toBe(true)
  })

  it('have no room while they are closed, and send away who waits', async () => {
    const slots = open(1)
    slots.take(1)
    const waiting = slots.room()
    slots.close()
    expect(await waiting).toBe(false)
    slots.release(1)
    expect(await slots.room()).toBe(false)
    slots.open()
    expect(await slots.room()).toBe(true)
  })
})
