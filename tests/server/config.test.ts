import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, isLoopbackHost, maskSecrets, parseConfig, readDotEnv } from '#server/config.ts'

const STRONG = 'pX7vQ2mZr9KdW4tB8nLcJ6hGyF3sA1eU'
const production = (env: Record<string, string> = {}) => ({ BESPIN_MODE: 'production', JWT_SECRET: STRONG, ...env })

function problemsOf(env: Record<string, string>): string {
  try {
    parseConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n')
    throw error
  }
  return ''
}

describe('with nothing in the environment', () => {
  const config = parseConfig({})
  it('runs in local mode on loopback with the documented ports', () => {
    expect(config).toMatchObject({ mode: 'local', host: '127.0.0.1', port: 3002, metricsPort: 9090, workerPort: 9091, grpcPort: 50_051, portIsSet: false })
  })
  it('keeps its data in .data of the working folder', () => {
    expect(config.dataDir).toBe(resolve('.data'))
  })
  it('gives no database, no Redis and no secrets', () => {
    expect([config.database.ownerUrl, config.redisUrl, config.secrets.jwt]).toEqual([undefined, undefined, undefined])
  })
  it('is open on this machine, with the test source on', () => {
    expect(config).toMatchObject({ openAccess: true, testSource: true, registrationMode: 'open', embedded: true })
  })
  it('treats empty values as not set', () => {
    expect(parseConfig({ PORT: '', REDIS_URL: ' ', BESPIN_OPEN_ACCESS: '', DB_HOST: '' })).toEqual(config)
  })
})

describe('the mode', () => {
  it.each([
    ['BESPIN_MODE wins over the others', { BESPIN_MODE: 'local', NODE_ENV: 'production' }, 'local'],
    ['NODE_ENV comes before APP_ENV', { NODE_ENV: 'development', APP_ENV: 'production' }, 'development'],
    ['APP_ENV comes before RUST_ENV', { APP_ENV: 'local', RUST_ENV: 'development' }, 'local'],
    ['RUST_ENV counts when it stands alone', { RUST_ENV: 'dev' }, 'development'],
    ['a test runner is no production', { NODE_ENV: 'test' }, 'local'],
    ['case does not matter', { BESPIN_MODE: 'Development' }, 'development'],
  ])('%s', (_name, env, mode) => {
    expect(parseConfig(env).mode).toBe(mode)
  })
  it('a staging environment is as closed as production', () => {
    expect(parseConfig({ NODE_ENV: 'staging', JWT_SECRET: STRONG }).mode).toBe('production')
  })
})

describe('the database', () => {
  it.each([
    ['DATABASE_URL', { DATABASE_URL: 'postgres://a:b@h:1/d', DB_URL: 'postgres://x@y/z' }, 'postgres://a:b@h:1/d'],
    ['DB_URL', { DB_URL: 'postgresql://a:b@h/d' }, 'postgresql://a:b@h/d'],
    ['any DB_ part with the rest as documented', { DB_HOST: 'db.internal' }, 'postgres://postgres:postgres@db.internal:5432/bespin'],
    ['the aliases of user and name', { DB_USERNAME: 'u', DB_DATABASE: 'n', DB_PORT: '5433' }, 'postgres://u:postgres@localhost:5433/n'],
    ['passwords with signs of their own', { DB_PASSWORD: 'p@ss/w:rd' }, 'postgres://postgres:p%40ss%2Fw%3Ard@localhost:5432/bespin'],
    ['an IPv6 host', { DB_HOST: '::1' }, 'postgres://postgres:postgres@[::1]:5432/bespin'],
  ])('is taken from %s', (_name, env, url) => {
    expect(parseConfig(env as Record<string, string>).database.ownerUrl).toBe(url)
  })
  it('keeps the logins of the processes apart from the owner', () => {
    const { database } = parseConfig({ DATABASE_APP_URL: 'postgres://a@h/d', DATABASE_ENGINE_URL: 'postgres://e@h/d', DATABASE_DIRECT_URL: 'postgres://x@h/d' })
    expect(database).toMatchObject({ ownerUrl: undefined, appUrl: 'postgres://a@h/d', engineUrl: 'postgres://e@h/d', directUrl: 'postgres://x@h/d' })
  })
})

describe('the belt', () => {
  it('takes REDIS_ADDR as host and port', () => {
    expect(parseConfig({ REDIS_ADDR: 'cache:6380' }).redisUrl).toBe('redis://cache:6380')
  })
  it('prefers REDIS_URL', () => {
    expect(parseConfig({ REDIS_ADDR: 'cache:6380', REDIS_URL: 'rediss://:p@r:1' }).redisUrl).toBe('rediss://:p@r:1')
  })
  it('ignores a given Redis when PostgreSQL is asked for', () => {
    expect(parseConfig({ BESPIN_BELT: 'postgres', REDIS_URL: 'redis://r:1' }).redisUrl).toBeUndefined()
  })
})

