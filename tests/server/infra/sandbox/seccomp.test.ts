import { describe, expect, it } from 'vitest'
import { buildFilter, type FilterArch } from '../../../../server/infra/sandbox/seccomp.ts'
import { JUDGED, NEWEST_KNOWN, PASSED_OVER, REFUSED, UNKNOWN } from '../../../../server/infra/sandbox/seccomp/system-call-numbers.ts'

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 }
const [ALLOW, KILL] = [0x7fff0000, 0x80000000]
const errno = (number: number) => 0x00050000 + number
const [EPERM, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT, DONE] = [errno(1), errno(38), errno(97), errno(93), errno(0)]

const JUMPS: Record<number, (a: number, k: number) => boolean> = { 0x15: (a, k) => a === k, 0x25: (a, k) => a > k, 0x35: (a, k) => a >= k, 0x45: (a, k) => (a & k) !== 0 }

/** Runs a filter as the kernel does (bpf(4), struct seccomp_data) and answers what it returns. */
function judge(filter: Buffer, call: { nr: number, arch: number, args?: number[] }): number {
  const data = Buffer.alloc(64)
  data.writeUInt32LE(call.nr >>> 0, 0)
  data.writeUInt32LE(call.arch, 4)
  call.args?.forEach((value, i) => data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + 8 * i))
  let a = 0
  for (let pc = 0; pc < filter.length / 8; pc++) {
    const [code, yes, no, k] = [filter.readUInt16LE(pc * 8), filter[pc * 8 + 2]!, filter[pc * 8 + 3]!, filter.readUInt32LE(pc * 8 + 4)]
    if (code === 0x20) a = data.readUInt32LE(k)
    else if (code === 0x54) a = (a & k) >>> 0
    else if (code === 0x06) return k
    else pc += JUMPS[code]!(a, k) ? yes : no
  }
  throw new Error('ran past the end')
}

describe.each(['x64', 'arm64'] as const)('the filter for %s', (arch: FilterArch) => {
  const filter = buildFilter({ arch, memfd: true })
  const pick = (pair: readonly [number, number | null]) => pair[arch === 'x64' ? 0 : 1]
  const ask = (nr: number, ...args: number[]) => judge(filter, { nr, arch: AUDIT_ARCH[arch], args })

  it('kills calls of another processor, whose numbers mean something else', () => {
    expect(judge(filter, { nr: 1, arch: 0x40000003 })).toBe(KILL)
    expect(judge(filter, { nr: 1, arch: AUDIT_ARCH[arch === 'x64' ? 'arm64' : 'x64'] })).toBe(KILL)
  })
  it('refuses every call that reaches past the box', () => {
    for (const [name, pair] of Object.entries(REFUSED)) if (pick(pair) !== null) expect([name, ask(pick(pair)!)]).toEqual([name, EPERM])
    for (const [name, pair] of Object.entries(UNKNOWN)) if (pick(pair) !== null) expect([name, ask(pick(pair)!)]).toEqual([name, ENOSYS])
  })
  it('does not know calls that are newer than itself, nor those of x32', () => {
    expect([ask(NEWEST_KNOWN + 1), ask(1000), ask(0x40000000), ask(0x40000001), ask(0xffffffff)]).toEqual([ENOSYS, ENOSYS, ENOSYS, ENOSYS, ENOSYS])
  })
  it('lets processes and threads be made, but no namespaces', () => {
    const clone = pick(JUDGED.clone)!
    expect(ask(clone, 17)).toBe(ALLOW)
    expect(ask(clone, 0x3d0f00)).toBe(ALLOW)
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) expect([flag, ask(clone, flag | 17)]).toEqual([flag, EPERM])
  })
  it('lets only Unix and Internet sockets be made, and no raw ones', () => {
    for (const call of [JUDGED.socket, JUDGED.socketpair]) {
      for (const family of [1, 2, 10]) expect(ask(pick(call)!, family, 1)).toBe(ALLOW)
      expect(ask(pick(call)!, 2, 2 | 0x80000)).toBe(ALLOW)
      expect([ask(pick(call)!, 2, 3), ask(pick(call)!, 10, 3 | 0x800), ask(pick(call)!, 1, 10)]).toEqual([EPERM, EPERM, EPERM])
      for (const family of [0, 3, 16, 17, 31, 38, 40, 44]) expect([family, ask(pick(call)!, family, 1)]).toEqual([family, EAFNOSUPPORT])
    }
  })
  it('lets sockets of the Internet speak TCP and UDP and nothing that is rarely used', () => {
    const socket = pick(JUDGED.socket)!
    for (const family of [2, 10]) {
      for (const [type, protocol] of [[1, 0], [1, 6], [2, 0], [2, 17], [1 | 0x80800, 6]] as const) expect([family, type, protocol, ask(socket, family, type, protocol)]).toEqual([family, type, protocol, ALLOW])
      for (const protocol of [1, 33, 58, 132, 136, 262]) expect([protocol, ask(socket, family, 1, protocol), ask(socket, family, 2, protocol)]).toEqual([protocol, EPROTONOSUPPORT, EPROTONOSUPPORT])
      for (const type of [3, 4, 5, 6, 10]) expect([type, ask(socket, family, type, 0)]).toEqual([type, EPERM])
    }
    expect([ask(socket, 1, 5), ask(socket, 1, 2)]).toEqual([ALLOW, ALLOW])
  })
  it('passes over what would make the whole machine write', () => {
    for (const pair of Object.values(PASSED_OVER)) expect(ask(pick(pair)!)).toBe(DONE)
  })
  it('lets buffers of sockets grow only where a cgroup counts them', () => {
    const without = buildFilter({ arch, memfd: false })
    const set = (used: Buffer, level: number, option: number) => judge(used, { nr: pick(JUDGED.setsockopt)!, arch: AUDIT_ARCH[arch], args: [5, level, option] })
    expect([set(filter, 1, 7), set(filter, 1, 8), set(without, 1, 7), set(without, 1, 8), set(without, 1, 2), set(without, 6, 7)]).toEqual([ALLOW, ALLOW, DONE, DONE, ALLOW, ALLOW])
  })
  it('lets nothing be typed into a terminal and no other personality be taken', () => {
    expect([ask(pick(JUDGED.ioctl)!, 0, 0x5401), ask(pick(JUDGED.ioctl)!, 0, 0x5412), ask(pick(JUDGED.ioctl)!, 0, 0x541c)]).toEqual([ALLOW, EPERM, EPERM])
    // The high half is not looked at by the kernel either.
    expect(ask(pick(JUDGED.ioctl)!, 0, 0x100005412)).toBe(EPERM)
    expect([ask(pick(JUDGED.personality)!, 0), ask(pick(JUDGED.personality)!, 0xffffffff), ask(pick(JUDGED.personality)!, 0x40000)]).toEqual([ALLOW, ALLOW, EPERM])
  })
  it('lets memory without a name be made only where a cgroup counts it', () => {
    expect(ask(pick(JUDGED.memfd_create)!)).toBe(ALLOW)
    expect(judge(buildFilter({ arch, memfd: false }), { nr: pick(JUDGED.memfd_create)!, arch: AUDIT_ARCH[arch] })).toBe(ENOSYS)
  })
  it('lets ordinary calls through', () => {
    const ordinary = arch === 'x64' ? [0, 1, 2, 3, 9, 39, 57, 59, 60, 61, 202, 231, 257, 262, 334, 436, 437] : [56, 57, 63, 64, 93, 94, 172, 221, 222, 260, 291, 436, 437]
    for (const nr of ordinary) expect([nr, ask(nr)]).toEqual([nr, ALLOW])
  })
})
