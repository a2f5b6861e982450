import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPostgresBackend, Queue } from 'bullmq'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, readMigrationStates } from '../../scripts/migrate.ts'
import { releaseMigrations } from '../../scripts/migrate/apply-migrations.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { freePorts } from '../support/free-ports.ts'
import { TEST_SECRET } from '../support/start-postgres.ts'

const secrets = { secretKey: TEST_SECRET }
const say = () => {}

async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

describe('an empty database', () => {
  let database: TestDatabase
  beforeAll(async () => { database = await createTestDatabase({ migrated: false }) })
  afterAll(() => database.drop())

  it('has every migration pending, and asking changes nothing', async () => {
    const states = await readMigrationStates({ ownerUrl: database.ownerUrl, waitMs: 0, say })
    expect(new Set(states.map(migration => migration.state))).toEqual(new Set(['pending']))
    expect((await database.owner.query(`SELECT to_regclass('_prisma_migrations') AS made`)).rows).toEqual([{ made: null }])
  })

  it('is brought up by two processes that start at once, each migration once', async () => {
    const said: string[] = []
    const both = await Promise.all([1, 2].map(() => migrate({ ownerUrl: database.ownerUrl, secrets, say: text => said.push(text) })))
    expect(both[0]).toEqual(both[1])
    expect(said.filter(text => text.startsWith('applying'))).toHaveLength(1)
    const { rows } = await database.owner.query('SELECT migration_name, checksum FROM _prisma_migrations ORDER BY 1')
    expect(rows).toEqual(releaseMigrations().map(({ name, checksum }) => ({ migration_name: name, checksum })))
  })

  it('is left alone the second time: nobody waits for a lock on a busy table', async () => {
    const busy = await database.owner.connect()
    try {
      await busy.query('BEGIN; LOCK TABLE jobs, receipts, organizations IN ACCESS EXCLUSIVE MODE')
      await migrate({ ownerUrl: database.ownerUrl, secrets })
    } finally {
      await busy.query('ROLLBACK')
      busy.release()
    }
    expect(await readMigrationStates({ ownerUrl: database.ownerUrl, waitMs: 0, say })).toEqual(releaseMigrations().map(migration => ({ ...migration, state: 'applied' })))
  })

  it('gets three logins that are neither owner nor superuser', async () => {
    const { appUrl, engineUrl, codeUrl, isolationReduced } = await migrate({ ownerUrl: database.ownerUrl, secrets })
    expect(isolationReduced).toBe(false)
    for (const url of [appUrl, engineUrl, codeUrl]) {
      expect(await ask(url, 'SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user')).toEqual([{ rolsuper: false, rolbypassrls: false, rolcreaterole: false }])
    }
  })

  it('shows the web login nothing without an organization, and lets it change no job', async () => {
    const { appUrl } = await migrate({ ownerUrl: database.ownerUrl, secrets })
    expect(await ask(appUrl, 'SELECT id FROM organizations')).toEqual([])
    await expect(ask(appUrl, 'DELETE FROM jobs')).rejects.toThrow(/permission denied/)
  })

  it('gives the login for code no table of ours, and on the belt what holds ids alone', async () => {
    const { codeUrl } = await migrate({ ownerUrl: database.ownerUrl, secrets })
    await expect(ask(codeUrl, 'SELECT 1 FROM jobs')).rejects.toThrow(/permission denied/)
    await ask(codeUrl, 'SELECT 1 FROM bullmq.job')
    await expect(ask(codeUrl, 'CREATE TABLE bullmq.mine (a int)')).rejects.toThrow(/permission denied/)
  })

  it('lets the engine login use the belt on PostgreSQL, whose tables are there already', async () => {
    const { engineUrl } = await migrate({ ownerUrl: database.ownerUrl, secrets })
    const queue = new Queue('migrate-test', { connection: { connectionString: engineUrl, max: 2 } as never }, createPostgresBackend as never)
    try {
      await queue.add('hint', { ids: [] })
      expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 1 })
    } finally {
      await queue.close()
    }
  })
})

