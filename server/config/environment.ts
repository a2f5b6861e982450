/**
 * Every variable Bespin reads from the environment, with what makes its value right.
 * The list is the contract's; a name that is not here is either foreign (ignored) or a misspelling (refused).
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { JOB_TYPE_NAMES } from '#shared/job-types.ts'
import { codeCaps } from './code-caps.ts'

export type Mode = 'development' | 'local' | 'production'

const MODE_WORDS: Record<string, Mode> = {
  development: 'development', dev: 'development', local: 'local', test: 'local',
  production: 'production', prod: 'production', staging: 'production', preview: 'production',
}
const SWITCH_WORDS: Record<string, boolean> = { true: true, 1: true, yes: true, on: true, false: false, 0: false, no: false, off: false }

/** A text that must be one of the keys of `words`; the answer is the value behind it. */
function oneOf<T>(words: Record<string, T>, expected: string) {
  return z.string().transform((text, context) => {
    const key = text.toLowerCase()
    if (Object.hasOwn(words, key)) return words[key] as T
    context.addIssue({ code: 'custom', message: expected })
    return z.NEVER
  })
}

const mode = oneOf(MODE_WORDS, 'must be development, local or production')
const onOff = oneOf(SWITCH_WORDS, 'must be true or false')
const text = z.string()
const port = z.string().regex(/^\d{1,5}$/, 'must be a port number from 1 to 65535').transform(Number)
  .refine(number => number >= 1 && number <= 65_535, 'must be a port number from 1 to 65535')
const days = z.string().regex(/^\d{1,5}$/, 'must be a number of days from 1 to 36500').transform(Number).refine(number => number >= 1 && number <= 36_500, 'must be a number of days from 1 to 36500')
const megabytes = z.string().regex(/^\d{1,7}$/, 'must be a whole number of MiB from 16 to 1048576').transform(Number).refine(number => number >= 16 && number <= 1_048_576, 'must be a whole number of MiB from 16 to 1048576')
const slots = z.string().regex(/^\d{1,4}$/, 'must be a number of executions from 1 to 1000').transform(Number).refine(number => number >= 1 && number <= 1000, 'must be a number of executions from 1 to 1000')
const secret = z.string().min(32, 'must have at least 32 characters (make one: openssl rand -hex 32)')
const host = z.string().max(253).regex(/^(\[?[0-9a-f:]+\]?|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$/i,
  'must be a host name or an address to listen on, such as 127.0.0.1 or 0.0.0.0 (no http://, no port)')
const list = z.string().transform(value => value.split(',').map(part => part.trim()).filter(Boolean))

function urlOf(protocols: string[], expected: string) {
  return z.string().refine((value) => {
    const url = URL.parse(value)
    return url !== null && protocols.includes(url.protocol)
  }, expected)
}
const postgresUrl = urlOf(['postgres:', 'postgresql:'], 'must be a PostgreSQL URL: postgres://user:password@host:5432/database')
  .refine(value => (URL.parse(value)?.pathname.length ?? 0) > 1, 'must name the database at the end: postgres://user:password@host:5432/database')

const origins = list.transform((values, context) => values.map((value) => {
  if (value === '*') return value
  const url = URL.parse(value)
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username) return url.origin
  context.addIssue({ code: 'custom', message: `holds "${value}"; each entry must be an origin such as https://app.example.com` })
  return value
}))

const allowList = list.transform((values, context) => {
  for (const value of values) {
    if (/^\[?[0-9a-z.:-]+\]?(\/\d{1,3})?(:\d{1,5})?$/i.test(value)) continue
    context.addIssue({ code: 'custom', message: `holds "${value}"; each entry must be a host, an address or a CIDR, with an optional :port` })
  }
  return values
})

/** What `BESPIN_WORKER_QUEUES` may name: the built-in job types, and `control` for the control loops alone. */
const WORKER_QUEUES: readonly string[] = [...JOB_TYPE_NAMES, 'control']
const queues = list.transform((values, context) => {
  for (const value of values) {
    if (WORKER_QUEUES.includes(value)) continue
    context.addIssue({ code: 'custom', message: `names the unknown queue "${value}"; known are ${WORKER_QUEUES.join(', ')}` })
  }
  return values
})

