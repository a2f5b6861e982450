import { describe, expect, it } from 'vitest'
import { bytesOf, hexDump, textOf } from '../../composables/raw-bytes.ts'

const base64 = (bytes: number[]) => Buffer.from(bytes).toString('base64')

describe('a body shown byte for byte', () => {
  it('gives back every byte', () => {
    const all = Array.from({ length: 256 }, (_, byte) => byte)
    expect([...bytesOf(base64(all))]).toEqual(all)
  })
  it('says when bytes are not text', () => {
    expect(textOf(bytesOf(base64([0x61, 0xFF])))).toEqual({ text: 'a\uFFFD', isExact: false })
    expect(textOf(bytesOf(Buffer.from('\uFEFFé').toString('base64')))).toEqual({ text: '\uFEFFé', isExact: true })
  })
  it('dumps sixteen bytes a line with what is printable beside them, up to the limit', () => {
    const dump = hexDump(bytesOf(Buffer.from('{"event":"hello\u0000"}').toString('base64')), 18).split('\n')
    expect(dump).toEqual(['00000000  7b 22 65 76 65 6e 74 22 3a 22 68 65 6c 6c 6f 00  {"event":"hello.', '00000010  22 7d                                            "}'])
  })
})
