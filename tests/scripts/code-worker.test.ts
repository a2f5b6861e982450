// The code worker as the launcher starts it: beside the others, and with as little as it needs.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseWorkers } from '../../scripts/launch/choose-workers.ts'
import { freePorts } from '../support/free-ports.ts'
import { pidOfChild } from '../support/product.ts'
import { until } from '../support/until.ts'
import type { Health } from '#shared/schemas/system.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('which workers are started', () => {
  it('are both by default, the one that is asked for alone, and those that BESPIN_WORKER_QUEUES names', () => {
    expect(chooseWorkers(['web', 'worker', 'code'], undefined)).toEqual(['web', 'worker', 'code'])
    expect(chooseWorkers(['worker'], undefined)).toEqual(['worker'])
    expect(chooseWorkers(['web', 'worker', 'code'], ['random-text'])).toEqual(['web', 'worker'])
    expect(chooseWorkers(['worker'], ['code-execution'])).toEqual(['code'])
    expect(chooseWorkers(['worker'], ['control', 'code-execution'])).toEqual(['worker', 'code'])
    expect(chooseWorkers(['code'], ['random-text'])).toEqual(['code'])
  })
})

describe('the code worker of the launcher', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bespin-launch-code-'))
  const [SECRET, METRICS] = ['tests-only-b7e1f0a2d3c4956e7f8091a2b3c4d5e6', 'tests-metrics-token']
  let launcher: ChildProcess
  let port: number
  let log = ''
  beforeAll(async () => {
    port = (await freePorts(3))[0]!
    launcher = spawn(process.execPath, [join(ROOT, 'scripts/launch.ts'), 'worker'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: {
      PATH: process.env.PATH, HOME: tmpdir(), BESPIN_DATA_DIR: dataDir, WORKER_PORT: String(port), BESPIN_WORKER_QUEUES: 'random-text,code-execution', BESPIN_SANDBOX: 'off',
      BESPIN_SECRET_KEY: SECRET, JWT_SECRET: SECRET, ADMIN_API_KEY: SECRET, GITHUB_WEBHOOK_SECRET: SECRET, METRICS_TOKEN: METRICS, FOREIGN_TOKEN: SECRET,
    } })
    for (const stream of [launcher.stdout!, launcher.stderr!]) stream.on('data', (bytes: Buffer) => { log += bytes.toString() })
    await until(() => log.includes('code worker: http'), { seconds: 60, what: 'the start' }).catch((error: Error) => { throw new Error(`${error.message}\n${log}`) })
  }, 90_000)
  afterAll(async () => {
    const gone = once(launcher, 'exit')
    launcher.kill('SIGTERM')
    await gone
    rmSync(dataDir, { recursive: true, force: true })
  })
  const healthOf = async (url: string) => (await (await fetch(`${url}/health`)).json()) as Health
  const codeUrl = () => /code worker: (http\S+)\/health/.exec(log)![1]!
  const partsOf = async (url: string) => Object.fromEntries((await healthOf(url)).parts.map(part => [part.name, part]))

  it('finds no secret, no key and nobody else\'s login in its environment', async () => {
    const environment = readFileSync(`/proc/${await pidOfChild(dataDir, 'code')}/environ`, 'utf8').split('\0').filter(Boolean)
    expect(environment.filter(line => line.includes(SECRET))).toEqual([])
    const names = environment.map(line => line.split('=')[0])
    expect(names).toEqual(expect.arrayContaining(['DATABASE_CODE_URL', 'BESPIN_WORKER_QUEUES', 'PATH']))
    expect(names.filter(name => /SECRET|KEY|ADMIN|FOREIGN|DATABASE_URL|DATABASE_APP|DATABASE_ENGINE/.test(name!))).toEqual([])
    expect(environment.find(line => line.startsWith('DATABASE_CODE_URL='))).toContain('//bespin_code:')
  })

  it('is told by health with why no code is run, and the product is healthy without', async () => {
    await until(async () => (await partsOf(`http://127.0.0.1:${port}`)).code?.detail.includes('BESPIN_SANDBOX'), { what: 'the reason' })
    const { status } = await healthOf(`http://127.0.0.1:${port}`)
    const own = await partsOf(codeUrl())
    expect(status).toBe('healthy')
    expect(own.code).toMatchObject({ ok: false, detail: expect.stringContaining('BESPIN_SANDBOX=auto') })
    expect(own.isolation).toMatchObject({ ok: true })
  }, 30_000)

  it('is started again when it dies, and the ordinary worker goes on', async () => {
    const [code, worker] = [await pidOfChild(dataDir, 'code'), await pidOfChild(dataDir, 'worker')]
    process.kill(code, 'SIGKILL')
    await until(async () => await pidOfChild(dataDir, 'code') !== code, { seconds: 15, what: 'a new code worker' })
    expect(await pidOfChild(dataDir, 'worker')).toBe(worker)
    expect(log).toMatch(/code ended \(signal SIGKILL\); starting it again in 1 s/)
    await until(async () => (await healthOf(codeUrl())).database, { seconds: 15, what: 'its health' })
  }, 40_000)

  it('moves on when somebody else has taken its port meanwhile', async () => {
    const before = await pidOfChild(dataDir, 'code')
    const taken = Number(new URL(codeUrl()).port)
    const squatter = createServer()
    process.kill(before, 'SIGKILL')
    await until(() => new Promise<boolean>(resolve => squatter.once('error', () => resolve(false)).listen(taken, '127.0.0.1', () => resolve(true))), { what: 'its port' })
    const moved = await until(() => new RegExp(`the port of the code worker ${taken} is taken; using (\\d+)`).exec(log)?.[1], { seconds: 20, what: 'another port' })
    await until(async () => (await healthOf(`http://127.0.0.1:${moved}`).catch(() => undefined))?.parts.length, { seconds: 20, what: 'its answer' })
    expect(await pidOfChild(dataDir, 'code')).not.toBe(before)
    await new Promise(resolve => squatter.close(resolve))
  }, 60_000)
})
