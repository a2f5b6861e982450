/** A private Redis or Valkey for the belt: only if one is installed; without it PostgreSQL carries the belt. */
import { randomInt } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { superviseChild, type Child, type ChildPlan } from './child.ts'
import { makePrivateFolder, writePrivately } from './data-folder.ts'
import { openLog } from './log-file.ts'
import { findOnPath } from './path-search.ts'
import { nextFreePort } from './ports.ts'

export interface PrivateRedis { child: Child, redisUrl: string }
type Shared = Pick<ChildPlan, 'register' | 'say'>

export const findRedisProgram = (): string | undefined => findOnPath('redis-server', 'valkey-server')

/**
 * Starts `program` on loopback with a password, keeping its data in `<dataDir>/redis`.
 * @returns undefined when it does not answer within 10 s (the log file says why).
 */
export async function startRedis(options: Shared & { dataDir: string, password: string, program: string, onChild?: (child: Child) => void }): Promise<PrivateRedis | undefined> {
  const { dataDir, password, program } = options
  const folder = makePrivateFolder(dataDir, 'redis')
  const configFile = join(folder, 'redis.conf')
  let port = 0
  let isUp = false
  let gaveUp = false
  const child = superviseChild({
    ...options, name: 'redis', output: openLog(dataDir, 'redis.log'), stopSignal: 'SIGTERM', maxEarlyDeaths: 3,
    onGiveUp: () => { gaveUp = true },
    command: async () => {
      // Until it is up it may lose a port to somebody who was faster; from then on the programs know its address.
      if (!isUp) port = await nextFreePort(randomInt(20_000, 25_800), '127.0.0.1')
      writePrivately(configFile, configuration({ port, folder, password }))
      return { file: program, args: [configFile], env: { PATH: process.env.PATH, TZ: 'UTC' } }
    },
  })
  options.onChild?.(child)
  for (const until = Date.now() + 10_000; Date.now() < until && !gaveUp; await sleep(25)) {
    if (port && await answersPing(port, password)) {
      isUp = true
      child.markReady()
      return { child, redisUrl: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}` }
    }
  }
  await child.stop(1000)
  return undefined
}

/** In a file and not on the command line, where every user of the machine could read the password. */
function configuration({ port, folder, password }: { port: number, folder: string, password: string }): string {
  return [
    `port ${port}`, 'bind 127.0.0.1', `dir "${folder}"`, `requirepass ${password}`, 'daemonize no',
    'appendonly yes', 'appendfsync everysec', 'save ""', 'maxmemory-policy noeviction', 'loglevel notice', '',
  ].join('\n')
}

function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1')
      if (answer.includes('PONG') || answer.includes('-')) socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(answer.includes('+PONG')))
  })
}
