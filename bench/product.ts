/** A Bespin of the benchmark's own: built code, temporary data folder, free ports, nothing of the caller's environment. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../tests/support/free-ports.ts'

const ROOT = join(import.meta.dirname, '..')
const READY = 'Bespin is ready on'
/** A build may come before the first start. */
const READY_WITHIN_MS = 300_000

export interface Product {
  url: string
  metricsUrl: string
  workerUrl: string
  dataDir: string
  /** From the launcher's start to its ready line. */
  startMs: number
  /** The owner's address: looks past row-level security. */
  databaseUrl: string
  redisUrl?: string
  /** Process id of `web`, `worker`, `postgres` or `redis`; undefined while it is being started again. */
  pidOf(name: string): number | undefined
  /** Everything it said until now. */
  log(): string
  /** Ends everything; the data folder stays with `keepData`. */
  stop(options?: { keepData?: boolean }): Promise<void>
}

export interface ProductOptions {
  belt: 'redis' | 'postgres'
  /** A data folder of an earlier start; default: a new one. */
  dataDir?: string
  env?: Record<string, string>
  profile?: string
}

export const makeDataDir = (): Promise<string> => mkdtemp(join(tmpdir(), 'bespin-bench-'))

/** Starts the built product and waits for its ready line. Throws with its log when it does not come. */
export async function startProduct({ belt, dataDir, env = {}, profile }: ProductOptions): Promise<Product> {
  const folder = dataDir ?? await makeDataDir()
  const [port, metricsPort, workerPort] = await freePorts(3)
  const logPath = `${folder}.log`
  const out = openSync(logPath, 'w')
  const startedAt = performance.now()
  // In the data folder, so that no .env of the checkout points the load at somebody's database.
  const launcher = spawn(process.execPath, [join(ROOT, 'scripts/launch.ts'), 'start'], {
    cwd: folder, stdio: ['ignore', out, out], detached: true,
    env: {
      PATH: process.env.PATH, HOME: process.env.HOME, LANG: process.env.LANG, TMPDIR: tmpdir(),
      PORT: String(port), METRICS_PORT: String(metricsPort), WORKER_PORT: String(workerPort), BESPIN_DATA_DIR: folder, BESPIN_BELT: belt,
      ...(profile && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }), ...env,
    },
  })
  closeSync(out)
  const log = () => readFileSync(logPath, 'utf8')
  const stop = async ({ keepData = false } = {}) => {
    await endLauncher(launcher)
    await rm(logPath, { force: true })
    if (!keepData) await rm(folder, { recursive: true, force: true })
  }
  running.add(stop)
  try {
    const startMs = await untilReady({ launcher, log, startedAt })
    const { ownerUrl, redisUrl } = readJson<{ ownerUrl: string, redisUrl?: string }>(join(folder, 'services.json'))
    return {
      url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}`, workerUrl: `http://127.0.0.1:${workerPort}`,
      dataDir: folder, startMs, databaseUrl: ownerUrl, redisUrl, log,
      pidOf: name => readJson<{ name: string, pid: number }[]>(join(folder, 'children.json')).find(child => child.name === name)?.pid,
      stop: async (options) => { running.delete(stop); await stop(options) },
    }
  }
  catch (error) {
    const said = log()
    running.delete(stop)
    await stop()
    throw new Error(`Bespin did not start: ${(error as Error).message}\n${said.slice(-4000)}`, { cause: error })
  }
}

async function untilReady({ launcher, log, startedAt }: { launcher: ChildProcess, log: () => string, startedAt: number }): Promise<number> {
  while (performance.now() - startedAt < READY_WITHIN_MS) {
    if (log().includes(READY)) return performance.now() - startedAt
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

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T

/** What is running now; an interrupted benchmark takes it down too. */
const running = new Set<() => Promise<void>>()

/** On Ctrl-C or SIGTERM everything that was started ends, then the program. */
export function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void Promise.allSettled([...running].map(stop => stop())).then(() => process.exit(130))
    })
  }
}
