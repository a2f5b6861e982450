/** The code worker as a process of its own, under its own logins on PostgreSQL and Redis. */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { keepCodeUser } from '../../scripts/launch/redis-user.ts'
import { processesWith, startCodeWorker, type CodeWorker } from '../support/code-worker.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import type { Health } from '#shared/schemas/system.ts'
import type { CodeOutputChunk } from '#shared/schemas/code.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
const SECRET = 'tests-only-9c1f0e2d3b4a5f6e7d8c9b0a1f2e3d4c'

async function loadEngine() {
  // Each belt has its own configuration.
  vi.resetModules()
  return {
    ...await import('#server/domain/engine/accept-jobs.ts'), ...await import('#server/domain/engine/cancel-jobs.ts'), ...await import('#server/domain/engine/dispatch-jobs.ts'),
    ...await import('#server/domain/engine/reap-claims.ts'), ...await import('#server/domain/engine/read-runners.ts'), ...await import('#server/infra/watch-output.ts'),
    ...await import('#server/infra/live-bus.ts'), ...await import('#server/infra/belt.ts'), ...await import('#server/infra/database.ts'),
  }
}
interface JobRow { state: string, run: number, failures: number, crashes: number, result: { run?: { exit_code: number, stdout: string } } | null, last_error: string | null, worker_id: string }

