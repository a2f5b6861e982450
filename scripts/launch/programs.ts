/** The web process and the worker: how each is started, with which environment, and when it is ready. */
import { watch } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { superviseChild, type Child } from './child.ts'
import { nextPortAtEachStart, portRetry, type PortRetry, type Ports } from './choose-ports.ts'
import { ordinaryQueues } from './choose-workers.ts'
import { codeEnvironment } from './code-environment.ts'
import { ROOT } from './root.ts'
import type { Services } from './bring-up.ts'
import type { Session } from './session.ts'

/** Which program, from sources with reload or built. */
export interface ProgramPlan { session: Session, services: Services, watchSources: boolean }

/** MiB for what lives shortly: requests and jobs by the thousand; the default makes Node collect it many times a second. */
const YOUNG_GENERATION = '--max-semi-space-size=64'

/** Only the migration step may know the owner of the database. */
const OWNER_VARIABLES = ['DATABASE_URL', 'DB_URL', 'DB_HOST', 'DB_PORT', 'DB_USER', 'DB_USERNAME', 'DB_PASSWORD', 'DB_NAME', 'DB_DATABASE', 'DB_SCHEMA', 'DATABASE_CODE_URL']

export function programEnvironment({ session, services }: Pick<ProgramPlan, 'session' | 'services'>, ports: Ports): NodeJS.ProcessEnv {
  const { config, env } = session
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OWNER_VARIABLES.includes(name)))
  return {
    ...own,
    PATH: `${dirname(process.execPath)}${delimiter}${env.PATH ?? ''}`,
    BESPIN_LAUNCHED: 'true', BESPIN_MODE: config.mode, BESPIN_DATA_DIR: config.dataDir,
    HOST: config.host, PORT: String(ports.port), METRICS_PORT: String(ports.metricsPort), WORKER_PORT: String(ports.workerPort),
    DATABASE_APP_URL: services.database.appUrl, DATABASE_ENGINE_URL: services.database.engineUrl,
    BESPIN_ISOLATION: services.database.isolationReduced ? 'reduced' : 'full',
    BESPIN_BELT: services.redisUrl ? 'redis' : 'postgres', REDIS_URL: services.redisUrl, REDIS_ADDR: undefined,
    BESPIN_WORKER_QUEUES: ordinaryQueues(config.workerQueues)?.join(),
    JWT_SECRET: services.secrets.jwt, BESPIN_SECRET_KEY: services.secrets.secretKey,
  }
}

export function startWeb(plan: ProgramPlan, ports: Ports): Child {
  const { session, watchSources } = plan
  const { host } = session.config
  const retry = portRetry(session, ports, ['port', 'metricsPort'])
  const child = superviseChild({
    ...session.shared, name: 'web', output: 'inherit', stopSignal: 'SIGTERM', stopGroup: watchSources, maxEarlyDeaths: 5,
    command: async () => {
      await retry.before()
      const env = programEnvironment(plan, ports)
      if (!watchSources) {
        const built = { NODE_ENV: 'production', NITRO_HOST: host, NITRO_PORT: env.PORT, NITRO_SHUTDOWN_TIMEOUT: '2500' }
        return { file: process.execPath, args: [YOUNG_GENERATION, join(ROOT, '.output/server/index.mjs')], cwd: ROOT, env: { ...env, ...built } }
      }
      // Without a fork there is one process to stop. It must not read .env: the owner's address may stand there.
      const args = [nuxtProgram(), 'dev', '--no-fork', '--host', host, '--port', String(ports.port), '--dotenv', '/dev/null']
      return { file: process.execPath, args, cwd: ROOT, env: { ...env, NODE_ENV: 'development', NUXT_TELEMETRY_DISABLED: '1' } }
    },
  })
  return { ...child, markReady: () => { retry.settled(); child.markReady() } }
}

export function startWorker(plan: ProgramPlan, ports: Ports): Child {
  return superviseWorker(plan, { name: 'worker', retry: portRetry(plan.session, ports, ['workerPort']), environment: () => programEnvironment(plan, ports) })
}

/** The worker that runs code: it gets the address of its own login and no secret. `isAlone`: without it there is nothing to go on for. */
export function startCodeWorker(plan: ProgramPlan, ports: Ports, { isAlone }: { isAlone: boolean }): Child {
  const onGiveUp = (reason: string) => plan.session.say(`${reason}; no code is run`)
  const environment = () => codeEnvironment(plan, ports)
  if (isAlone) return superviseWorker(plan, { name: 'code', retry: portRetry(plan.session, ports, ['codePort']), environment })
  return superviseWorker(plan, { name: 'code', retry: nextPortAtEachStart(plan.session, ports), environment, onGiveUp })
}

interface WorkerPlan { name: 'worker' | 'code', retry: PortRetry, environment(): NodeJS.ProcessEnv, onGiveUp?(reason: string): void }

function superviseWorker({ session, watchSources }: ProgramPlan, { name, retry, environment, ...more }: WorkerPlan): Child {
  const child = superviseChild({
    ...session.shared, name, output: 'inherit', stopSignal: 'SIGTERM', maxEarlyDeaths: 5, ...more,
    command: async () => {
      await retry.before()
      const NODE_ENV = watchSources ? 'development' : 'production'
      return { file: process.execPath, args: [...name === 'worker' ? [YOUNG_GENERATION] : [], join(ROOT, 'workers/index.ts')], cwd: ROOT, env: { ...environment(), NODE_ENV } }
    },
  })
  if (watchSources) restartOnChange(child, session)
  return { ...child, markReady: () => { retry.settled(); child.markReady() } }
}

/** Node's own --watch waits for an edit after a crash; a worker that dies must come back by itself. */
function restartOnChange(worker: Child, session: Session): void {
  let timer: NodeJS.Timeout | undefined
  for (const folder of ['workers', 'server', 'shared']) {
    const watcher = watch(join(ROOT, folder), { recursive: true }, (_event, file) => {
      if (!file?.endsWith('.ts') || session.stopping) return
      clearTimeout(timer)
      timer = setTimeout(() => {
        session.say(`${file} changed; starting the worker again`)
        worker.restart(3000)
      }, 200)
      timer.unref()
    })
    watcher.on('error', error => session.say(`changes in ${folder} are not seen: ${error.message}`))
    watcher.unref()
  }
}

function nuxtProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('nuxt/package.json')
  return join(dirname(manifest), 'bin', 'nuxt.mjs')
}

/** Resolves when the address answers 200; says every 15 s that it still waits. */
export async function untilReady(options: { name: string, url: () => string, session: Session }): Promise<void> {
  const { name, url, session } = options
  const startedAt = Date.now()
  let told = 0
  while (!session.stopping) {
    const answer = await fetch(url(), { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.status === 200) return
    const waited = Math.floor((Date.now() - startedAt) / 15_000)
    if (waited > told) session.say(`still waiting for ${name} (${waited * 15} s)${answer ? `: ${url()} answers ${answer.status}` : ''}`)
    told = waited
    await sleep(50)
  }
}

/** Address under which this machine reaches a server that listens on `host`. */
export function reachable(host: string, port: number): string {
  const name = host.replace(/^\[|\]$/g, '')
  if (name === '0.0.0.0' || name === '::') return `http://127.0.0.1:${port}`
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
