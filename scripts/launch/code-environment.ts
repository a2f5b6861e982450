import { delimiter, dirname } from 'node:path'
import type { Ports } from './choose-ports.ts'
import type { ProgramPlan } from './programs.ts'

/**
 * What the code worker finds in its environment, name by name: how to log and where to listen, what its drivers need to
 * find, and the addresses of its own lane. No secret, no key, nobody else's login.
 */
const HANDED_ON = /^(HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|TMPDIR|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|DBUS_SESSION_BUS_ADDRESS|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)|CONTAINER_(HOST|CONNECTION|SSHKEY)|LOG_LEVEL|JSON_LOGS|BESPIN_SANDBOX|BESPIN_SANDBOX_IMAGE|BESPIN_CONTAINER_COMMAND|BESPIN_CODE_[A-Z_]+|BESPIN_WORKER_NAME|METRICS_TOKEN)$/

export function codeEnvironment({ session, services }: Pick<ProgramPlan, 'session' | 'services'>, ports: Ports): NodeJS.ProcessEnv {
  const { config, env } = session
  const { database, redisUrl, codeRedisUrl } = services
  // One login for all of them is no login of its own.
  const hasLogin = !database.isolationReduced && database.codeUrl !== database.engineUrl
  const name = env.BESPIN_WORKER_NAME
  return {
    ...Object.fromEntries(Object.entries(env).filter(([key]) => HANDED_ON.test(key))),
    PATH: `${dirname(process.execPath)}${delimiter}${env.PATH ?? ''}`,
    BESPIN_LAUNCHED: 'true', BESPIN_MODE: config.mode, BESPIN_DATA_DIR: config.dataDir, BESPIN_OPEN_ACCESS: 'false',
    HOST: config.host, WORKER_PORT: String(ports.codePort), BESPIN_WORKER_QUEUES: 'code-execution', ...(name && { BESPIN_WORKER_NAME: `${name}-code` }),
    BESPIN_ISOLATION: database.isolationReduced ? 'reduced' : 'full',
    ...(hasLogin
      ? { DATABASE_CODE_URL: database.codeUrl, ...directUrl(config.database.directUrl, database.codeUrl) }
      : { DATABASE_APP_URL: database.engineUrl, DATABASE_ENGINE_URL: database.engineUrl, DATABASE_DIRECT_URL: config.database.directUrl }),
    BESPIN_BELT: redisUrl ? 'redis' : 'postgres', REDIS_URL: codeRedisUrl ?? redisUrl,
  }
}

/** The server behind a pooler, with the lane's own login. */
function directUrl(direct: string | undefined, codeUrl: string): { DATABASE_DIRECT_URL?: string } {
  if (!direct) return {}
  const [url, server] = [new URL(codeUrl), new URL(direct)]
  return { DATABASE_DIRECT_URL: Object.assign(url, { hostname: server.hostname, port: server.port }).href }
}
