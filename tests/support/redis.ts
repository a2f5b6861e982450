import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { findRedis } from '../../scripts/check/find-tools.ts'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

export interface TestRedis {
  url: string
  /** Forgets everything, as a wiped belt does. */
  wipe(): Promise<void>
  /** Ends the server at once, keeping its port for `start`. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}
export const hasRedis = findRedis() !== undefined

/** A Redis server of its own on a free port, without persistence. */
export async function startTestRedis(): Promise<TestRedis> {
  const [port] = await freePorts(1)
  const url = `redis://127.0.0.1:${port}`
  let server: ChildProcess | undefined
  const withClient = async (work: (client: Redis) => Promise<unknown>) => {
    const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true })
    client.on('error', () => {})
    try { await client.connect(); return await work(client) } finally { client.disconnect() }
  }
  const start = async () => {
    server = spawn(findRedis()!, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
    await until(() => withClient(client => client.ping()), { what: 'redis-server answering' })
  }
  const kill = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await gone
  }
  await start()
  return { url, start, kill, stop: kill, wipe: async () => { await withClient(client => client.flushall()) } }
}
