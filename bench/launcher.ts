/** Runs `scripts/launch.ts` the way a user does, with nothing of the caller's environment. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const LAUNCH = join(import.meta.dirname, '../scripts/launch.ts')
/** A build may come before the first start. */
const READY_WITHIN_MS = 300_000

export interface LauncherOptions {
  command: 'start' | 'api' | 'worker' | 'migrate'
  /** The data folder; also the working directory, so that no .env of the checkout points the load at somebody's database. */
  folder: string
  /** Where its output goes. */
  logPath: string
  /** What the line says that it waits for; the one-off `migrate` ends instead. */
  readyLine: string
  env: Record<string, string>
  /** Folder for CPU profiles of everything it starts. */
  profile?: string
  /** Removes what it left, when the benchmark is interrupted. */
  cleanUp?: () => Promise<void>
}
export interface Launcher { pid: number, readyMs: number, log(): string, stop(): Promise<void> }

/** Starts a launcher and waits for its ready line. Throws with its log when it does not come. */
export async function startLauncher({ command, folder, logPath, readyLine, env, profile, cleanUp }: LauncherOptions): Promise<Launcher> {
  refuseWhenInterrupted()
  const out = openSync(logPath, 'w')
  const startedAt = performance.now()
  const launcher = spawn(process.execPath, [LAUNCH, command], {
    cwd: folder, stdio: ['ignore', out, out], detached: true,
    env: {
      PATH: process.env.PATH, HOME: process.env.HOME, LANG: process.env.LANG, TMPDIR: tmpdir(), BESPIN_DATA_DIR: folder,
      ...(profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }), ...env,
    },
  })
  closeSync(out)
  const log = () => readFileSync(logPath, 'utf8')
  const stop = () => endLauncher(launcher)
  const interrupt = async () => {
    await stop()
    await cleanUp?.()
  }
  running.add(interrupt)
  void once(launcher, 'exit').then(() => running.delete(interrupt))
  try {
    return { pid: launcher.pid!, readyMs: await untilReady({ launcher, log, readyLine, startedAt }), log, stop }
  }
  catch (error) {
    await stop()
    throw new Error(`Bespin did not start: ${(error as Error).message}\n${log().slice(-4000)}`, { cause: error })
  }
}

interface Waiting { launcher: ChildProcess, log: () => string, readyLine: string, startedAt: number }

async function untilReady({ launcher, log, readyLine, startedAt }: Waiting): Promise<number> {
  while (performance.now() - startedAt < READY_WITHIN_MS) {
    if (log().includes(readyLine)) return performance.now() - startedAt
    if (launcher.exitCode !== null || launcher.signalCode !== null) throw new Error('the launcher ended')
    await sleep(10)
  }
  throw new Error(`no ready line within ${READY_WITHIN_MS / 1000} s`)
}

async function endLauncher(launcher: ChildProcess): Promise<void> {
  if (launcher.exitCode !== null || launcher.signalCode !== null) return
  const gone = once(launcher, 'exit')
  launcher.kill('SIGTERM')
  await gone
}

/** What is running now; an interrupted benchmark takes it down too. */
const running = new Set<() => Promise<void>>()
let interrupted = false

/** What is being ended must not begin again. */
export function refuseWhenInterrupted(): void {
  if (interrupted) throw new Error('the benchmark was interrupted')
}

/** On Ctrl-C or SIGTERM everything that was started ends, workers before what they work with, then the program. */
export function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stopAll())
}

async function stopAll(): Promise<never> {
  interrupted = true
  for (const interrupt of [...running].reverse()) await interrupt().catch((error: Error) => console.error(error.message))
  process.exit(130)
}
