import { BOX_ENV } from '../bwrap/arguments.ts'
import type { BoxSpec } from '../driver.ts'

/** Version of the frames that this side speaks; an image with another one must be built again. */
export const ENTRY_PROTOCOL = 1

/** What the first process of a container says before anything runs (entry/main.c). */
export interface EntryHello {
  protocol: number
  pid: number
  uid: number
  machine: string
  cgroups: 'v1' | 'v2' | 'none'
  /** Limits of the container's own control groups; negative: none. */
  memory: number
  pids: number
}

/** How a program ended, as the first process saw it (entry/run.c). */
export interface EntryResult {
  /** -1: it did not exit by itself. */
  exit: number
  /** Linux number of the signal that ended it; 0: none. */
  signal: number
  reason: '' | 'memory' | 'inodes' | 'output' | 'cpu' | 'wall' | 'cancel'
  oom: boolean
  /** The disk was full at some moment. */
  full: boolean
  /** A process was refused. */
  refused: boolean
  cut: [stdout: boolean, stderr: boolean]
  cpu_us: number
  wall_us: number
  peak: number
}

const encoder = new TextEncoder()

/** One frame: type, length, bytes (entry/entry.h). */
function frame(type: string, ...parts: (string | Uint8Array)[]): Buffer {
  const bytes = parts.map(part => typeof part === 'string' ? encoder.encode(part) : part)
  const length = bytes.reduce((sum, part) => sum + part.length, 0)
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, ...bytes])
}

/** Below /work, whether told with or without it. */
const belowWork = (path: string) => path.startsWith('/work/') ? path.slice('/work/'.length) : path

function word(type: string, text: string): Buffer {
  if (text.includes('\0')) throw new Error('an argument or an environment entry holds a NUL byte')
  return frame(type, text)
}

/** Everything the first process must know to run a program. Throws on texts that cannot be passed to one. */
export function encodeSpec(spec: BoxSpec, seccompFilter: Uint8Array): Buffer {
  const { wallMs, cpuMs, outputBytes, diskBytes, inodes } = spec.limits
  const env = Object.entries({ ...BOX_ENV, ...spec.env })
  return Buffer.concat([
    frame('L', [wallMs, cpuMs, outputBytes, diskBytes, inodes].join(' ')),
    frame('B', seccompFilter),
    ...spec.argv.map(text => word('A', text)),
    ...env.map(([name, value]) => word('E', `${name}=${value}`)),
    ...spec.files.map(file => frame('F', file.executable ? 'x' : '-', belowWork(file.path), '\0', file.content)),
    frame('I', spec.stdin),
    ...(spec.collect ? [frame('C', `${spec.collect.maxBytes} ${belowWork(spec.collect.path)}`)] : []),
    frame('G'),
  ])
}

/** Cuts a stream of bytes into frames, whatever pieces they arrive in. */
export function frameReader(onFrame: (type: string, bytes: Buffer) => void): (chunk: Buffer) => void {
  let kept: Buffer = Buffer.alloc(0)
  return (chunk) => {
    kept = kept.length ? Buffer.concat([kept, chunk]) : chunk
    while (kept.length >= 5) {
      const end = 5 + kept.readUInt32BE(1)
      if (kept.length < end) return
      onFrame(kept.toString('latin1', 0, 1), kept.subarray(5, end))
      kept = kept.subarray(end)
    }
  }
}