describe('values that make no sense are refused with their name and what would be right', () => {
  it.each([
    [{ PORT: 'abc' }, /^PORT must be a port number from 1 to 65535$/],
    [{ PORT: '70000' }, /^PORT must be a port number/],
    [{ PORT: '0' }, /^PORT must be a port number/],
    [{ METRICS_PORT: '-1' }, /^METRICS_PORT must be a port number/],
    [{ HOST: 'http://localhost' }, /^HOST must be a host name or an address/],
    [{ HOST: 'localhost:3002' }, /^HOST must be a host name or an address/],
    [{ BESPIN_MODE: 'prd' }, /^BESPIN_MODE must be development, local or production$/],
    [{ DATABASE_URL: 'mysql://a@b/c' }, /^DATABASE_URL must be a PostgreSQL URL: postgres:\/\/user/],
    [{ DATABASE_URL: 'postgres://a:b@host:5432' }, /^DATABASE_URL must name the database/],
    [{ DB_SCHEMA: 'tenant1' }, /^DB_SCHEMA must be public/],
    [{ REDIS_URL: 'localhost:6379' }, /^REDIS_URL must be a Redis URL/],
    [{ REDIS_ADDR: 'localhost' }, /^REDIS_ADDR must be host:port/],
    [{ JWT_SECRET: 'short' }, /^JWT_SECRET must have at least 32 characters/],
    [{ BESPIN_OPEN_ACCESS: 'maybe' }, /^BESPIN_OPEN_ACCESS must be true, false or yes-i-know$/],
    [{ BESPIN_ALLOWED_ORIGINS: 'https://ok.example, foo.com' }, /^BESPIN_ALLOWED_ORIGINS holds "foo.com"; each entry must be an origin/],
    [{ BESPIN_ALLOWED_ORIGINS: 'https://a.example/path' }, /must be an origin/],
    [{ REGISTRATION_MODE: 'closd' }, /^REGISTRATION_MODE must be open, closed or invite$/],
    [{ LOG_LEVEL: 'verbose' }, /^LOG_LEVEL must be trace, debug, info, warn or error$/],
    [{ JSON_LOGS: 'ja' }, /^JSON_LOGS must be true or false$/],
    [{ BESPIN_BELT: 'kafka' }, /^BESPIN_BELT must be auto, redis or postgres$/],
    [{ BESPIN_WEBHOOK_ALLOW: 'http://10.0.0.1' }, /^BESPIN_WEBHOOK_ALLOW holds "http:\/\/10.0.0.1"; each entry must be a host/],
    [{ BESPIN_WORKER_QUEUES: 'random-txt' }, /^BESPIN_WORKER_QUEUES names the unknown queue "random-txt"; known are random-text/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, /^OTEL_EXPORTER_OTLP_ENDPOINT must be an http/],
  ])('%o', (env, message) => {
    expect(problemsOf(env as unknown as Record<string, string>)).toMatch(message)
  })
  it('all of them at once, not only the first', () => {
    expect(problemsOf({ PORT: 'x', HOST: 'y y', DATABSE_URL: 'z' }).split('\n')).toHaveLength(3)
  })
  it('without repeating a secret', () => {
    expect(problemsOf({ JWT_SECRET: 'hunter2-hunter2', DATABASE_URL: 'hunter2' })).not.toContain('hunter2')
  })
})

describe('misspelt names', () => {
  it.each([
    ['BESPIN_DATADIR', 'BESPIN_DATA_DIR'], ['BESPIN_OPEN_ACESS', 'BESPIN_OPEN_ACCESS'], ['BESPIN_ALLOWED_ORIGIN', 'BESPIN_ALLOWED_ORIGINS'],
    ['DATABSE_URL', 'DATABASE_URL'], ['DATABASE_URI', 'DATABASE_URL'], ['REDIS_ULR', 'REDIS_URL'], ['DB_PASS', 'DB_PASSWORD'],
    ['JWT_SECRETS', 'JWT_SECRET'], ['METRIC_PORT', 'METRICS_PORT'], ['ADMIN_APIKEY', 'ADMIN_API_KEY'], ['GITHUB_WEBHOOK_SECERT', 'GITHUB_WEBHOOK_SECRET'],
  ])('%s is refused with %s as the likely meaning', (wrong, right) => {
    expect(problemsOf({ [wrong]: 'x' })).toBe(`${wrong} is not a variable of Bespin; did you mean ${right}?`)
  })
  it.each(['HOME', 'PATH', 'PORTAGE', 'DATABASE_POOL_SIZE', 'REDIS_SERVICE_HOST', 'LOGNAME', 'HOSTNAME', 'NODE_OPTIONS', 'BESPIN_SKIPS_FAIL'])('%s belongs to somebody else', (name) => {
    expect(problemsOf({ [name]: 'x' })).toBe('')
  })
  it('a near name is left alone when the right one is set too', () => {
    expect(problemsOf({ DATABASE_URI: 'x', DATABASE_URL: 'postgres://a@b/c' })).toBe('')
  })
})

