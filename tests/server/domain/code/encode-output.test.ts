import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeStreams, pieceEncoder, unfinishedBytes, wholeCharacters } from '#server/domain/code/encode-output.ts'

const decode = ({ data, encoding }: { data: string, encoding: 'utf8' | 'base64' }) => Buffer.from(data, encoding)
const storable = (text: string) => !/[\0\p{Cs}]/u.test(text)

describe('pieces of a stream', () => {
  it('put together are every byte of it, whatever the bytes and wherever they are cut', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 12 })), (parts) => {
      const encoder = pieceEncoder()
      const told = [...parts.map(part => encoder.push(part)), encoder.end()].filter(piece => piece !== null)
      expect(Buffer.concat(told.map(decode))).toEqual(Buffer.concat(parts))
      let offset = 0
      for (const piece of told) {
        expect(piece.offset).toBe(offset)
        offset += decode(piece).length
        expect(piece.encoding === 'base64' || storable(piece.data)).toBe(true)
      }
    }))
  })

  it('are text when the stream is, wherever its characters are cut', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).filter(storable), fc.nat(), (text, at) => {
      const bytes = Buffer.from(text)
      const encoder = pieceEncoder()
      const told = [encoder.push(bytes.subarray(0, at % (bytes.length + 1))), encoder.push(bytes.subarray(at % (bytes.length + 1))), encoder.end()].filter(piece => piece !== null)
      expect(told.every(piece => piece.encoding === 'utf8')).toBe(true)
      expect(told.map(piece => piece.data).join('')).toBe(text)
    }))
  })
})

describe('the kept output', () => {
  it('is text only when both streams can be stored as text', () => {
    const text = Buffer.from('żółw 🐢\r\n')
    expect(encodeStreams(text, text)).toEqual({ stdout: 'żółw 🐢\r\n', stderr: 'żółw 🐢\r\n', encoding: 'utf8' })
    for (const bytes of [Buffer.from('a\0'), Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xc0, 0x80])]) {
      expect(encodeStreams(text, bytes)).toEqual({ stdout: text.toString('base64'), stderr: bytes.toString('base64'), encoding: 'base64' })
    }
  })

  it('loses at most an unfinished character where it is cut', () => {
    const turtle = Buffer.from('a🐢')
    expect([1, 2, 3, 4, 5].map(length => unfinishedBytes(turtle.subarray(0, length)))).toEqual([0, 1, 2, 3, 0])
    expect(wholeCharacters(turtle.subarray(0, 4)).toString()).toBe('a')
    expect(wholeCharacters(Buffer.from([0x80, 0x80, 0x80, 0x80])).length).toBe(4)
  })
})
