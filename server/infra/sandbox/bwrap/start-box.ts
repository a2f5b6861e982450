import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { readFrames, type FrameKind } from '../wire.ts'

/** Who listens to a box: frames of the shim, and complaints in plain text. */
export interface BoxEars {
  onFrame(kind: FrameKind, bytes: Buffer): void
  onText(text: string): void
}

/** A box whose processes were started. What it says goes to `ears`, which may be others later. */
export interface StartedBox {
  child: ChildProcess
  channel: Socket
  ears: BoxEars
  /** Resolves when nothing is left of it; rejects when it could not be started. */
  gone: Promise<void>
}

/** After a word to the shim, which ends everything and reports what was used; then by force. */
const FORCE_AFTER_MS = 50

/** Starts the shim's `launch` with everything behind it. */
export function startBox({ command, args }: { command: string, args: string[] }, ears: BoxEars): StartedBox {
  // Apart from the worker's process group: Ctrl-C is for the worker, which then ends its boxes.
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: {}, cwd: '/', detached: true })
  const channel = child.stdio[3] as Socket
  const gone = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  const box: StartedBox = { child, channel, ears, gone }
  channel.on('error', () => {})
  channel.on('data', readFrames((kind, bytes) => box.ears.onFrame(kind, bytes), text => box.ears.onText(text)))
  return box
}

/** The end of the channel tells the shim; bubblewrap takes the rest with it when it has to be killed. */
export function endBox({ child, channel }: Pick<StartedBox, 'child' | 'channel'>): void {
  channel.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), FORCE_AFTER_MS)
  child.once('close', () => clearTimeout(timer))
}