it('a migration that was cut off by a kill is applied anew', async () => {
  const database = await createTestDatabase()
  try {
    const [first] = releaseMigrations()
    for (const { name } of releaseMigrations().toReversed()) await database.owner.query(readFileSync(join(import.meta.dirname, `../../prisma/migrations/${name}/down.sql`), 'utf8'))
    await database.owner.query('DELETE FROM _prisma_migrations WHERE migration_name <> $1', [first?.name])
    await database.owner.query('UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0')
    const said: string[] = []
    await migrate({ ownerUrl: database.ownerUrl, secrets, say: text => said.push(text) })
    expect(said.join(' ')).toContain('was interrupted; it is applied anew')
    expect((await database.owner.query('SELECT slug FROM organizations')).rows).toEqual([{ slug: 'default' }])
  } finally {
    await database.drop()
  }
})

describe('addresses given from outside', () => {
  it('are used as they are', async () => {
    const database = await createTestDatabase()
    try {
      const given = { appUrl: database.ownerUrl, engineUrl: database.ownerUrl }
      expect(await migrate({ ownerUrl: database.ownerUrl, secrets, given })).toMatchObject({ appUrl: database.ownerUrl, engineUrl: database.ownerUrl, isolationReduced: false })
    } finally {
      await database.drop()
    }
  })
})

describe('an owner who may not make roles', () => {
  it('gets one login for everything, and is told that isolation is reduced', async () => {
    const host = await createTestDatabase({ migrated: false })
    const role = `plain_${randomUUID().slice(0, 8)}`
    const own = `${role}_db`
    try {
      await host.owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`)
      await host.owner.query(`CREATE DATABASE ${own} OWNER ${role}`)
      const ownerUrl = Object.assign(new URL(host.ownerUrl), { username: role, password: 'plain', pathname: `/${own}` }).href
      const said: string[] = []
      // Another secret: the passwords of this server's logins are not known to this installation.
      const options = { ownerUrl, secrets: { jwt: randomBytes(32).toString('hex') }, say: (text: string) => said.push(text) }
      const result = await migrate(options)
      expect(result).toEqual({ appUrl: ownerUrl, engineUrl: ownerUrl, codeUrl: ownerUrl, isolationReduced: true })
      expect(said.join(' ')).toMatch(/may not make roles.*isolation.*reduced.*DATABASE_APP_URL/)
      expect(await migrate(options)).toEqual(result)
      expect(await ask(ownerUrl, 'SELECT slug FROM organizations')).toEqual([{ slug: 'default' }])
    } finally {
      await host.owner.query(`DROP DATABASE IF EXISTS ${own} WITH (FORCE)`)
      await host.owner.query(`DROP ROLE IF EXISTS ${role}`)
      await host.drop()
    }
  })
})

describe('a database that cannot be reached', () => {
  it('that is missing is made', async () => {
    const host = await createTestDatabase({ migrated: false })
    const name = `made_${randomUUID().slice(0, 8)}`
    try {
      const ownerUrl = Object.assign(new URL(host.ownerUrl), { pathname: `/${name}` }).href
      await Promise.all([1, 2].map(() => migrate({ ownerUrl, secrets })))
      expect(await ask(ownerUrl, 'SELECT slug FROM organizations')).toEqual([{ slug: 'default' }])
    } finally {
      await host.owner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await host.drop()
    }
  })
  it('is waited for, then named without its password', async () => {
    const [port] = await freePorts(1)
    const failure = migrate({ ownerUrl: `postgres://u:hunter2@127.0.0.1:${port}/d`, secrets, waitMs: 600 })
    await expect(failure).rejects.toThrow(/postgres:\/\/u:\*\*\*@127\.0\.0\.1:\d+\/d does not answer.*ECONNREFUSED.*DATABASE_URL/)
  })
  it('with a wrong password fails at once', async () => {
    const database = await createTestDatabase({ migrated: false })
    try {
      const ownerUrl = Object.assign(new URL(database.ownerUrl), { password: 'wrong' }).href
      await expect(migrate({ ownerUrl, secrets, waitMs: 60_000 })).rejects.toThrow(/refuses: password authentication failed.*DATABASE_URL/)
    } finally {
      await database.drop()
    }
  })
})
