import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const OURS = randomUUID()
const THEIRS = randomUUID()
let database: TestDatabase
let app: pg.Pool
let engine: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase()
  app = new pg.Pool({ connectionString: database.appUrl, max: 1 })
  engine = new pg.Pool({ connectionString: database.engineUrl, max: 1 })
  for (const [organization, slug] of [[OURS, 'ours'], [THEIRS, 'theirs']] as const) {
    await database.owner.query('INSERT INTO organizations (id, name, slug) VALUES ($1, $2, $2)', [organization, slug])
    await database.owner.query(
      `INSERT INTO jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at)
       VALUES ($1, $2, 'emails', 'pending', '{}', 3, 300, now(), now())`, [randomUUID(), organization])
    await database.owner.query(
      `INSERT INTO receipts (id, organization_id, source, scheme, verified, headers, body, created_at)
       VALUES ($1, $2, 'test', 'generic', true, '{}', '\\x7b7d', now())`, [randomUUID(), organization])
  }
})
afterAll(async () => {
  await Promise.all([app?.end(), engine?.end()])
  await database?.drop()
})

/** Runs `sql` as a web request of this organization would. */
async function asTenant(organization: string | null, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = await app.connect()
  try {
    await client.query('BEGIN')
    if (organization) await client.query('SELECT set_config(\'app.organization_id\', $1, true)', [organization])
    const { rows } = await client.query(sql, values) as { rows: Record<string, unknown>[] }
    await client.query('COMMIT')
    return rows
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

/** Every table that carries an organization, as the database itself knows them. */
async function tenantTables(): Promise<string[]> {
  const { rows } = await database.owner.query(
    `SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE c.table_schema = 'public' AND c.column_name = 'organization_id' AND t.table_type = 'BASE TABLE'
      UNION SELECT 'organizations' ORDER BY 1`) as { rows: { name: string }[] }
  return rows.map(row => row.name)
}

describe('the web login', () => {
  it('is neither a superuser nor past row-level security, and owns nothing', async () => {
    const { rows } = await database.owner.query(
      `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname LIKE 'bespin\\_%' AND rolname <> 'bespin_owner' ORDER BY 1`)
    expect(rows).toHaveLength(3)
    for (const role of rows) expect(role).toMatchObject({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false })
  })

  it('finds row-level security on every table that carries an organization', async () => {
    for (const table of await tenantTables()) {
      const { rows } = await database.owner.query('SELECT relrowsecurity FROM pg_class WHERE oid = $1::regclass', [table])
      expect(rows[0], table).toEqual({ relrowsecurity: true })
    }
  })

  it('sees nothing at all without an organization', async () => {
    expect(await asTenant(null, 'SELECT * FROM jobs')).toEqual([])
    expect(await asTenant(null, 'SELECT * FROM receipts')).toEqual([])
    expect(await asTenant(null, 'SELECT * FROM organizations')).toEqual([])
  })

  it('sees exactly the rows of its organization', async () => {
    for (const table of ['jobs', 'receipts']) {
      expect(await asTenant(OURS, `SELECT organization_id FROM ${table}`), table).toEqual([{ organization_id: OURS }])
    }
    expect(await asTenant(OURS, 'SELECT id FROM organizations')).toEqual([{ id: OURS }])
  })

  it('forgets the organization with the end of the transaction', async () => {
    await asTenant(OURS, 'SELECT 1')
    expect(await asTenant(null, 'SELECT * FROM jobs')).toEqual([])
  })

  it('may not write a receipt of another organization', async () => {
    const write = asTenant(OURS, `INSERT INTO receipts (id, organization_id, source, scheme, verified, headers, body, created_at)
      VALUES ($1, $2, 'test', 'generic', true, '{}', '', now())`, [randomUUID(), THEIRS])
    await expect(write).rejects.toMatchObject({ code: '42501' })
  })

  it('changes and deletes nothing of another organization', async () => {
    await asTenant(OURS, `UPDATE receipts SET source = 'stolen' WHERE organization_id = $1`, [THEIRS])
    await asTenant(OURS, 'DELETE FROM receipts WHERE organization_id = $1', [THEIRS])
    const { rows } = await database.owner.query('SELECT source FROM receipts WHERE organization_id = $1', [THEIRS])
    expect(rows).toEqual([{ source: 'test' }])
  })

  it('writes no job state: that is the engine\'s', async () => {
    await expect(asTenant(OURS, `UPDATE jobs SET state = 'completed'`)).rejects.toMatchObject({ code: '42501' })
    await expect(asTenant(OURS, 'DELETE FROM jobs')).rejects.toMatchObject({ code: '42501' })
  })
})

describe('the engine login', () => {
  it('works across organizations on jobs', async () => {
    expect((await engine.query('SELECT * FROM jobs')).rows).toHaveLength(2)
  })

  it('does not read receipts', async () => {
    await expect(engine.query('SELECT * FROM receipts')).rejects.toMatchObject({ code: '42501' })
  })
})
