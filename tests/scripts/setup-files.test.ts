import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { INTERNAL_NAMES, VARIABLE_NAMES } from '#server/config/environment.ts'
import { parseConfig } from '#server/config.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')

describe('.env.example', () => {
  const lines = read('.env.example').split('\n')
  const named = lines.flatMap(line => /^#([A-Z_]+)=/.exec(line)?.[1] ?? [])

  it('lists exactly the variables that are read', () => {
    expect(named.toSorted()).toEqual(VARIABLE_NAMES.filter(name => !INTERNAL_NAMES.includes(name)).toSorted())
  })
  it('sets nothing: copied as it is, it changes nothing', () => {
    expect(lines.filter(line => line && !line.startsWith('#'))).toEqual([])
  })
  it('explains every family of variables in a line above it', () => {
    const blocks = read('.env.example').split('\n\n')
    expect(blocks.filter(block => /^#[A-Z_]+=/.test(block))).toEqual([])
  })
})

describe('the Makefile', () => {
  const REQUIRED = ('help dev watch start run build build-api build-web test smoke bench chaos lint clean clean-data docker docker-build docker-run '
    + 'docker-down docker-clean migrate-up migrate-status run-api run-worker run-scheduler run-grpc').split(' ')
  const help = execFileSync('make', ['help'], { cwd: ROOT, encoding: 'utf8' })

  it.each(REQUIRED)('has %s and helps with it', (target) => {
    expect(spawnSync('make', ['--dry-run', target], { cwd: ROOT }).status).toBe(0)
    expect(help).toMatch(new RegExp(`^  ${target} +\\S`, 'm'))
  })
  it('never removes the data folder in clean', () => {
    expect(execFileSync('make', ['--dry-run', 'clean'], { cwd: ROOT, encoding: 'utf8' })).not.toMatch(/\.data|node_modules(?!\/\.)/)
  })
  it('asks before it removes data, and keeps it without a yes', () => {
    const { status, stdout } = spawnSync('make', ['clean-data', 'DATA_DIR=/nonexistent/bespin'], { cwd: ROOT, input: 'no\n', encoding: 'utf8' })
    expect([status === 0, stdout.includes('nothing was removed')]).toEqual([false, true])
  })
  it('declines gRPC with a reason', () => {
    const { status, stderr } = spawnSync('make', ['run-grpc'], { cwd: ROOT, encoding: 'utf8' })
    expect([status === 0, stderr.includes('no gRPC server')]).toEqual([false, true])
  })
})

describe('run.sh', () => {
  it('explains its commands', () => {
    const help = execFileSync(join(ROOT, 'run.sh'), ['help'], { encoding: 'utf8' })
    for (const command of ['dev', 'docker', 'clean', 'docker-clean', 'help']) expect(help).toMatch(new RegExp(`^  ${command} `, 'm'))
  })
  it('refuses an unknown command', () => {
    expect(spawnSync(join(ROOT, 'run.sh'), ['destroy'], { encoding: 'utf8' })).toMatchObject({ status: 2, stderr: expect.stringContaining('Unknown command: destroy') })
  })
})

interface ComposeService { image: string, ports?: string[], volumes?: string[], restart: string, healthcheck: { test: unknown }, environment?: Record<string, string> }
const compose = (name: string) => (parse(read(name), { merge: true }) as { services: Record<string, ComposeService> }).services
/** What a person who set the required variables gets, with the optional ones at their defaults. */
const filledIn = (environment: Record<string, string> = {}) => Object.fromEntries(Object.entries(environment)
  .map(([name, value]) => [name, value.replace(/\$\{[A-Z_]+:\?[^}]*\}/g, 'k7Qm2Zr9KdW4tB8nLcJ6hGyF3sA1eUpX').replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1')]))

describe.each(['docker-compose.yml', 'docker-compose.prod.yml'])('%s', (name) => {
  const services = compose(name)

  it('runs web, worker, code worker, PostgreSQL and Redis, each with a health check and a restart policy', () => {
    expect(Object.keys(services).toSorted()).toEqual(['code-worker', 'postgres', 'redis', 'web', 'worker'])
    for (const service of Object.values(services)) expect(service).toMatchObject({ restart: 'unless-stopped', healthcheck: { test: expect.anything() } })
  })
  it('keeps the data of PostgreSQL 18 where that image keeps it', () => {
    expect(services.postgres).toMatchObject({ image: 'postgres:18', volumes: ['postgres-data:/var/lib/postgresql'] })
  })
  it('publishes nothing beyond this machine by default', () => {
    const ports = Object.values(services).flatMap(service => service.ports ?? [])
    expect(ports.length).toBeGreaterThan(0)
    for (const port of ports) expect(port).toMatch(/^(127\.0\.0\.1|\$\{BIND_ADDRESS:-127\.0\.0\.1\}):/)
  })
  it('hands over an environment the configuration accepts', () => {
    for (const service of [services.web, services.worker]) expect(() => parseConfig(filledIn(service?.environment))).not.toThrow()
  })
  it('uses only messages and defaults that every compose version reads alike', () => {
    // Older ones split at the first "-" or ":" they meet, also inside the message of a required variable.
    for (const [, message] of read(name).matchAll(/\$\{[A-Z_]+:\?([^}]*)\}/g)) expect(message).not.toMatch(/[-:]/)
  })
})

it('the development stack is open, the production stack is closed', () => {
  expect(parseConfig(filledIn(compose('docker-compose.yml').web?.environment))).toMatchObject({ mode: 'development', openAccess: true, testSource: true })
  expect(parseConfig(filledIn(compose('docker-compose.prod.yml').web?.environment))).toMatchObject({ mode: 'production', openAccess: false, testSource: false, registrationMode: 'closed' })
})

describe('the Dockerfile', () => {
  const text = read('Dockerfile')
  it('ends in a stage that does not run as root', () => {
    expect(text.slice(text.lastIndexOf('FROM '))).toMatch(/^USER node$/m)
  })
  it('pins the same Node line as the packages', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
    expect(text).toContain(`FROM node:${devDependencies.node?.split('.')[0]}-`)
  })
  it('drops only packages that exist, so that none slips back in unnoticed', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const dropped = [...text.matchAll(/dependencies\.(\S+)/g)].map(match => match[1] ?? '')
    expect(dropped.filter(name => !(name in dependencies))).toEqual([])
  })
  it('never sends secrets or data to the engine', () => {
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.env', '.data', '.git', 'node_modules']))
  })
})
