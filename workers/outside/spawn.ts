import { fork } from 'node:child_process'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FromOutside, ToOutside } from './messages.ts'

/** A thread or child process that runs processors, one at a time. */
export interface Outsider {
  send(message: ToOutside): void
  /** Ends it at once, whatever it does. */
  kill(): void
}
export interface OutsiderEvents {
  onMessage(message: FromOutside): void
  /** Called once; `how` says for people why it is gone. */
  onEnd(how: string): void
}
export type Spawn = (events: OutsiderEvents) => Outsider

const ENTRY = new URL('../outside.ts', import.meta.url)
/** All that a processor's environment holds: nothing of ours, so nothing that opens a door. */
const ENVIRONMENT = {
  PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
  HOME: homedir(), TMPDIR: tmpdir(), LANG: 'C.UTF-8', TZ: Intl.DateTimeFormat().resolvedOptions().timeZone,
}

/** Starts worker threads with at most `memoryMb` MiB of heap each. */
export const threadSpawner = (memoryMb: number): Spawn => ({ onMessage, onEnd }) => {
  const thread = new Worker(ENTRY, { env: ENVIRONMENT, resourceLimits: { maxOldGenerationSizeMb: memoryMb } })
  let why = ''
  thread.on('message', onMessage)
  thread.on('error', (error: NodeJS.ErrnoException) => {
    why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `it needed more than its ${memoryMb} MiB of memory` : error.message
  })
  thread.on('exit', code => onEnd(`The thread of this job ended: ${why || `exit code ${code}`}.`))
  return { send: message => thread.postMessage(message), kill: () => void thread.terminate() }
}

/** Starts child processes with at most `memoryMb` MiB of heap each; what they write appears where ours does, or nowhere. */
export const processSpawner = (memoryMb: number, output: 'inherit' | 'ignore' = 'inherit'): Spawn => ({ onMessage, onEnd }) => {
  const child = fork(fileURLToPath(ENTRY), { env: ENVIRONMENT, execArgv: [`--max-old-space-size=${memoryMb}`], stdio: ['ignore', output, output, 'ipc'] })
  const end = (how: string) => onEnd(`The process of this job ended: ${how}.`)
  child.on('message', message => onMessage(message as FromOutside))
  // A child that could not be started has no exit.
  child.on('error', error => child.pid === undefined && end(error.message))
  child.on('exit', (code, signal) => {
    const how = signal === 'SIGABRT' ? `signal SIGABRT, most likely because it needed more than its ${memoryMb} MiB of memory` : signal ? `signal ${signal}` : `exit code ${code}`
    // What it said last may still be on its way.
    if (child.connected) child.once('disconnect', () => end(how))
    else end(how)
  })
  // A failed send means that it is going; its exit says so.
  return { send: message => child.send(message, () => {}), kill: () => child.kill('SIGKILL') }
}
