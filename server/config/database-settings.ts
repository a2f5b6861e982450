import type { Environment } from './environment.ts'

/** PostgreSQL addresses, each with its own login (architecture section 5 "Tenancy and roles"). */
export interface DatabaseSettings {
  /** Owner of the tables; only the migration step may use it. */
  ownerUrl?: string
  /** Login under row-level security, for the web process. */
  appUrl?: string
  /** Login of the engine's statements and control loops. */
  engineUrl?: string
  /** Login that may only claim, heartbeat and finish code jobs. */
  codeUrl?: string
  /** The server itself when a pooler stands in between: LISTEN, locks and BullMQ use it. */
  directUrl?: string
}

/** `DATABASE_URL`, `DB_URL`, or the `DB_*` parts: any one given, the rest take localhost, 5432, postgres, postgres, bespin. */
export function databaseSettings(env: Environment): DatabaseSettings {
  return {
    ownerUrl: env.DATABASE_URL ?? env.DB_URL ?? urlFromParts(env),
    appUrl: env.DATABASE_APP_URL,
    engineUrl: env.DATABASE_ENGINE_URL,
    codeUrl: env.DATABASE_CODE_URL,
    directUrl: env.DATABASE_DIRECT_URL,
  }
}

function urlFromParts(env: Environment): string | undefined {
  const { DB_HOST, DB_PORT, DB_PASSWORD } = env
  const user = env.DB_USER ?? env.DB_USERNAME
  const database = env.DB_NAME ?? env.DB_DATABASE
  if ([DB_HOST, DB_PORT, DB_PASSWORD, user, database, env.DB_SCHEMA].every(part => part === undefined)) return undefined
  const login = `${encodeURIComponent(user ?? 'postgres')}:${encodeURIComponent(DB_PASSWORD ?? 'postgres')}`
  const host = DB_HOST?.includes(':') && !DB_HOST.startsWith('[') ? `[${DB_HOST}]` : DB_HOST ?? 'localhost'
  return `postgres://${login}@${host}:${DB_PORT ?? 5432}/${encodeURIComponent(database ?? 'bespin')}`
}

/** The address as it may stand in a log: every password replaced. Texts that are no URL are hidden whole. */
export function maskSecrets(address: string): string {
  const url = URL.parse(address)
  if (!url) return '***'
  if (url.password) url.password = '***'
  for (const name of url.searchParams.keys()) {
    if (/pass|secret|token|key/i.test(name)) url.searchParams.set(name, '***')
  }
  return url.href
}