describe('open access', () => {
  it('is refused on an address that other machines can reach', () => {
    expect(problemsOf({ HOST: '0.0.0.0' })).toMatch(/HOST=0\.0\.0\.0 can be reached from the network.*BESPIN_OPEN_ACCESS=yes-i-know/)
  })
  it('is refused there in production when asked for once', () => {
    expect(problemsOf(production({ HOST: '0.0.0.0', BESPIN_OPEN_ACCESS: 'true' }))).toMatch(/BESPIN_OPEN_ACCESS=yes-i-know/)
  })
  it.each(['development', 'local', 'production'])('is allowed there in %s mode when told so twice', (mode) => {
    expect(parseConfig({ ...production(), BESPIN_MODE: mode, HOST: '0.0.0.0', BESPIN_OPEN_ACCESS: 'yes-i-know' }).openAccess).toBe(true)
  })
  it('is off in production, so any address will do', () => {
    expect(parseConfig(production({ HOST: '0.0.0.0' })).openAccess).toBe(false)
  })
  it.each([['127.0.0.1', true], ['127.8.9.1', true], ['localhost', true], ['[::1]', true], ['::1', true], ['0.0.0.0', false], ['::', false], ['127.evil.example', false], ['192.168.1.4', false]])('knows that %s is loopback: %s', (host, expected) => {
    expect(isLoopbackHost(host)).toBe(expected)
  })
})

describe('production', () => {
  it('wants a signing secret', () => {
    expect(problemsOf({ BESPIN_MODE: 'production' })).toMatch(/^JWT_SECRET is required in production/)
  })
  it.each([
    ['JWT_SECRET', 'a'.repeat(40), 'fewer than 10 different characters'], ['JWT_SECRET', `change-me-${STRONG}`, 'looks like a placeholder'],
    ['BESPIN_SECRET_KEY', `my-Password-${STRONG}`, 'looks like a placeholder'], ['ADMIN_API_KEY', 'admin', 'shorter than 32'],
    ['ADMIN_API_KEY', `your-key-${STRONG}`, 'looks like a placeholder'],
  ])('refuses a weak %s (%s)', (name, value, why) => {
    expect(problemsOf(production({ [name]: value }))).toMatch(new RegExp(`^${name} .*${why}`))
  })
  it('takes what openssl rand -hex 32 makes', () => {
    const hex = '8f14e45fceea167a5a36dedd4bea2543f0b2c1de9a7c4410aa35e1b70cf9d2e6'
    expect(problemsOf(production({ JWT_SECRET: hex, BESPIN_SECRET_KEY: hex, ADMIN_API_KEY: hex }))).toBe('')
  })
  it('closes what development opens', () => {
    expect(parseConfig(production())).toMatchObject({ openAccess: false, testSource: false, embedded: false, log: { json: true } })
  })
  it('refuses every origin at once', () => {
    expect(problemsOf(production({ BESPIN_ALLOWED_ORIGINS: '*' }))).toMatch(/each origin named/)
  })
})

it('origins are brought into one form', () => {
  expect(parseConfig({ CORS_ORIGIN: 'HTTPS://App.Example.com:443/, http://localhost:5173' }).allowedOrigins).toEqual(['https://app.example.com', 'http://localhost:5173'])
})

describe('the caps of code execution', () => {
  it('are the product\'s where nothing lower is given', () => {
    expect(parseConfig({}).codeCaps).toMatchObject({ wall_ms: 300_000, processes: 512 })
    expect(parseConfig({ BESPIN_CODE_CAPS: '{"wall_ms": 60000}' }).codeCaps).toMatchObject({ wall_ms: 60_000, processes: 512 })
  })

  it.each([
    ['{"wall_ms": 5}', /BESPIN_CODE_CAPS holds wall_ms, which must be a whole number from 10 to 300000/],
    ['{"walls_ms": 50}', /BESPIN_CODE_CAPS holds the unknown limit walls_ms; limits are wall_ms/],
    ['60000', /BESPIN_CODE_CAPS must be a JSON object/], ['{"wall_ms"', /BESPIN_CODE_CAPS must be a JSON object/],
  ])('%s is refused', (value, says) => {
    expect(problemsOf({ BESPIN_CODE_CAPS: value })).toMatch(says)
  })
})

it('variables of systems Bespin replaces are noted, never refused', () => {
  const { notes } = parseConfig({ NATS_URL: 'nats://x', GRPC_ADDRESS: 'whatever' })
  expect(notes.join(' ')).toMatch(/NATS_URL is not needed.*GRPC_ADDRESS is not needed/)
})

it.each([
  ['postgres://user:hunter2@host:5432/db', 'postgres://user:***@host:5432/db'], ['redis://:hunter2@h:1', 'redis://:***@h:1'],
  ['postgres://host/db?password=hunter2&sslmode=require', 'postgres://host/db?password=***&sslmode=require'], ['hunter2', '***'],
])('%s is logged without its secret', (address, masked) => {
  expect(maskSecrets(address)).toBe(masked)
})

it('.env of the folder is read, and its absence is fine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bespin-config-'))
  try {
    expect(readDotEnv(folder)).toEqual({})
    writeFileSync(join(folder, '.env'), '# remark\nPORT=4000\nJWT_SECRET="quoted value"\n')
    expect(readDotEnv(folder)).toEqual({ PORT: '4000', JWT_SECRET: 'quoted value' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
