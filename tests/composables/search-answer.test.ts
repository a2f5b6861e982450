import { describe, expect, it } from 'vitest'
import { readSearchAnswer } from '../../composables/search-answer.ts'

const read = (search: string, scans = '') => readSearchAnswer(new Headers({ 'x-search': search, 'x-search-scans': scans }))

describe('how a list was searched for', () => {
  it('is told for a search that looked at jobs one by one', () => {
    expect(read('partial; looked=200000; looked-until=2026-11-20T10:00:00.000Z', 'queue, payload.user.id')).toEqual(
      { looked: 200_000, lookedUntil: '2026-11-20T10:00:00.000Z', scans: ['queue', 'payload.user.id'] })
    expect(read('complete; looked=12', 'queue')).toEqual({ looked: 12, lookedUntil: null, scans: ['queue'] })
  })
  it('is nothing when an index answered', () => {
    expect(readSearchAnswer(new Headers())).toBeNull()
  })
  it('shows names with other letters, also when the list was cut inside of one', () => {
    expect(read('complete; looked=1', 'payload.%C3%BCn%C3%AF, queue')?.scans).toEqual(['payload.ünï', 'queue'])
    expect(read('complete; looked=1', 'queue, payload.%C3%BCn%C3')?.scans).toEqual(['queue', 'payload.ün'])
    expect(read('complete; looked=1', 'payload.%C')?.scans).toEqual(['payload.'])
  })
})