/** What a code worker does on one belt. */
function laneContract(belt: 'redis' | 'postgres'): void {
  let database: TestDatabase
  let redis: TestRedis | undefined
  let engine: Awaited<ReturnType<typeof loadEngine>>
  let env: Record<string, string>
  let closeUser = () => {}
  const workers: CodeWorker[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    let codeRedisUrl: string | undefined
    if (belt === 'redis') {
      redis = await startTestRedis()
      const user = await keepCodeUser({ redisUrl: redis.url, secret: SECRET, say: () => {} })
      codeRedisUrl = user.codeRedisUrl!
      closeUser = user.close
    }
    Object.assign(process.env, {
      DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, DATABASE_CODE_URL: '', REDIS_URL: redis?.url ?? '', BESPIN_BELT: belt, LOG_LEVEL: 'error',
    })
    env = { DATABASE_CODE_URL: database.codeUrl, BESPIN_CODE_SLOTS: '2', BESPIN_BELT: belt, ...(codeRedisUrl && { REDIS_URL: codeRedisUrl }) }
    engine = await loadEngine()
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map(worker => worker.end('SIGKILL')))
    await database.owner.query(`update jobs set state = 'cancelled' where state not in ('completed', 'failed', 'cancelled'); truncate due_jobs, claims, workers`)
  })
  afterAll(async () => {
    closeUser()
    await engine?.closeLiveBus()
    await engine?.closeBelt()
    await engine?.closeDatabase()
    await redis?.stop()
    await database?.drop()
  })

  const start = async (more: Record<string, string> = {}): Promise<CodeWorker> => {
    const worker = await startCodeWorker({ ...env, ...more })
    workers.push(worker)
    await until(() => worker.log().includes('worker ready'), { seconds: 20, what: 'the worker being ready' }).catch((error: Error) => { throw new Error(`${error.message}\n${worker.log()}`) })
    return worker
  }
  const startProven = async (): Promise<CodeWorker> => {
    const worker = await start()
    await until(() => worker.log().includes('code is run here'), { seconds: 30, what: 'the proof' }).catch((error: Error) => { throw new Error(`${error.message}\n${worker.log()}`) })
    return worker
  }
  const submit = async (code: string): Promise<string> => {
    const { id } = await engine.acceptJob({
      organizationId: ORGANIZATION, queueName: 'code-execution', jobType: 'code-execution', priority: 0, maxRetries: 3, timeoutSeconds: 120,
      payload: JSON.stringify({ language: 'bash', code, limits: { wall_ms: 60_000 } }),
    })
    return id
  }
  const jobOf = async (id: string): Promise<JobRow> => (await database.owner.query<JobRow>('select * from jobs where id = $1', [id])).rows[0]!
  const inState = (id: string, state: string, seconds = 15) => until(async () => {
    const job = await jobOf(id)
    return job.state === state && job
  }, { seconds, what: `${id} being ${state}` }).catch(async (error: Error) => { throw new Error(`${error.message}: ${JSON.stringify(await jobOf(id))}\n${workers.map(worker => worker.log()).join('\n')}`) })
  /** A number no other process has in its command line. */
  const sign = () => `${randomInt(100_000, 999_999)}.${randomInt(100_000, 999_999)}`

  it('completes programs, also those that fail: that is their result', async () => {
    await startProven()
    const [fine, failing] = [await submit('echo hello'), await submit('echo oh; exit 3')]
    expect((await inState(fine, 'completed')).result?.run).toMatchObject({ exit_code: 0, stdout: 'hello\n' })
    expect((await inState(failing, 'completed')).result?.run).toMatchObject({ exit_code: 3, stdout: 'oh\n' })
    expect((await jobOf(failing)).failures).toBe(0)
  }, 60_000)

  it('says of itself what is true: its slots, its proof, its rights; and runs no control loop', async () => {
    const { healthUrl } = await startProven()
    const [runner] = await until(async () => {
      const runners = await engine.readRunners()
      return runners[0]?.takes && runners
    }, { what: 'a runner that takes jobs' })
    expect(runner!.runner).toMatchObject({ ok: true, runtimes: expect.arrayContaining([expect.objectContaining({ language: 'bash' })]) })
    const rights = runner!.runner!.proof.filter(step => step.name.startsWith('rights'))
    expect(rights.map(step => step.ok)).toEqual(belt === 'redis' ? [true, true] : [true])
    const { rows } = await database.owner.query('select queues, slots, status from workers')
    expect(rows).toEqual([{ queues: ['code-execution'], slots: 2, status: 'running' }])
    expect((await database.owner.query('select 1 from control_leases')).rowCount).toBe(0)
    const health = await (await fetch(healthUrl)).json() as Health
    expect(health.status).toBe('healthy')
    expect(health.parts.find(part => part.name === 'code')).toMatchObject({ ok: true, detail: expect.stringContaining('Bash') })
  }, 60_000)

  it('takes no code and says why where no sandbox can be proven', async () => {
    const worker = await start({ BESPIN_SANDBOX: 'off' })
    const id = await submit('echo never')
    const [runner] = await until(async () => {
      const runners = await engine.readRunners()
      return runners[0]?.runner && runners
    }, { seconds: 30, what: 'the verdict' })
    expect(runner).toMatchObject({ takes: false, runner: { ok: false, reason: expect.stringMatching(/\w/), remedy: expect.stringMatching(/\w/) } })
    expect((await database.owner.query('select status from workers')).rows).toEqual([{ status: 'refusing' }])
    const health = await (await fetch(worker.healthUrl)).json() as Health
    expect(health.parts.find(part => part.name === 'code')).toMatchObject({ ok: false, detail: expect.stringContaining(runner!.runner!.remedy!) })
    expect(worker.log()).toContain('no code is run here')
    await sleep(1500)
    expect((await jobOf(id)).state).toBe('pending')
  }, 60_000)

  it('tells what a program prints while it runs, to who was there and to who comes late', async () => {
    await startProven()
    const said = (chunks: CodeOutputChunk[]) => chunks.map(chunk => chunk.data).join('')
    const id = await submit('echo one; sleep 1; echo two; sleep 60')
    const early: CodeOutputChunk[] = []
    const stops = [engine.watchOutput(id, ORGANIZATION, chunk => early.push(chunk))]
    await until(() => said(early) === 'one\ntwo\n', { what: 'the output' })
    expect((await jobOf(id)).state).toBe('running')
    const late: CodeOutputChunk[] = []
    stops.push(engine.watchOutput(id, ORGANIZATION, chunk => late.push(chunk)))
    await until(() => said(late) === 'one\ntwo\n', { what: 'the output at the late watcher' })
    expect(late[0]).toMatchObject({ job_id: id, run: 1, stage: 'run', stream: 'stdout', offset: 0 })
    for (const stop of stops) stop()
  }, 60_000)

  it('ends every process of a program within two seconds of its cancel', async () => {
    await startProven()
    const mark = sign()
    const id = await submit(`trap '' TERM INT; (setsid sleep ${mark} &) ; sleep ${mark} & sleep ${mark}`)
    await until(async () => (await processesWith(mark)).length >= 3, { what: 'the processes' })
    const from = performance.now()
    await engine.cancelJobs({ organizationId: ORGANIZATION, ids: [id], actor: 'a test' })
    await until(async () => (await processesWith(`sleep\0${mark}`)).length === 0, { what: 'their end' })
    const job = await inState(id, 'cancelled', 5)
    expect(performance.now() - from).toBeLessThan(2000)
    expect(job.last_error).toMatch(/cancelled/i)
  }, 60_000)

  it('leaves no process behind when it is killed, and its job runs again elsewhere', async () => {
    const first = await startProven()
    const mark = sign()
    const id = await submit(`sleep ${mark} & sleep ${mark}`)
    await until(async () => (await processesWith(`sleep\0${mark}`)).length >= 2, { what: 'the processes' })
    await first.end('SIGKILL')
    workers.splice(workers.indexOf(first), 1)
    await until(async () => (await processesWith(mark)).length === 0, { seconds: 2, what: 'their end' })
    await startProven()
    await until(async () => {
      await engine.reapClaims()
      await engine.dispatchDueJobs()
      return (await jobOf(id)).run === 2
    }, { seconds: 30, what: 'the second run' })
    expect(await inState(id, 'running')).toMatchObject({ failures: 0, crashes: 1 })
  }, 90_000)

  it('lets a short program end when it is stopped, and hands a long one back, counted as nothing', async () => {
    const worker = await startProven()
    const mark = sign()
    const [short, long] = [await submit('sleep 1; echo done'), await submit(`sleep ${mark}`)]
    await until(async () => (await jobOf(short)).state === 'running' && (await processesWith(`sleep\0${mark}`)).length > 0, { what: 'both running' })
    workers.splice(workers.indexOf(worker), 1)
    expect(await worker.end('SIGTERM')).toBe(0)
    expect(await processesWith(mark)).toEqual([])
    expect((await jobOf(short)).state).toBe('completed')
    expect(await jobOf(long)).toMatchObject({ state: 'pending', failures: 0, crashes: 0 })
  }, 60_000)

  if (belt === 'redis') it('goes on after Redis came back without its user', async () => {
    const worker = await startProven()
    await redis!.kill()
    await redis!.start()
    await until(() => worker.log().includes('Redis is back'), { seconds: 15, what: 'Redis being back' })
    const id = await submit('echo again')
    await inState(id, 'completed', 25)
  }, 90_000)
}

