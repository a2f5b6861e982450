import { describe, expect, it } from 'vitest'
import { encodeOrder, readFrames, type BoxOrder } from '../../../../server/infra/sandbox/wire.ts'

const frame = (kind: number, text: string) => {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(text))
  bytes[0] = kind
  bytes.writeUInt32LE(bytes.length - 5, 1)
  bytes.write(text, 5)
  return bytes
}
function read(pieces: Buffer[]) {
  const seen: string[] = []
  const reader = readFrames((kind, bytes) => seen.push(`${kind}:${bytes.toString()}`), text => seen.push(`text:${text}`))
  pieces.forEach(reader)
  return seen
}
const order = (wish: Partial<BoxOrder>): BoxOrder => ({
  argv: ['a'], env: {}, files: [], stdin: Buffer.alloc(0), wallMs: 1, cpuMs: 1, processes: 1, watchUsage: false,
  memoryBytes: 1, addressSpaceBytes: 0, outputBytes: 1, diskBytes: 1, inodes: 1, ...wish,
})

describe('the channel of a box', () => {
  it('reads frames from pieces of any size', () => {
    const all = Buffer.concat([frame(1, 'hello'), frame(2, ''), frame(4, '{}'), frame(3, 'żółw')])
    const whole = ['stdout:hello', 'stderr:', 'status:{}', 'collected:żółw']
    expect(read([all])).toEqual(whole)
    for (const size of [1, 2, 3, 4, 7]) expect(read(Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size)))).toEqual(whole)
  })
  it('reads a complaint in plain text, before any frame or behind one', () => {
    expect(read([Buffer.from('bwrap: no')])).toEqual(['text:bwrap: no'])
    expect(read([Buffer.from('b'), Buffer.from('wrap')]).join('')).toBe('text:btext:wrap')
    expect(read([frame(1, 'x'), Buffer.from('bwrap: late')])).toEqual(['stdout:x', 'text:bwrap: late'])
    expect(read([Buffer.from('a warn'), Buffer.from('ing\n'), frame(1, 'x'), frame(4, '{}')])).toEqual(['text:a warn', 'text:ing\n', 'stdout:x', 'status:{}'])
    expect(read([Buffer.concat([Buffer.from('two\nlines\n'), frame(4, '{}')])])).toEqual(['text:two\n', 'text:lines\n', 'status:{}'])
  })
  it('refuses texts that would end early and paths that would leave /work', () => {
    expect(() => encodeOrder(order({ argv: ['a\0b'] }))).toThrow(/NUL/)
    expect(() => encodeOrder(order({ env: { A: '\0' } }))).toThrow(/NUL/)
    for (const path of ['', '/etc/passwd', '..', 'a/../b', 'a//b', './a', '/work/../x']) {
      expect(() => encodeOrder(order({ files: [{ path, content: Buffer.alloc(0) }] }))).toThrow(/below \/work/)
      if (path) expect(() => encodeOrder(order({ collect: { path, maxBytes: 1 } }))).toThrow(/below \/work/)
    }
    expect(() => encodeOrder(order({ collect: { path: '/work/out', maxBytes: 1 } }))).not.toThrow()
  })
})
