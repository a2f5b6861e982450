import { describe, expect, it } from 'vitest'
import { readKey } from '../../composables/press-keys.ts'
import { keysOf, SHORTCUTS } from '../../composables/shortcut-table.ts'

describe('the table of shortcuts', () => {
  it('gives every key one meaning in each place', () => {
    // A list, a job's page and an error's are never on the screen together; a log is part of a job's page.
    for (const place of [['Everywhere', 'Lists'], ['Everywhere', 'A job', 'Log'], ['Everywhere', 'An error'], ['Everywhere', 'Code']]) {
      const keys = SHORTCUTS.filter(shortcut => place.includes(shortcut.group)).map(shortcut => shortcut.keys)
      expect(keys.length, place.join()).toBe(new Set(keys).size)
    }
  })

  it('never begins a single key with the first key of two', () => {
    const firsts = new Set(SHORTCUTS.filter(shortcut => /^\S \S$/.test(shortcut.keys)).map(shortcut => keysOf(shortcut)[0]))
    expect(SHORTCUTS.filter(shortcut => firsts.has(shortcut.keys))).toEqual([])
  })
})

describe('reading keys', () => {
  it('knows a key by itself, and two in a row', () => {
    expect(readKey('?', undefined)).toEqual({ ids: ['help'] })
    expect(readKey('g', undefined)).toEqual({ ids: [], waits: 'g' })
    expect(readKey('j', 'g')).toEqual({ ids: ['go.jobs'] })
  })

  it('offers all meanings of a key: what is on the screen decides', () => {
    expect(readKey('r', undefined).ids).toEqual(['list.retry', 'job.retry', 'error.retry'])
  })

  it('does not bind what a widget does by itself, nor what nobody knows', () => {
    expect(readKey('j', undefined)).toEqual({ ids: [] })
    expect(readKey('z', 'g')).toEqual({ ids: [] })
  })
})
