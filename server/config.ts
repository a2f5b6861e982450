/**
 * The whole configuration, parsed once from the environment. Every entry (web, worker, launcher, migration step) reads
 * this and nothing else. A value that makes no sense is refused at start with its name and what would be right.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { CodeLimitValues } from '#shared/code-limits.ts'
import { withCaps } from './config/code-caps.ts'
import { databaseSettings, type DatabaseSettings } from './config/database-settings.ts'
import { engineEnvironment } from './config/engine-environment.ts'
import { environmentSchema, type Environment, type Mode } from './config/environment.ts'
import { findMisspeltNames } from './config/misspelt-names.ts'
import { findBrokenRules } from './config/production-rules.ts'

export { maskSecrets } from './config/database-settings.ts'
export { isLoopbackHost } from './config/production-rules.ts'

export interface Config {
  mode: Mode
  host: string
  port: number
  /** True when the environment named the port: then a taken one fails the start instead of moving on. */
  portIsSet: boolean
  metricsPort: number
  metricsPortIsSet: boolean
  workerPort: number
  workerPortIsSet: boolean
  grpcPort: number
  /** Absolute path of everything Bespin keeps on disk. */
  dataDir: string
  database: DatabaseSettings
  /** Undefined: the belt and the live bus run on PostgreSQL. */
  redisUrl?: string
  belt: 'auto' | 'redis' | 'postgres'
  /** Production only: start the embedded PostgreSQL and a private Redis for what the environment does not give. */
  embedded: boolean
  openAccess: boolean
  /** Origins besides our own that may call; `*` (not in production) is any. */
  allowedOrigins: string[]
  secrets: { jwt?: string, secretKey?: string, adminKey?: string }
  registrationMode: 'open' | 'closed' | 'invite'
  webhookSecrets: { github?: string, stripe?: string, sendgrid?: string }
  /** Whether the seed source `test` with its public secret exists. */
  testSource: boolean
  /** Whether the drill job types may be created. */
  drills: boolean
  /** How long finished jobs are kept. */
  retentionDays: number
  /** Which days have an index of payload, result and tags: those that are over, the present one too, or none. */
  searchIndex: 'history' | 'all' | 'off'
  /** What runs submitted code; `off`: nothing does. */
  sandbox: 'auto' | 'bwrap' | 'container' | 'off'
  /** The most that a submission of code may ask for. */
  codeCaps: CodeLimitValues
  /** What this worker process is called; by default its host and pid. */
  workerName?: string
  /** Private targets outgoing webhooks may reach: hosts, addresses, CIDRs, each with an optional port. */
  webhookAllow: string[]
  log: { level: 'trace' | 'debug' | 'info' | 'warn' | 'error', json: boolean }
  metricsToken?: string
  /** Most MiB of compiled programs that a code worker keeps. */
  codeCacheMb: number
  /** Whether code workers keep started interpreters waiting, where that is proven to work. */
  codeWarm: boolean
  /** Folder for what toolchains prepare once (Go's standard library). */
  codeToolchains: string
  /** Folders of PATH; toolchains are looked for there. */
  searchPath: string[]
  workerQueues?: string[]
  /** How many code executions one worker process runs at once. */
  codeSlots: number
  /** For code in containers: the command that makes them (default: found on PATH), what it finds in its environment, and their image. */
  containers: { command?: string, env: Record<string, string>, image: string }
  /** True when the database roles could not be made and every process uses one login. */
  isolationReduced: boolean
  /** True in a process that the launcher started (it has checked, migrated and chosen the ports). */
  launched: boolean
  /** Harmless remarks to print once at start. */
  notes: string[]
}

/** The environment cannot be used; `message` is a list for people, `problems` its lines. */
export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(`The configuration cannot be used:\n${problems.map(line => `  - ${line}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Parses an environment; pure. Throws ConfigError naming every variable that is wrong and what would be right. */
export function parseConfig(env: Record<string, string | undefined>): Config {
  // An empty value means "not set": compose files and CI pass unset variables on as empty ones.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()).map(([name, value]) => [name, value!.trim()]))
  const problems = findMisspeltNames(given).map(([wrong, right]) => `${wrong} is not a variable of Bespin; did you mean ${right}?`)
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map(issue => `${String(issue.path[0])} ${issue.message}`))
    throw new ConfigError(problems)
  }
  const config = buildConfig(parsed.data)
  config.containers.env = engineEnvironment(given)
  problems.push(...findBrokenRules(config, parsed.data.BESPIN_OPEN_ACCESS))
  if (problems.length) throw new ConfigError(problems)
  return config
}

