/**
 * Starts Bespin and keeps it running: what the environment does not give (PostgreSQL, Redis, secrets), the migration
 * step, then the web process and the worker. `node scripts/launch.ts <dev|start|api|worker|code|migrate [status]>`
 */
import { parseConfig, readDotEnv, ConfigError } from '#server/config.ts'
import { ensureBuild } from './launch/build.ts'
import type { Child } from './launch/child.ts'
import { chooseWorkers, type Program } from './launch/choose-workers.ts'
import { choosePorts, type Ports } from './launch/choose-ports.ts'
import { reachable, startCodeWorker, startWeb, startWorker, untilReady } from './launch/programs.ts'
import { sandboxNote } from './launch/sandbox-note.ts'
import { LaunchError, makeSay } from './launch/say.ts'
import { bringUpServices, chooseSecrets, claimDataFolder, reachDatabase, waitForDatabaseMs, type Services } from './launch/bring-up.ts'
import { closeSession, killSession, openSession, type Session } from './launch/session.ts'
import { migrate, readMigrationStates } from './migrate.ts'

const PROGRAMS: Record<string, Program[]> = { dev: ['web', 'worker', 'code'], start: ['web', 'worker', 'code'], api: ['web'], worker: ['worker'], code: ['code'], migrate: [] }

async function main([command = '', detail]: string[]): Promise<number> {
  const wanted = PROGRAMS[command]
  if (!wanted) throw new LaunchError(`Say what to start: node scripts/launch.ts ${Object.keys(PROGRAMS).join(' | ')}`)
  const env = { ...readDotEnv(process.cwd()), ...process.env, ...(command === 'dev' ? { BESPIN_MODE: 'development' } : {}) }
  const config = parseConfig(env)
  const programs = chooseWorkers(wanted, config.workerQueues)
  const session = openSession(config, env, makeSay(config.log.json))
  const stopped = untilStopped(session)
  try {
    const run = start(session, { command, detail, programs })
    run.catch(() => undefined)
    const outcome = await Promise.race([run, stopped, session.broken])
    if (outcome === 'running') await Promise.race([stopped, session.broken])
    return 0
  }
  finally {
    await closeSession(session)
  }
}

async function start(session: Session, options: { command: string, detail?: string, programs: Program[] }): Promise<'running' | 'done'> {
  const { command, detail, programs } = options
  const { config, say } = session
  const watchSources = command === 'dev'
  say(`Bespin ${command}, ${config.mode} mode, data in ${config.dataDir}, open access ${config.openAccess ? 'on' : 'off'}`)
  for (const note of [...config.notes, programs.includes('code') && sandboxNote(config.sandbox)]) if (note) say(note)
  const joined = await claimDataFolder(session, { mayJoin: !['dev', 'start'].includes(command), programs })
  if (command === 'migrate') {
    await prepareDatabaseOnly(session, await reachDatabase(session, joined, programs), detail)
    return 'done'
  }
  if (programs.includes('web') && !watchSources) await ensureBuild(session)
  const ports = await choosePorts(session, programs)
  const services = await bringUpServices(session, joined, programs)
  await startPrograms({ session, services, watchSources }, ports, programs)
  return 'running'
}

async function prepareDatabaseOnly(session: Session, ownerUrl: string | undefined, detail: string | undefined): Promise<void> {
  const { config, say } = session
  if (!ownerUrl) throw new LaunchError('Migrations need the owner of the database: set DATABASE_URL.')
  if (detail !== 'status') {
    await migrate({ ownerUrl, secrets: chooseSecrets(session), given: config.database, waitMs: waitForDatabaseMs(config), say })
    return say('the database is up to date')
  }
  for (const { name, state } of await readMigrationStates({ ownerUrl, waitMs: waitForDatabaseMs(config), say })) say(`${name}: ${state}`)
}

async function startPrograms(plan: { session: Session, services: Services, watchSources: boolean }, ports: Ports, programs: Program[]): Promise<void> {
  const { session } = plan
  if (session.stopping) return
  const { host } = session.config
  const waits: Promise<void>[] = []
  const start = (name: Program, child: Child, url: () => string): void => {
    session.programs.push(child)
    waits.push(untilReady({ name, url, session }).then(() => child.markReady()))
  }
  if (programs.includes('web')) start('web', startWeb(plan, ports), () => `${reachable(host, ports.port)}/health/ready`)
  if (programs.includes('worker')) start('worker', startWorker(plan, ports), () => `${reachable(host, ports.workerPort)}/health`)
  if (programs.includes('code')) {
    const code = startCodeWorker(plan, ports, { isAlone: programs.length === 1 })
    const url = () => `${reachable(host, ports.codePort)}/health`
    // The others do not wait for it: its sandbox has to be proven first, and they do without.
    if (programs.length === 1) start('code', code, url)
    else {
      session.programs.push(code)
      void untilReady({ name: 'code', url, session }).then(() => code.markReady())
    }
  }
  await Promise.all(waits)
  if (session.stopping) return
  if (programs.includes('code')) session.say(`code worker: ${reachable(host, ports.codePort)}/health and /metrics`)
  if (programs.includes('worker')) session.say(`worker: ${reachable(host, ports.workerPort)}/health and /metrics`)
  if (programs.includes('web')) {
    session.say(`metrics: ${reachable(host, ports.metricsPort)}/metrics`)
    session.say(`Bespin is ready on ${reachable(host, ports.port)}`)
  }
  else session.say('the Bespin worker is ready')
}

/** The first signal stops in order; one more, a second or later, kills (npm and make pass on a Ctrl-C twice). */
function untilStopped(session: Session): Promise<'stopped'> {
  return new Promise((resolve) => {
    let first = 0
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (first && Date.now() - first > 1000) {
          killSession(session)
          process.exit(130)
        }
        if (!first) session.say('stopping')
        first ||= Date.now()
        resolve('stopped')
      })
    }
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
}
catch (error) {
  const expected = error instanceof LaunchError || error instanceof ConfigError
  console.error(expected ? error.message : error)
  process.exitCode = 1
}
// A start that was interrupted may still hold timers and sockets; everything of value is down by now.
process.exit()
