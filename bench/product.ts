/** A Bespin of the benchmark's own: built code, temporary data folder, free ports, nothing of the caller's environment. */
import { appendFileSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../tests/support/free-ports.ts'
import { refuseWhenInterrupted, startLauncher } from './launcher.ts'

export { stopOnSignals } from './launcher.ts'

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
  /** `api` starts everything but the worker. */
  command?: 'start' | 'api'
}

/** Preparing to run code (Go's standard library) keeps a core busy for a minute; where code is measured it is switched on. */
const NO_CODE = { BESPIN_SANDBOX: 'off' }

export async function makeDataDir(): Promise<string> {
  refuseWhenInterrupted()
  return mkdtemp(join(tmpdir(), 'bespin-bench-'))
}

/** Starts the built product and waits for its ready line. Throws with its log when it does not come. */
export async function startProduct({ belt, dataDir, env = {}, profile, command = 'start' }: ProductOptions): Promise<Product> {
  const folder = dataDir ?? await makeDataDir()
  const [port, metricsPort, workerPort] = await freePorts(3)
  const logPath = `${folder}.log`
  const removeAll = async (keepData: boolean) => {
    await rm(logPath, { force: true })
    if (!keepData) await rm(folder, { recursive: true, force: true })
  }
  try {
    const launcher = await startLauncher({
      command, folder, logPath, profile, readyLine: 'Bespin is ready on', cleanUp: () => removeAll(false),
      env: { PORT: String(port), METRICS_PORT: String(metricsPort), WORKER_PORT: String(workerPort), BESPIN_BELT: belt, ...NO_CODE, ...env },
    })
    const { ownerUrl, redisUrl } = readJson<{ ownerUrl: string, redisUrl?: string }>(join(folder, 'services.json'))
    return {
      url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}`, workerUrl: `http://127.0.0.1:${workerPort}`,
      dataDir: folder, startMs: launcher.readyMs, databaseUrl: ownerUrl, redisUrl, log: launcher.log,
      pidOf: name => readJson<{ name: string, pid: number }[]>(join(folder, 'children.json')).find(child => child.name === name)?.pid,
      stop: async ({ keepData = false } = {}) => {
        await launcher.stop()
        await removeAll(keepData)
      },
    }
  }
  catch (error) {
    await removeAll(false)
    throw error
  }
}

export interface ProductWorker { url: string, pid: number, stop(): Promise<void> }

/** Adds a worker process to a product that runs on `dataDir`; resolves when its health answers. */
export async function startProductWorker({ belt, dataDir, env = {}, profile }: ProductOptions & { dataDir: string }): Promise<ProductWorker> {
  const [workerPort] = await freePorts(1)
  const url = `http://127.0.0.1:${workerPort}`
  const logPath = `${dataDir}.worker.log`
  const launcher = await startLauncher({
    command: 'worker', folder: dataDir, logPath, profile, readyLine: 'the Bespin worker is ready', cleanUp: () => rm(logPath, { force: true }),
    env: { WORKER_PORT: String(workerPort), BESPIN_BELT: belt, ...env },
  })
  return {
    url, pid: launcher.pid,
    async stop() {
      await launcher.stop()
      await rm(logPath, { force: true })
    },
  }
}

/**
 * A new data folder whose PostgreSQL keeps the time of every commit: then a row tells when its last change was durable,
 * and not only when the statement that made it began.
 */
export async function makeDataDirWithCommitTimes({ belt }: Pick<ProductOptions, 'belt'>): Promise<string> {
  const folder = await makeDataDir()
  const launcher = await startLauncher({ command: 'migrate', folder, logPath: `${folder}.log`, readyLine: 'the database is up to date', env: { BESPIN_BELT: belt } })
  await launcher.stop()
  appendFileSync(join(folder, 'postgres/postgresql.conf'), 'track_commit_timestamp = on\n')
  return folder
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T
