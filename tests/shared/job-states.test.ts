import { describe, expect, it } from 'vitest'
import { isFinal, JOB_STATES, LEGAL_MOVES, statesBefore, statesOfBespinStatus, statesOfV1Status, toBespinStatus, toIgnisStatus, toV1Status, V1_STATUSES } from '#shared/job-states.ts'

describe('the table of legal moves', () => {
  it('lets only an operator move a final job, and only back to where it waits', () => {
    const waiting = { completed: [], failed: ['pending'], expired: ['pending'], cancelled: ['pending', 'scheduled', 'blocked', 'retrying'] }
    for (const state of JOB_STATES.filter(isFinal)) {
      expect(LEGAL_MOVES[state], state).toEqual(waiting[state as keyof typeof waiting])
    }
  })

  it('reaches every state from a new job', () => {
    const reached = new Set<string>()
    const open: (keyof typeof LEGAL_MOVES)[] = ['new']
    for (let state = open.pop(); state; state = open.pop()) {
      for (const next of LEGAL_MOVES[state]) {
        if (!reached.has(next)) open.push(next)
        reached.add(next)
      }
    }
    expect([...reached].sort()).toEqual([...JOB_STATES].sort())
  })

  it('starts a job only from pending, so that nothing runs twice at once', () => {
    expect(statesBefore('running')).toEqual(['pending'])
  })
})

describe('the words of the surfaces', () => {
  it('say every state in exactly one word, and find it again by that word', () => {
    for (const state of JOB_STATES) {
      expect(statesOfV1Status(toV1Status(state)), state).toContain(state)
      expect(statesOfBespinStatus(toBespinStatus(state)), state).toContain(state)
    }
  })

  it('call a job failed in Ignis\' word when its program did not end well, and completed only when it did', () => {
    const words = (endedWell: boolean) => Object.fromEntries(JOB_STATES.map(state => [state, toIgnisStatus(state, endedWell)]))
    const ill = {
      scheduled: 'received', blocked: 'received', pending: 'received', retrying: 'received', running: 'running',
      completed: 'failed', failed: 'failed', cancelled: 'failed', expired: 'failed',
    }
    expect(words(false)).toEqual(ill)
    expect(words(true)).toEqual({ ...ill, completed: 'completed' })
  })

  it('never say failed on /api/v1: what failed for good is deadletter there', () => {
    expect(statesOfV1Status('failed')).toEqual([])
    expect(V1_STATUSES).toContain('failed')
    expect(toV1Status('failed')).toBe('deadletter')
  })
})