describe('a code worker on the PostgreSQL belt', () => laneContract('postgres'))
describe.skipIf(!hasRedis)('a code worker on Redis (needs redis-server)', () => laneContract('redis'))

describe.skipIf(!hasRedis)('the user of the code workers on Redis (needs redis-server)', () => {
  let redis: TestRedis
  let user: Awaited<ReturnType<typeof keepCodeUser>>
  let code: Redis
  beforeAll(async () => {
    redis = await startTestRedis()
    user = await keepCodeUser({ redisUrl: redis.url, secret: SECRET, say: () => {} })
    code = new Redis(user.codeRedisUrl!)
  })
  afterAll(async () => {
    code?.disconnect()
    user?.close()
    await redis?.stop()
  })

  it('reaches the keys of its own lane', async () => {
    await code.set('{bespin:code-execution}:code-execution:x', '1')
    expect(await code.eval('return redis.call("get", KEYS[1])', 1, '{bespin:code-execution}:code-execution:x')).toBe('1')
    expect(await code.info('memory')).toContain('maxmemory_policy')
  })

  it.each([
    ['get', 'bespin:epoch'], ['set', 'bespin:epoch', 'x'], ['get', '{bespin:random-text}:random-text:meta'], ['del', '{bespin:random-text}:random-text:wait'],
    ['eval', 'return redis.call("get", "bespin:epoch")', '0'], ['eval', 'return redis.call("get", KEYS[1])', '1', 'bespin:epoch'],
    ['keys', '*'], ['scan', '0'], ['randomkey'], ['flushall'], ['config', 'get', '*'], ['acl', 'list'], ['client', 'list'], ['monitor'], ['script', 'flush'], ['function', 'flush'],
    ['publish', 'bespin_control', '{}'], ['subscribe', 'bespin_live'], ['subscribe', 'bespin_output'], ['psubscribe', '*'],
  ])('is refused %s %s', async (...command) => {
    const [name, ...args] = command as [string, ...string[]]
    await expect(code.call(name, ...args)).rejects.toThrow(/NOPERM|can't access at least one of the keys/)
  })

  it('speaks on the channels of its output and hears what workers are told', async () => {
    const listener = new Redis(user.codeRedisUrl!)
    const heard = new Promise(resolve => listener.on('message', (_channel, text) => resolve(text)))
    await listener.subscribe('bespin_control')
    const engine = new Redis(redis.url)
    await engine.publish('bespin_control', 'hello')
    expect(await heard).toBe('hello')
    for (const channel of ['bespin_live', 'bespin_output', 'bespin_wakes']) await code.publish(channel, '{}')
    listener.disconnect()
    engine.disconnect()
  })

  it('cannot be made without the right to, which is said and not fatal', async () => {
    const owner = new Redis(redis.url)
    await owner.acl('SETUSER', 'plain', 'on', '>word', '~*', '&*', '+@all', '-acl')
    owner.disconnect()
    const said: string[] = []
    const made = await keepCodeUser({ redisUrl: redis.url.replace('redis://', 'redis://plain:word@'), secret: SECRET, say: text => said.push(text) })
    expect(made.codeRedisUrl).toBeUndefined()
    expect(said).toEqual([expect.stringMatching(/isolation is reduced/)])
  })
})
