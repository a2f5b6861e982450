import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { backoffMs, superviseChild, type Child } from '../../scripts/launch/child.ts'
import { isAlive } from '../../scripts/launch/process-identity.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'bespin-child-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const numbers = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)

/** A supervised `node -e <script>` whose output is collected in a file. */
function supervise(script: string, maxEarlyDeaths = 9): { child: Child, out: string, said: string[], gaveUp: () => string } {
  const out = join(folder, `${Math.random()}.out`)
  const said: string[] = []
  let reason = ''
  const child = superviseChild({
    name: 'probe', output: openSync(out, 'a'), stopSignal: 'SIGTERM', maxEarlyDeaths, onGiveUp: (text) => { reason = text },
    register: { started() {}, ended() {} }, say: text => said.push(text),
    command: () => ({ file: process.execPath, args: ['-e', script], env: { PATH: process.env.PATH } }),
  })
  return { child, out, said, gaveUp: () => reason }
}

it('waits 1, 2, 4 up to 30 seconds between starts', () => {
  expect([1, 2, 3, 4, 5, 6, 20].map(backoffMs)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
})

it('stops what the child started itself, too', async () => {
  const { child, out } = supervise(`const { pid } = require('node:child_process').spawn('sleep', ['600']); console.log(process.pid); console.log(pid); setInterval(() => {}, 1000)`)
  const pids = await until(() => numbers(out).length === 2 && numbers(out), { what: 'both processes' })
  await child.stop(2000)
  expect(pids.filter(isAlive)).toEqual([])
})

it('kills a child that does not listen, after the grace', async () => {
  const { child, out, said } = supervise(`process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)`)
  const [pid = 0] = await until(() => numbers(out).length === 1 && numbers(out), { what: 'the process' })
  await child.stop(300)
  expect(isAlive(pid)).toBe(false)
  expect(said).toEqual(['probe did not stop within 0.3 s; killing it'])
})

it('gives up a start that dies again and again before it was ever ready', async () => {
  const { child, gaveUp } = supervise('process.exit(7)', 2)
  await until(() => gaveUp() !== '', { what: 'giving up' })
  expect(gaveUp()).toBe('probe ended 2 times in a row (code 7) and never became ready')
  await child.stop(100)
})

it('starts the next one at once when told to, without counting a death', async () => {
  const { child, out, said } = supervise('console.log(process.pid); setInterval(() => {}, 1000)')
  await until(() => numbers(out).length === 1, { what: 'the first process' })
  child.restart(1000)
  const [first, second] = await until(() => numbers(out).length === 2 && numbers(out), { seconds: 5, what: 'the second process' })
  expect([isAlive(first ?? 0), isAlive(second ?? 0), said]).toEqual([false, true, []])
  await child.stop(1000)
})

it('a program that is not there is a death like any other', async () => {
  const said: string[] = []
  const child = superviseChild({
    name: 'ghost', output: 'inherit', stopSignal: 'SIGTERM', maxEarlyDeaths: 9, onGiveUp: () => {}, register: { started() {}, ended() {} },
    say: text => said.push(text), command: () => ({ file: '/nonexistent/program', args: [], env: {} }),
  })
  await until(() => said.length > 0, { what: 'the line' })
  await child.stop(100)
  expect(said[0]).toMatch(/^ghost ended \(spawn \/nonexistent\/program ENOENT\); starting it again in 1 s$/)
})