function buildConfig(env: Environment): Config {
  const mode = env.BESPIN_MODE ?? env.NODE_ENV ?? env.APP_ENV ?? env.RUST_ENV ?? 'local'
  const production = mode === 'production'
  const belt = env.BESPIN_BELT ?? 'auto'
  return {
    mode, belt,
    host: env.HOST ?? '127.0.0.1',
    port: env.PORT ?? 3002, portIsSet: env.PORT !== undefined,
    metricsPort: env.METRICS_PORT ?? 9090, metricsPortIsSet: env.METRICS_PORT !== undefined,
    workerPort: env.WORKER_PORT ?? 9091, workerPortIsSet: env.WORKER_PORT !== undefined,
    grpcPort: env.GRPC_PORT ?? 50_051,
    dataDir: env.BESPIN_DATA_DIR ?? resolve('.data'),
    database: databaseSettings(env),
    redisUrl: belt === 'postgres' ? undefined : env.REDIS_URL ?? (env.REDIS_ADDR && `redis://${env.REDIS_ADDR}`),
    embedded: env.BESPIN_EMBEDDED ?? !production,
    openAccess: env.BESPIN_OPEN_ACCESS === undefined ? !production : env.BESPIN_OPEN_ACCESS !== false,
    allowedOrigins: env.BESPIN_ALLOWED_ORIGINS ?? env.CORS_ALLOWED_ORIGINS ?? env.CORS_ORIGIN ?? [],
    secrets: { jwt: env.JWT_SECRET, secretKey: env.BESPIN_SECRET_KEY, adminKey: env.ADMIN_API_KEY },
    registrationMode: env.REGISTRATION_MODE ?? 'open',
    webhookSecrets: { github: env.GITHUB_WEBHOOK_SECRET, stripe: env.STRIPE_WEBHOOK_SECRET, sendgrid: env.SENDGRID_WEBHOOK_SECRET },
    testSource: env.BESPIN_TEST_SOURCE ?? !production,
    drills: env.BESPIN_DRILLS ?? !production,
    retentionDays: env.BESPIN_RETENTION_DAYS ?? 30,
    searchIndex: env.BESPIN_SEARCH_INDEX ?? 'history',
    sandbox: env.BESPIN_SANDBOX ?? 'auto',
    codeCaps: env.BESPIN_CODE_CAPS ?? withCaps({}),
    workerName: env.BESPIN_WORKER_NAME,
    webhookAllow: env.BESPIN_WEBHOOK_ALLOW ?? [],
    log: { level: env.LOG_LEVEL ?? 'info', json: env.JSON_LOGS ?? production },
    metricsToken: env.METRICS_TOKEN,
    codeCacheMb: env.BESPIN_CODE_CACHE_MB ?? 512,
    codeWarm: env.BESPIN_CODE_WARM !== 'off',
    codeToolchains: env.BESPIN_CODE_TOOLCHAINS ?? resolve(env.BESPIN_DATA_DIR ?? '.data', 'code/toolchains'),
    searchPath: env.PATH?.split(delimiter).filter(Boolean) ?? [],
    workerQueues: env.BESPIN_WORKER_QUEUES,
    // One more than can compute at once: starting and ending a box is mostly waiting.
    codeSlots: env.BESPIN_CODE_SLOTS ?? availableParallelism() + 1,
    containers: { command: env.BESPIN_CONTAINER_COMMAND, env: {}, image: env.BESPIN_SANDBOX_IMAGE ?? 'bespin-sandbox' },
    isolationReduced: env.BESPIN_ISOLATION === 'reduced',
    launched: env.BESPIN_LAUNCHED ?? false,
    notes: notesOn(env),
  }
}

function notesOn(env: Environment): string[] {
  return [
    env.NATS_URL && 'NATS_URL is not needed: messages travel over Redis or PostgreSQL.',
    env.GRPC_ADDRESS && 'GRPC_ADDRESS is not needed.',
    env.OTEL_EXPORTER_OTLP_ENDPOINT && 'OTEL_EXPORTER_OTLP_ENDPOINT is set; this version reports metrics only, no traces.',
  ].filter(note => typeof note === 'string')
}

/** The text of `<folder>/.env` as an object; empty when there is none. */
export function readDotEnv(folder: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(join(folder, '.env'), 'utf8'))
  }
  catch {
    return {}
  }
}

let parsedOnce: Config | undefined

/** The configuration of this process: `.env` of the working directory, the real environment winning. Parsed once. */
export function getConfig(): Config {
  // A child of the launcher must not read `.env` again: it would find the owner's DATABASE_URL there.
  const fromFile = process.env['BESPIN_LAUNCHED'] ? {} : readDotEnv(process.cwd())
  // process.env is handed on whole, so that a bundler's inlined NODE_ENV cannot decide the mode.
  parsedOnce ??= parseConfig({ ...fromFile, ...process.env })
  return parsedOnce
}

/** Whether this process has no login but that of the code lane. */
export function isCodeLane(): boolean {
  const { codeUrl, engineUrl } = getConfig().database
  return codeUrl !== undefined && engineUrl === undefined
}
