/** The embedded PostgreSQL: real server programs, one data directory, reachable from this machine with a password only. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { superviseChild, type Child, type ChildPlan } from './child.ts'
import { makePrivateFolder } from './data-folder.ts'
import { openLog } from './log-file.ts'
import { nextFreePort } from './ports.ts'
import { findPostgresPrograms, type PostgresPrograms } from './postgres-binaries.ts'
import { isAlive, programOf, signalQuietly } from './process-identity.ts'
import { LaunchError, type Say } from './say.ts'

const OWNER = 'bespin_owner'
const MIB = 1024 * 1024
/** An eighth of the machine's memory, between 128 MiB and 1 GiB; what is never used costs nothing. */
const sharedBuffers = (memory: number): string => `${Math.round(Math.min(1024, Math.max(128, memory / 8 / MIB)))}MB`
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', shared_buffers: sharedBuffers(totalmem()),
  max_wal_size: '4GB', wal_compression: 'on', jit: 'off', log_min_messages: 'warning', log_timezone: 'UTC',
  // Tables whose rows live for a second are cleared of the dead ones before reading them costs more than the rest.
  autovacuum_naptime: '10s',
  // A client that vanished without a word must not hold its locks for the two hours TCP needs to notice.
  tcp_keepalives_idle: '30', client_connection_check_interval: '10s',
}

export interface EmbeddedPostgres { child: Child, ownerUrl: string }
type Shared = Pick<ChildPlan, 'register' | 'onGiveUp' | 'say'>

/** Starts the server of `<dataDir>/postgres` (made on the first start) and waits until it answers. */
export async function startPostgres(options: Shared & { dataDir: string, password: string, database: string, onChild?: (child: Child) => void }): Promise<EmbeddedPostgres> {
  const { dataDir, password, database, say } = options
  const data = join(makePrivateFolder(dataDir), 'postgres')
  const programs = findPostgresPrograms(data)
  // That user must be able to pass through the folder, not to look into it.
  if (programs.owner) chmodSync(dataDir, 0o711)
  if (!existsSync(join(data, 'PG_VERSION'))) initialise({ programs, data, password, say })
  refuseOtherMajor(programs, data)
  await endStrayServer(data, say)
  let port = 0
  let isUp = false
  const child = superviseChild({
    ...options, name: 'postgres', output: openLog(dataDir, 'postgres.log'), stopSignal: 'SIGINT', maxEarlyDeaths: 6,
    command: async () => {
      await endStrayServer(data, say)
      // Until it is up it may lose a port to somebody who was faster; from then on the programs know its address.
      if (!isUp) port = await nextFreePort(usualPort(data), '127.0.0.1')
      return { ...serverCommand(programs, data, port), env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } }
    },
  })
  // Told before it answers, so that a stop during the start ends it too.
  options.onChild?.(child)
  const urlOf = (name: string): string => `postgres://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`
  await untilAnswers(() => urlOf('postgres'), () => isReadyOn(data, port))
  isUp = true
  child.markReady()
  return { child, ownerUrl: urlOf(database) }
}

/**
 * A port of its own for each folder, the same at each start: while a crashed server is down, the next copy on this
 * machine must not take its port. Below the range from which systems take ports for outgoing connections.
 */
function usualPort(data: string): number {
  return 26_000 + createHash('sha256').update(data).digest().readUInt16BE() % 5_800
}

function serverCommand(programs: PostgresPrograms, data: string, port: number): { file: string, args: string[] } {
  const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [file = programs.postgres, ...args] = [...programs.runAs, programs.postgres, '-D', data, ...settings]
  return { file, args }
}

/** The server of this directory says so in its lock file; another one may listen on the port we lost to it. */
function isReadyOn(data: string, port: number): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[3]) === port && lines[7]?.trim() === 'ready'
  }
  catch {
    return false
  }
}

/** Made under another name and moved, so that a start that was cut short leaves nothing half done. */
function initialise({ programs, data, password, say }: { programs: PostgresPrograms, data: string, password: string, say: Say }): void {
  say(`making a PostgreSQL database in ${data}`)
  const draft = `${data}.new`
  const passwordFile = `${data}.pw`
  rmSync(draft, { recursive: true, force: true })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  try {
    if (programs.owner) giveTo(programs.owner, makePrivateFolder(draft), passwordFile)
    const [file = programs.initdb, ...args] = [...programs.runAs, programs.initdb, '-D', draft, '-U', OWNER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C']
    execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } })
    rmSync(data, { recursive: true, force: true })
    renameSync(draft, data)
  }
  catch (error) {
    const stderr = (error as { stderr?: Buffer }).stderr?.toString().trim()
    throw new LaunchError(`PostgreSQL could not make its data directory: ${stderr || String(error)}`)
  }
  finally {
    rmSync(passwordFile, { force: true })
  }
}

function giveTo(user: string, ...paths: string[]): void {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  for (const path of paths) chownSync(path, id('-u'), id('-g'))
}

function refuseOtherMajor(programs: PostgresPrograms, data: string): void {
  const have = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const version = execFileSync(programs.postgres, ['--version'], { encoding: 'utf8' })
  const want = /(\d+)\./.exec(version)?.[1]
  if (want && have !== want) throw new LaunchError(`${data} was made by PostgreSQL ${have}, this Bespin brings ${want}. Dump it with the release that made it, then start with an empty data folder and load the dump.`)
}

/** A server of this directory that an earlier launcher left behind is stopped; a lock that means nobody is removed. */
async function endStrayServer(data: string, say: Say): Promise<void> {
  const lock = join(data, 'postmaster.pid')
  if (!existsSync(lock)) return
  const pid = Number(readFileSync(lock, 'utf8').split('\n')[0])
  if (pid > 0 && isAlive(pid) && programOf(pid).startsWith('postgres')) {
    say(`stopping the PostgreSQL (process ${pid}) that an earlier start left running`)
    signalQuietly(pid, 'SIGINT')
    for (let waited = 0; waited < 8000 && isAlive(pid); waited += 50) await sleep(50)
    signalQuietly(pid, 'SIGQUIT')
    for (let waited = 0; waited < 3000 && isAlive(pid); waited += 50) await sleep(50)
  }
  // After a restart of a container the same number is often another process, which would make PostgreSQL refuse.
  if (!isAlive(pid) || !programOf(pid).startsWith('postgres')) rmSync(lock, { force: true })
}

async function untilAnswers(url: () => string, isOurs: () => boolean): Promise<void> {
  let last = 'it is starting'
  for (const until = Date.now() + 30_000; Date.now() < until; await sleep(25)) {
    if (!isOurs()) continue
    const client = new pg.Client({ connectionString: url(), connectionTimeoutMillis: 2000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return
    }
    catch (error) {
      last = error instanceof Error ? error.message : String(error)
      if ((error as { code?: string }).code === '28P01') throw new LaunchError('The embedded PostgreSQL does not take the password in secrets.json of the data folder; put back the file that belongs to this folder.')
    }
  }
  throw new LaunchError(`The embedded PostgreSQL did not answer within 30 s (${last}); see logs/postgres.log in the data folder.`)
}
