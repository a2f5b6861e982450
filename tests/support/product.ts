import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, mkdir, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { TEST_SECRET } from './start-postgres.ts'
import { until } from './until.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface Product {
  /** `http://127.0.0.1:<port>` of the dashboard and the API. */
  url: string
  metricsUrl: string
  workerUrl: string
  dataDir: string
  /** Everything it said until now. */
  log(): string
  /** The process id of a child, as `pidOfChild` tells it. */
  pidOf(name: string): Promise<number>
  launcher: ChildProcess
  /** Stops it as Ctrl-C would and removes its data folder. Resolves to the seconds it took. */
  stop(): Promise<number>
}
export interface ProductOptions {
  env?: Record<string, string>
  /** Whether it runs submitted code; preparing for that takes a machine of two cores some time. Default: no. */
  code?: boolean
  /** Folders searched for programs; default: those of this machine. */
  path?: string
  /** Default: the launcher's `start`. Started in `cwd`, by default the project's. */
  command?: { file: string, args: string[], cwd?: string }
  /** What it says when it is ready. */
  readyLine?: string
  dataDir?: string
}

/** What a person's shell would hand over: nothing of ours, nothing of the test runner's. */
export const shell = (path = process.env.PATH ?? '') => ({
  PATH: path, HOME: process.env.HOME ?? tmpdir(), LANG: process.env.LANG ?? 'C.UTF-8', TMPDIR: tmpdir(), NUXT_TELEMETRY_DISABLED: '1',
})

/** What toolchains prepare is kept from one product, and one run, to the next: Go's standard library alone takes a minute. */
export const TOOLCHAINS = join(tmpdir(), 'bespin-test-toolchains')
const WITH_CODE = { BESPIN_CODE_TOOLCHAINS: TOOLCHAINS }
const WITHOUT_CODE = { BESPIN_SANDBOX: 'off' }

/** The settings of a product on the run's own PostgreSQL. */
export const onDatabase = (ownerUrl: string) => ({ DATABASE_URL: ownerUrl, BESPIN_SECRET_KEY: TEST_SECRET })

/** The process id of a child (`web`, `worker`, `redis`, `postgres`) as the data folder records it. */
export async function pidOfChild(dataDir: string, name: string): Promise<number> {
  const children = JSON.parse(await readFile(join(dataDir, 'children.json'), 'utf8')) as { name: string, pid: number }[]
  const found = children.find(child => child.name === name)
  if (!found) throw new Error(`no child "${name}" among ${children.map(child => child.name).join(', ')}`)
  return found.pid
}

/** Starts the built product with the launcher and waits for its ready line. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const { env = {}, path = process.env.PATH ?? '', dataDir, readyLine = 'Bespin is ready on' } = options
  const folder = dataDir ?? await mkdtemp(join(tmpdir(), 'bespin-test-product-'))
  const [port, metricsPort, workerPort] = await freePorts(3)
  const { file, args, cwd = ROOT } = options.command ?? { file: process.execPath, args: [join(ROOT, 'scripts/launch.ts'), 'start'] }
  const launcher = spawn(file, args, {
    cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
    env: { ...shell(path), PORT: String(port), METRICS_PORT: String(metricsPort), WORKER_PORT: String(workerPort), BESPIN_DATA_DIR: folder, ...(options.code ? WITH_CODE : WITHOUT_CODE), ...env },
  })
  let log = ''
  for (const stream of [launcher.stdout, launcher.stderr]) stream.on('data', (chunk: Buffer) => { log += chunk.toString() })
  const stop = async () => {
    const start = Date.now()
    if (launcher.exitCode === null && launcher.signalCode === null) {
      const gone = once(launcher, 'exit')
      // The whole foreground group, as a terminal does.
      process.kill(-launcher.pid!, 'SIGINT')
      await gone
    }
    await rm(folder, { recursive: true, force: true })
    return (Date.now() - start) / 1000
  }
  try {
    await until(() => {
      if (launcher.exitCode !== null) throw new Error('it ended')
      return log.includes(readyLine)
    }, { seconds: 90, what: 'the ready line' })
  } catch (error) {
    await stop()
    throw new Error(`The product did not become ready: ${String(error)}\n${log}`, { cause: error })
  }
  return {
    url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}`, workerUrl: `http://127.0.0.1:${workerPort}`,
    dataDir: folder, log: () => log, launcher, stop,
    pidOf: name => pidOfChild(folder, name),
  }
}

/**
 * A search path with every program of this machine except Redis and Valkey: what a machine without them has.
 * @returns the folder to use as PATH; the caller removes it.
 */
export async function pathWithoutRedis(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bespin-test-path-'))
  await mkdir(folder, { recursive: true })
  const places = [dirname(process.execPath), ...(process.env.PATH ?? '').split(':').filter(Boolean)]
  for (const place of places) {
    for (const name of await readdir(place).catch(() => [])) {
      if (!/^(redis|valkey)-/.test(name)) await symlink(join(place, name), join(folder, name)).catch(() => {})
    }
  }
  return folder
}