const imageName = z.string().regex(/^[a-z0-9][a-z0-9._:/@-]{0,254}$/i, 'must be the name of a container image, such as bespin-sandbox or registry.example.com/bespin-sandbox:1')
const redisAddress = z.string().regex(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i, 'must be host:port, such as 127.0.0.1:6379')

const variables = {
  BESPIN_MODE: mode, NODE_ENV: mode, APP_ENV: mode, RUST_ENV: mode,
  HOST: host, PORT: port, METRICS_PORT: port, WORKER_PORT: port, GRPC_PORT: port,
  BESPIN_DATA_DIR: z.string().transform(path => resolve(path)),
  DATABASE_URL: postgresUrl, DB_URL: postgresUrl,
  DB_HOST: text, DB_PORT: port, DB_USER: text, DB_USERNAME: text, DB_PASSWORD: text, DB_NAME: text, DB_DATABASE: text,
  DB_SCHEMA: z.literal('public', 'must be public: Bespin wants a database of its own, not a schema (name it with DB_NAME)'),
  DATABASE_APP_URL: postgresUrl, DATABASE_ENGINE_URL: postgresUrl, DATABASE_CODE_URL: postgresUrl, DATABASE_DIRECT_URL: postgresUrl,
  REDIS_URL: urlOf(['redis:', 'rediss:'], 'must be a Redis URL: redis://:password@host:6379'), REDIS_ADDR: redisAddress,
  BESPIN_BELT: z.enum(['auto', 'redis', 'postgres'], 'must be auto, redis or postgres'),
  BESPIN_EMBEDDED: onOff,
  BESPIN_OPEN_ACCESS: oneOf<boolean | 'confirmed'>({ ...SWITCH_WORDS, 'yes-i-know': 'confirmed' }, 'must be true, false or yes-i-know'),
  BESPIN_ALLOWED_ORIGINS: origins, CORS_ALLOWED_ORIGINS: origins, CORS_ORIGIN: origins,
  JWT_SECRET: secret, BESPIN_SECRET_KEY: secret, ADMIN_API_KEY: text,
  REGISTRATION_MODE: z.enum(['open', 'closed', 'invite'], 'must be open, closed or invite'),
  GITHUB_WEBHOOK_SECRET: text, STRIPE_WEBHOOK_SECRET: text, SENDGRID_WEBHOOK_SECRET: text,
  BESPIN_SANDBOX: z.enum(['auto', 'bwrap', 'container', 'off'], 'must be auto, bwrap, container or off'),
  BESPIN_TEST_SOURCE: onOff, BESPIN_DRILLS: onOff, BESPIN_WORKER_NAME: text, BESPIN_WEBHOOK_ALLOW: allowList, BESPIN_WORKER_QUEUES: queues, BESPIN_CODE_SLOTS: slots,
  BESPIN_RETENTION_DAYS: days, BESPIN_CODE_CAPS: codeCaps,
  BESPIN_SEARCH_INDEX: z.enum(['history', 'all', 'off'], 'must be history, all or off'),
  BESPIN_CONTAINER_COMMAND: text, BESPIN_SANDBOX_IMAGE: imageName,
  LOG_LEVEL: z.string().toLowerCase().pipe(z.enum(['trace', 'debug', 'info', 'warn', 'error'], 'must be trace, debug, info, warn or error')),
  JSON_LOGS: onOff, METRICS_TOKEN: text,
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(['http:', 'https:'], 'must be an http or https URL'),
  NATS_URL: text, GRPC_ADDRESS: text,
  BESPIN_CODE_WARM: z.enum(['on', 'off'], 'must be on or off'),
  BESPIN_CODE_CACHE_MB: megabytes, BESPIN_CODE_TOOLCHAINS: z.string().transform(path => resolve(path)),
  BESPIN_ISOLATION: z.enum(['full', 'reduced'], 'must be full or reduced'), BESPIN_LAUNCHED: onOff, PATH: text,
}

export const environmentSchema = z.object(variables).partial()
export type Environment = z.infer<typeof environmentSchema>
export const VARIABLE_NAMES = Object.keys(variables)
/** Set by the launcher for the processes it starts, or by every system; nobody sets them for Bespin, so `.env.example` does not list them. */
export const INTERNAL_NAMES = ['BESPIN_ISOLATION', 'BESPIN_LAUNCHED', 'PATH']
