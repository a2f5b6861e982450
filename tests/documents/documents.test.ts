import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { BUILD } from '../../scripts/check/stages.ts'
import { codeWorkerReady } from '../support/code.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { onDatabase, shell, startProduct } from '../support/product.ts'
import { copyProject } from '../support/project-copy.ts'
import { call, product } from '../support/shared-product.ts'
import { ADMIN_KEY } from '../support/start-product.ts'
import { until } from '../support/until.ts'
import { allCommandLines, type CommandLine } from './command-lines.ts'
import { DECLINED, RUN, type Run } from './lines.ts'

const lines = allCommandLines()
const heads = new Set(lines.map(line => line.head))
/** Each different line once: most documents repeat `make build`. */
const different = [...new Map(lines.map(line => [line.text, line])).values()].map(line => ({ ...line, name: `${line.document}:${line.line} ${line.head}` }))
const linesOf = <H extends Run['how']>(how: H) => different.flatMap((line) => {
  const run = RUN[line.head]
  return run?.how === how ? [{ ...line, run: run as Extract<Run, { how: H }> }] : []
})

let copy: Awaited<ReturnType<typeof copyProject>>
let database: TestDatabase
beforeAll(async () => {
  copy = await copyProject()
  database = await createTestDatabase()
})
afterAll(async () => {
  await copy?.remove()
  await database?.drop()
})
const inCopy = () => ({ cwd: copy.folder, env: { ...shell(), ...onDatabase(database.ownerUrl), BESPIN_DATA_DIR: `${copy.folder}/.data` } })

/** Sends a request as it is written, apart from host and port; answers its status. */
async function statusOf(line: string, base: string): Promise<number> {
  const here = line.replace(/http:\/\/localhost:\d+/, base)
  const { stdout } = await promisify(execFile)('sh', ['-c', `${here} -s -o /dev/null -w '%{http_code}'`], { timeout: 20_000 })
  return Number(stdout)
}

describe('the documents\' own command lines', () => {
  it('are each run or declined, never both', () => {
    expect(lines.length).toBeGreaterThan(60)
    expect([...heads].filter(head => Object.hasOwn(RUN, head) === Object.hasOwn(DECLINED, head))).toEqual([])
  })

  it('stand in the lists only while a document has them', () => {
    expect([...Object.keys(RUN), ...Object.keys(DECLINED)].filter(head => !heads.has(head))).toEqual([])
  })

  it.each(linesOf('curl'))('$name', async ({ text, run }) => {
    expect(await statusOf(text, run.port === 'metrics' ? product().metricsUrl : product().url)).toBe(run.status)
  })

  const KEY = /-H "X-API-Key: [\w-]+"/
  it.each(linesOf('keyed-curl'))('$name', async ({ text, run }) => {
    if (run.needs) await codeWorkerReady()
    expect(text).toMatch(KEY)
    expect(await statusOf(text.replace(KEY, ''), product().url)).toBe(run.status)
    expect(await statusOf(text.replace(KEY, `-H "X-Admin-Key: ${ADMIN_KEY}"`), product().url)).toBe(run.status)
    expect(await statusOf(text, product().url)).toBe(401)
  }, 70_000)

  it.each(linesOf('socket'))('$name', async ({ text }) => {
    const { body } = await call('POST /api/jobs/random-text', { query: { length: '12' } })
    const said: string[] = []
    const script = text.replace(/ws:\/\/localhost:\d+/, product().url.replace('http', 'ws'))
    const socket = new Function('WebSocket', 'jobId', 'console', `${script}\nreturn ws`)(WebSocket, body.id, { log: (line: string) => said.push(line) }) as WebSocket
    await until(() => said.includes(`Job ${String(body.id)} status: completed`), { what: 'the example telling the end of its job' })
    expect(said.find(line => line.startsWith('Result: '))).toHaveLength('Result: '.length + 12)
    socket.close()
  })

  it.each(linesOf('same-as'))('$name', ({ text, run }) => {
    const recipe = (line: string) => execFileSync('make', ['--dry-run', ...line.split(' ').slice(1)], { ...inCopy(), encoding: 'utf8' })
    expect(RUN[run.line]).toBeDefined()
    expect(recipe(text)).toBe(recipe(run.line))
  })

  it.each(linesOf('stage'))('$name', ({ text }) => {
    expect(BUILD.join(' ')).toBe(text)
  })

  const byCost = (line: CommandLine) => ['make migrate-up', 'make clean'].indexOf(line.head)
  it.each(linesOf('to-end').filter(line => byCost(line) === -1))('$name', async ({ text, run }) => {
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', text], { ...inCopy(), timeout: 240_000, maxBuffer: 1e8 })
    expect(stdout + stderr).toMatch(run.says)
  }, 250_000)

  // In the order of the documents: migrations before the programs, cleaning last.
  const orderly = [...linesOf('to-end').filter(line => byCost(line) === 0), ...linesOf('until-ready'), ...linesOf('to-end').filter(line => byCost(line) === 1)]
  it.each(orderly)('$name', async ({ text, run }) => {
    if (run.how === 'to-end') {
      const { stdout, stderr } = await promisify(execFile)('sh', ['-c', text], { ...inCopy(), timeout: 120_000 })
      expect(stdout + stderr).toMatch(run.says)
      return
    }
    const running = await startProduct({
      command: { file: 'sh', args: ['-c', text], cwd: copy.folder }, readyLine: run.line, env: onDatabase(database.ownerUrl),
    })
    expect(await running.stop(), running.log()).toBeLessThan(10)
  }, 150_000)
})
