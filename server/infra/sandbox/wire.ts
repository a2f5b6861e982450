import type { BoxSpec } from './driver.ts'

/** What the shim enforces by itself; sizes in bytes. `0` of processes and address space: not by rlimit. */
export interface BoxOrder extends Pick<BoxSpec, 'argv' | 'env' | 'files' | 'stdin' | 'collect'> {
  wallMs: number
  cpuMs: number
  processes: number
  /** Measures CPU and memory over /proc of the box: for machines without cgroups. */
  watchUsage: boolean
  memoryBytes: number
  addressSpaceBytes: number
  outputBytes: number
  diskBytes: number
  inodes: number
  /** Starts the program now; its one file is a pipe that the program waits at until a second order brings what it is to run. */
  waits?: boolean
}

const [WATCH_USAGE, WAITS] = [1, 2]
const FIXED = 4 * 5 + 8 * 6 + 4 * 4

/**
 * An order as the shim reads it (shim/order.h), little endian: u32 size of the head; head: u32 version, wall ms, cpu ms,
 * processes, flags; u64 memory, address space, output, disk, inodes, most to collect; u32 argc, envc, files, bytes of stdin;
 * texts (u32 length, bytes, NUL): argv, environment, path to collect; per file a text, u32 executable, u32 size.
 * Behind the head the contents of the files and stdin. Texts with NUL are refused (RangeError): they would end early.
 */
export function encodeOrder(order: BoxOrder): Buffer[] {
  const texts = (values: string[]) => values.map(encodeText)
  const env = Object.entries(order.env).map(([name, value]) => `${name}=${value}`)
  const fixed = Buffer.alloc(4 + FIXED)
  let at = 4
  const u32 = (value: number) => { at = fixed.writeUInt32LE(value, at) }
  const u64 = (value: number) => { at = fixed.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(value))), at) }
  for (const value of [1, order.wallMs, order.cpuMs, order.processes, (order.watchUsage ? WATCH_USAGE : 0) | (order.waits ? WAITS : 0)]) u32(value)
  for (const value of [order.memoryBytes, order.addressSpaceBytes, order.outputBytes, order.diskBytes, order.inodes, order.collect?.maxBytes ?? 0]) u64(value)
  for (const value of [order.argv.length, env.length, order.files.length, order.stdin.length]) u32(value)
  const files = order.files.map((file) => {
    const numbers = Buffer.alloc(8)
    numbers.writeUInt32LE(file.executable ? 1 : 0, 0)
    numbers.writeUInt32LE(file.content.length, 4)
    return Buffer.concat([encodeText(relativePath(file.path)), numbers])
  })
  const head = Buffer.concat([fixed, ...texts(order.argv), ...texts(env), encodeText(order.collect ? relativePath(order.collect.path) : ''), ...files])
  head.writeUInt32LE(head.length - 4, 0)
  return [head, ...order.files.map(file => Buffer.from(file.content)), Buffer.from(order.stdin)].filter(part => part.length > 0)
}

function encodeText(text: string): Buffer {
  if (text.includes('\0')) throw new RangeError(`${JSON.stringify(text.slice(0, 40))} holds NUL`)
  const bytes = Buffer.from(text, 'utf8')
  const all = Buffer.alloc(bytes.length + 5)
  all.writeUInt32LE(bytes.length, 0)
  bytes.copy(all, 4)
  return all
}

/** Below /work and nowhere else, whoever checked it before. */
function relativePath(path: string): string {
  const below = path.startsWith('/work/') ? path.slice('/work/'.length) : path
  if (below === '' || below.startsWith('/') || below.split('/').some(part => part === '' || part === '.' || part === '..')) {
    throw new RangeError(`${JSON.stringify(path.slice(0, 80))} is not a path below /work`)
  }
  return below
}

const KINDS = ['stdout', 'stderr', 'collected', 'status', 'fatal', 'ready'] as const
export type FrameKind = typeof KINDS[number]

export type FrameReader = (bytes: Buffer) => void

/**
 * Reads the frames of shim/wire.h from pieces of any size. A line that does not begin like a frame goes to `onText`:
 * bubblewrap, `launch` and the dynamic linker complain, or only warn, in plain text on the same descriptor.
 */
export function readFrames(onFrame: (kind: FrameKind, bytes: Buffer) => void, onText: (text: string) => void): FrameReader {
  let kept: Buffer = Buffer.alloc(0)
  let inLine = false
  return (piece) => {
    let bytes = kept.length ? Buffer.concat([kept, piece]) : piece
    while (bytes.length > 0) {
      const kind = inLine ? undefined : KINDS[bytes[0]! - 1]
      const end = kind ? frameEnd(bytes) : lineEnd(bytes)
      if (end === undefined) break
      if (kind) onFrame(kind, bytes.subarray(5, end))
      else onText(bytes.toString('utf8', 0, end))
      inLine = !kind && bytes[end - 1] !== NEWLINE
      bytes = bytes.subarray(end)
    }
    kept = bytes
  }
}

const NEWLINE = 10
/** Where the frame at the start ends; undefined: it is not all there. */
function frameEnd(bytes: Buffer): number | undefined {
  const end = bytes.length < 5 ? Infinity : 5 + bytes.readUInt32LE(1)
  return end <= bytes.length ? end : undefined
}
const lineEnd = (bytes: Buffer) => bytes.indexOf(NEWLINE) + 1 || bytes.length

/** The last word of the shim (shim.c, `report`). */
export interface ShimReport {
  startError: number
  waitStatus: number
  endedBy: number
  wallUs: number
  cpuUs: number
  peakBytes: number
  diskFull: number
  stdoutCut: number
  stderrCut: number
  collect: number
}
/** Index: `endedBy` of the report. */
export const ENDED_BY = ['itself', 'wall', 'cpu', 'output', 'disk', 'inodes', 'memory', 'abort'] as const
/** Index: `collect` of the report. */
export const COLLECT_RESULTS = ['not asked', 'sent', 'absent', 'too large', 'not a file'] as const
