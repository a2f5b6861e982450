// The launcher as a person uses it, with the parts that need no build: database, Redis, migration step and worker.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { isAlive } from '../../scripts/launch/process-identity.ts'
import { findRedisProgram } from '../../scripts/launch/redis.ts'
import { freePorts } from '../support/free-ports.ts'
import { until } from '../support/until.ts'

const ROOT = join(import.meta.dirname, '../..')
const folders: string[] = []
const running = new Set<Run>()

interface Run { process: ChildProcess, log: () => string, dataDir: string, children: () => Record<string, number>, exit: () => Promise<number | null> }

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bespin-launcher-'))
  folders.push(folder)
  return folder
}

async function launch(args: string[], options: { dataDir: string, env?: Record<string, string> }): Promise<Run> {
  const [port, metricsPort, workerPort] = await freePorts(3)
  const env = { PATH: process.env.PATH, HOME: tmpdir(), BESPIN_DATA_DIR: options.dataDir, PORT: String(port), METRICS_PORT: String(metricsPort), WORKER_PORT: String(workerPort), ...options.env }
  const child = spawn(process.execPath, [join(ROOT, 'scripts/launch.ts'), ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { log += bytes.toString() })
  const exited = once(child, 'exit')
  const run: Run = {
    process: child, log: () => log, dataDir: options.dataDir,
    children: () => Object.fromEntries((JSON.parse(readFileSync(join(options.dataDir, 'children.json'), 'utf8')) as { name: string, pid: number }[]).map(({ name, pid }) => [name, pid])),
    exit: async () => {
      const [code] = await exited as [number | null]
      running.delete(run)
      return code
    },
  }
  running.add(run)
  return run
}

const isReady = (run: Run) => () => {
  if (run.process.exitCode !== null) throw new Error(`it ended:\n${run.log()}`)
  return run.log().includes('worker is ready')
}
async function launchWorker(dataDir: string, env: Record<string, string> = {}): Promise<Run> {
  const run = await launch(['worker'], { dataDir, env })
  await until(isReady(run), { seconds: 40, what: 'the ready line' })
  return run
}
async function stop(run: Run, signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null, seconds: number }> {
  const start = Date.now()
  run.process.kill(signal)
  return { code: await run.exit(), seconds: (Date.now() - start) / 1000 }
}
async function onDatabase<T extends pg.QueryResultRow>(dataDir: string, sql: string): Promise<T[]> {
  const { ownerUrl } = JSON.parse(readFileSync(join(dataDir, 'services.json'), 'utf8')) as { ownerUrl: string }
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

afterEach(async () => {
  for (const run of running) {
    run.process.kill('SIGTERM')
    await run.exit()
  }
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('one data folder', () => {
  const dataDir = newFolder()

  it('is made by the first start, readable by its owner only, and a stop leaves nothing running', async () => {
    const run = await launchWorker(dataDir)
    const children = run.children()
    expect(Object.keys(children).toSorted()).toEqual(findRedisProgram() ? ['postgres', 'redis', 'worker'] : ['postgres', 'worker'])
    expect(run.log()).not.toMatch(/postgres:\/\/[^*]*:[^*]{20}|redis:\/\/:[^*]/)
    const { code, seconds } = await stop(run)
    expect(code).toBe(0)
    expect(seconds).toBeLessThan(10)
    expect(Object.values(children).filter(isAlive)).toEqual([])
    expect([mode(dataDir), mode(join(dataDir, 'secrets.json'))]).toEqual(['700', '600'])
    expect(['launcher.lock', 'children.json', 'services.json'].filter(name => existsSync(join(dataDir, name)))).toEqual([])
  }, 60_000)

  it('keeps its data over kill -9 of the launcher, and the next start ends what was left', async () => {
    const first = await launchWorker(dataDir)
    await onDatabase(dataDir, `CREATE TABLE kept AS SELECT 42 AS answer`)
    const left = first.children()
    first.process.kill('SIGKILL')
    await first.exit()
    expect(Object.values(left).filter(isAlive)).toHaveLength(Object.keys(left).length)
    const second = await launchWorker(dataDir)
    expect(second.log()).toContain('ending what an earlier start left running')
    expect(Object.values(left).filter(isAlive)).toEqual([])
    expect(await onDatabase(dataDir, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await stop(second)
  }, 90_000)

  it('survives kill -9 of everything at once', async () => {
    const first = await launchWorker(dataDir)
    for (const pid of [first.process.pid ?? 0, ...Object.values(first.children())]) process.kill(pid, 'SIGKILL')
    await first.exit()
    const second = await launchWorker(dataDir)
    expect(await onDatabase(dataDir, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await stop(second, 'SIGINT')
  }, 90_000)

  it.each(findRedisProgram() ? ['worker', 'postgres', 'redis'] : ['worker', 'postgres'])('a %s that dies is started again, and that is said', async (name) => {
    const run = await launchWorker(dataDir)
    const before = run.children()[name] ?? 0
    process.kill(before, 'SIGKILL')
    await until(() => run.log().includes(`${name} ended (signal SIGKILL); starting it again in 1 s`), { what: 'the line in the log' })
    const after = await until(() => run.children()[name], { what: 'the new process' })
    expect(after).not.toBe(before)
    await until(() => onDatabase(dataDir, 'SELECT 1'), { seconds: 15, what: 'the database' })
    await stop(run)
  }, 60_000)

  it('belongs to one launcher: a second start refuses, migrate joins it', async () => {
    const first = await launchWorker(dataDir)
    const second = await launch(['dev'], { dataDir })
    expect(await second.exit()).toBe(1)
    expect(second.log()).toMatch(/Another Bespin \(process \d+\) uses the data folder.*BESPIN_DATA_DIR/)
    const status = await launch(['migrate', 'status'], { dataDir })
    expect(await status.exit()).toBe(0)
    expect(status.log()).toMatch(/using the services of the Bespin that runs[^]*_foundation: applied/)
    expect(isAlive(first.children().postgres ?? 0)).toBe(true)
    await stop(first)
  }, 60_000)

  it('works without any Redis, the belt on PostgreSQL', async () => {
    const run = await launchWorker(dataDir, { BESPIN_BELT: 'postgres' })
    expect(Object.keys(run.children()).toSorted()).toEqual(['postgres', 'worker'])
    await stop(run)
  }, 60_000)
})

it('two copies with folders and ports of their own run side by side', async () => {
  const runs = await Promise.all([launchWorker(newFolder()), launchWorker(newFolder())])
  const pids = runs.flatMap(run => Object.values(run.children()))
  expect(new Set(pids).size).toBe(pids.length)
  expect(pids.every(isAlive)).toBe(true)
  await Promise.all(runs.map(run => stop(run)))
}, 90_000)

describe('a start that cannot work', () => {
  const listen = (port: number) => new Promise<Server>((resolve) => {
    const server = createServer()
    server.listen(port, '127.0.0.1', () => resolve(server))
  })

  it('because a port that was set is taken, fails and names it', async () => {
    const [port = 0] = await freePorts(1)
    const taken = await listen(port)
    const run = await launch(['worker'], { dataDir: newFolder(), env: { WORKER_PORT: String(port) } })
    expect(await run.exit()).toBe(1)
    expect(run.log()).toContain(`WORKER_PORT=${port} is taken on 127.0.0.1`)
    taken.close()
  })
  it('because a variable makes no sense, fails with its name and starts nothing', async () => {
    const dataDir = join(newFolder(), 'not-made')
    const run = await launch(['start'], { dataDir, env: { PORT: 'abc', DATABSE_URL: 'x' } })
    expect(await run.exit()).toBe(1)
    expect(run.log()).toMatch(/DATABSE_URL is not a variable of Bespin; did you mean DATABASE_URL\?[^]*PORT must be a port number/)
    expect(existsSync(dataDir)).toBe(false)
  })
  it('because production has no database, says what to set', async () => {
    const run = await launch(['worker'], { dataDir: newFolder(), env: { BESPIN_MODE: 'production', JWT_SECRET: 'pX7vQ2mZr9KdW4tB8nLcJ6hGyF3sA1eU' } })
    expect(await run.exit()).toBe(1)
    expect(run.log()).toContain('Production wants its own PostgreSQL: set DATABASE_URL')
  })
  it('because the command is unknown, lists the commands', async () => {
    const run = await launch(['strat'], { dataDir: newFolder() })
    expect(await run.exit()).toBe(1)
    expect(run.log()).toContain('dev | start | api | worker | code | migrate')
  })
})
