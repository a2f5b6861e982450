/** What is done to the product. Each blow leaves it whole again: whatever was stopped goes on, whatever was full has room. */
import { setTimeout as sleep } from 'node:timers/promises'
import { leader, liveWorkers, onRedis, patiently, pidOf, signal, type Arena } from './arena.ts'

export interface Blow {
  name: string
  /** Dealt in the short form too. */
  short?: true
  onRedis?: true
  hit(arena: Arena): Promise<void>
}

const DOWN_MS = 20_000
const ZOMBIE_MS = 12_000
const FULL_MS = { short: 4000, long: 10_000 } as const
/** Less than an empty Redis needs: every write is refused. */
const FULL = '1mb'
const SKEW_SECONDS = 90
const LEADS_MS = { short: 6000, long: 15_000 } as const

const lengthOf = ({ short }: Arena): 'short' | 'long' => short ? 'short' : 'long'
const kill = async (arena: Arena, name: string): Promise<void> => void signal(await pidOf(arena, name), 'SIGKILL')
const killWorker = async (arena: Arena): Promise<void> => void signal((await liveWorkers(arena))[0]!.pid, 'SIGKILL')
const wipe = (arena: Arena): Promise<void> => onRedis(arena, client => client.flushall())

export const BLOWS: readonly Blow[] = [
  { name: 'kill -9 of a worker', short: true, hit: killWorker },
  { name: 'kill -9 of the web process', short: true, hit: arena => kill(arena, 'web') },
  { name: 'kill -9 of the worker that dispatches', short: true, hit: async arena => void signal((await leader(arena)).pid, 'SIGKILL') },
  { name: 'kill -9 of Redis', short: true, onRedis: true, hit: arena => kill(arena, 'redis') },
  { name: 'kill -9 of PostgreSQL', short: true, hit: arena => kill(arena, 'postgres') },
  { name: 'kill -9 of every worker and the web process', hit: killAll },
  { name: 'SIGTERM to a worker', short: true, hit: async arena => void signal((await liveWorkers(arena))[0]!.pid, 'SIGTERM') },
  { name: `SIGSTOP of a worker for ${ZOMBIE_MS / 1000} s, then SIGCONT`, short: true, hit: async arena => stopFor((await liveWorkers(arena, 2))[0]!.pid, ZOMBIE_MS) },
  { name: `SIGSTOP of the worker that dispatches for ${ZOMBIE_MS / 1000} s, then SIGCONT`, hit: async arena => stopFor((await leader(arena)).pid, ZOMBIE_MS) },
  { name: 'FLUSHALL', short: true, onRedis: true, hit: wipe },
  { name: 'kill -9 of a worker, then FLUSHALL', onRedis: true, hit: async (arena) => { await killWorker(arena); await wipe(arena) } },
  { name: `Redis killed again and again for ${DOWN_MS / 1000} s`, onRedis: true, hit: keepRedisDown },
  { name: `SIGSTOP of Redis for ${DOWN_MS / 1000} s, then SIGCONT`, onRedis: true, hit: async arena => stopFor(await pidOf(arena, 'redis'), DOWN_MS) },
  { name: `Redis full (maxmemory ${FULL}) for some seconds`, short: true, onRedis: true, hit: fillRedis },
  { name: `a worker whose clock is ${SKEW_SECONDS} s ahead leads`, short: true, hit: arena => letSkewedLead(arena, SKEW_SECONDS) },
  { name: `a worker whose clock is ${SKEW_SECONDS} s behind leads`, hit: arena => letSkewedLead(arena, -SKEW_SECONDS) },
]

async function killAll(arena: Arena): Promise<void> {
  for (const { pid } of await liveWorkers(arena)) signal(pid, 'SIGKILL')
  await kill(arena, 'web')
}

async function stopFor(pid: number, milliseconds: number): Promise<void> {
  signal(pid, 'SIGSTOP')
  try {
    await sleep(milliseconds)
  }
  finally {
    signal(pid, 'SIGCONT')
  }
}

/** The launcher starts it again each time: connections are refused, not only silent. */
async function keepRedisDown(arena: Arena): Promise<void> {
  for (const until = Date.now() + DOWN_MS; Date.now() < until; await sleep(25)) {
    const pid = arena.product.pidOf('redis')
    if (pid) signal(pid, 'SIGKILL')
  }
}

async function fillRedis(arena: Arena): Promise<void> {
  await onRedis(arena, client => client.config('SET', 'maxmemory', FULL))
  try {
    await sleep(FULL_MS[lengthOf(arena)])
  }
  finally {
    await onRedis(arena, client => client.config('SET', 'maxmemory', '0'))
  }
}

/**
 * Hands every control loop to a worker whose clock is wrong. The leader until now believes itself one for some seconds
 * more: the loops have to be correct with two leaders as well.
 */
async function letSkewedLead(arena: Arena, seconds: number): Promise<void> {
  const id = await arena.addSkewedWorker(seconds)
  try {
    await patiently(() => arena.owner.query(`update control_leases set holder = $1, expires_at = now() + interval '6 seconds'`, [id]))
    await killOther(arena, id)
    await sleep(LEADS_MS[lengthOf(arena)])
  }
  finally {
    arena.removeSkewedWorker()
  }
}

/** The jobs of the worker that is killed are the wrong clock's to take back. */
async function killOther(arena: Arena, id: string): Promise<void> {
  const other = (await liveWorkers(arena)).find(worker => worker.id !== id)
  if (other) signal(other.pid, 'SIGKILL')
}
