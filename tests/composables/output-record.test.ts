import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { outputLines, tailOf } from '../../composables/output-lines.ts'
import { inOrder, outputRecord } from '../../composables/output-record.ts'
import { base64Of } from '../../composables/raw-bytes.ts'

const chunk = (data: string, offset: number, over: object = {}) => ({ run: 1, input: null, stage: 'run' as const, stream: 'stdout' as const, offset, data, encoding: 'utf8' as const, ...over })
const bytes = (text: string) => new TextEncoder().encode(text)

describe('live output', () => {
  it('is put together once, however often its beginning is sent again', () => {
    const record = outputRecord()
    expect(record.add(chunk('one\n', 0))).toBe(true)
    expect(record.add(chunk('one\n', 0))).toBe(false)
    expect(record.add(chunk('one\ntwo\n', 0))).toBe(true)
    expect(record.newest()).toMatchObject({ pieces: [{ stream: 'stdout', text: 'one\ntwo\n' }], bytes: { stdout: 8 }, hasGap: false })
  })

  it('makes characters whole that were cut in two, at every place', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), (text, place) => {
      const all = bytes(text)
      const cut = place % (all.length + 1)
      const record = outputRecord()
      record.add(chunk(base64Of(all.subarray(0, cut)), 0, { encoding: 'base64' }))
      record.add(chunk(base64Of(all.subarray(cut)), cut, { encoding: 'base64' }))
      expect(record.newest()?.pieces.map(piece => piece.text).join('')).toBe(text)
    }))
  })

  it('begins anew with a new run of the job, and forgets the old one', () => {
    const record = outputRecord()
    record.add(chunk('lost worker', 0))
    record.add(chunk('again', 0, { run: 2 }))
    expect(record.add(chunk('late', 11))).toBe(false)
    expect(record.newest()?.pieces).toEqual([{ stream: 'stdout', text: 'again' }])
  })

  it('says when something between was not heard', () => {
    const record = outputRecord()
    record.add(chunk('far', 100))
    expect(record.newest()?.hasGap).toBe(true)
  })

  it('keeps what each input prints apart', () => {
    const record = outputRecord()
    record.add(chunk('first', 0, { input: 0 }))
    record.add(chunk('second', 0, { input: 1 }))
    expect([record.of('run', 0)?.pieces[0]?.text, record.of('run', 1)?.pieces[0]?.text]).toEqual(['first', 'second'])
  })

  it('gives the order of the streams only when all of the result was heard', () => {
    const record = outputRecord()
    record.add(chunk('a', 0))
    record.add(chunk('b', 0, { stream: 'stderr' }))
    record.add(chunk('c', 1))
    expect(inOrder(record.newest(), { stdout: 'ac', stderr: 'b' }).map(piece => piece.text)).toEqual(['a', 'b', 'c'])
    expect(inOrder(record.newest(), { stdout: 'acd', stderr: 'b' }).map(piece => piece.text)).toEqual(['acd', 'b'])
    expect(inOrder(undefined, { stdout: 'x', stderr: '' }).map(piece => piece.text)).toEqual(['x', ''])
  })
})

describe('rows of output', () => {
  it('let each stream end its own line while the other speaks', () => {
    const rows = outputLines([{ stream: 'stdout', text: 'half' }, { stream: 'stderr', text: 'error\n' }, { stream: 'stdout', text: ' line\n' }])
    expect(rows).toEqual([{ stream: 'stderr', text: 'error', isCut: false }, { stream: 'stdout', text: 'half line', isCut: false }])
  })

  it('are only those of the end while a program prints more than anybody reads', () => {
    const pieces = [{ stream: 'stdout' as const, text: 'old '.repeat(100) }, { stream: 'stderr' as const, text: 'new' }]
    expect(tailOf(pieces, 7)).toEqual({ pieces: [{ stream: 'stdout', text: 'old ' }, { stream: 'stderr', text: 'new' }], isCut: true })
    expect(tailOf(pieces, 403)).toEqual({ pieces, isCut: false })
  })

  it('show a line that nothing ended', () => {
    expect(outputLines([{ stream: 'stdout', text: 'prompt> ' }])).toEqual([{ stream: 'stdout', text: 'prompt> ', isCut: false }])
  })

  it('lose no character of a line of any length, and cut no pair of surrogates', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('x', '💥'), minLength: 1990, maxLength: 6100 }), (text) => {
      const rows = outputLines([{ stream: 'stdout', text }])
      expect(rows.map(row => row.text).join('')).toBe(text)
      for (const row of rows) expect(row.text.isWellFormed()).toBe(true)
      expect(rows.map(row => row.isCut)).toEqual(rows.map((_, index) => index < rows.length - 1))
    }), { numRuns: 20 })
  })
})
