import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobChange } from '#shared/schemas/live.ts'
import { gatherChanges } from '../../composables/gather-changes.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const change = (id: string, second = 0, state: JobChange['state'] = 'running'): JobChange => ({
  id, organization_id: 'o', state, run: 1, progress: 0, queue_name: 'q', job_type: null, updated_at: new Date(second * 1000).toISOString(),
})
const gatherer = () => {
  const told: JobChange[][] = []
  const overflow = vi.fn()
  return { told, overflow, add: gatherChanges({ deliver: changes => told.push(changes), overflow }) }
}

describe('gathered changes', () => {
  it('are told at once when they come alone', () => {
    const { told, add } = gatherer()
    add([change('a')])
    expect(told).toEqual([[change('a')]])
    vi.advanceTimersByTime(1000)
    add([change('b')])
    expect(told).toHaveLength(2)
  })

  it('are told together when they come close together, the newest of each job, and none is forgotten', () => {
    const { told, add } = gatherer()
    add([change('a', 1)])
    add([change('a', 3, 'completed'), change('b', 2)])
    add([change('a', 2), change('c', 4)])
    expect(told).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(told[1]).toEqual([change('a', 3, 'completed'), change('b', 2), change('c', 4)])
    vi.advanceTimersByTime(1000)
    expect(told).toHaveLength(2)
  })

  it('cost a page a few renderings a second, however many there are', () => {
    const { told, add } = gatherer()
    for (let n = 0; n < 5000; n++) {
      add([change(`job-${n % 50}`, n)])
      vi.advanceTimersByTime(0.2)
    }
    vi.advanceTimersByTime(200)
    expect(told.length).toBeLessThan(10)
    expect(told.at(-1)!.every(each => Date.parse(each.updated_at) >= 4000 * 1000)).toBe(true)
  })

  it('give way to fetching again when more jobs changed than are worth following', () => {
    const { told, overflow, add } = gatherer()
    add([change('first')])
    for (let n = 0; n < 10_000; n++) add([change(`job-${n}`)])
    vi.advanceTimersByTime(200)
    expect(told).toHaveLength(1)
    expect(overflow).toHaveBeenCalledTimes(1)
    add([change('later')])
    vi.advanceTimersByTime(200)
    expect(told[1]).toEqual([change('later')])
  })
})
