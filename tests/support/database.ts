import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { roleUrl } from '../../scripts/migrate/role-logins.ts'
import { TEST_SECRET } from './start-postgres.ts'

export interface TestDatabase {
  ownerUrl: string
  appUrl: string
  engineUrl: string
  codeUrl: string
  /** A connection of the owner, for looking at and preparing rows; past row-level security. */
  owner: pg.Pool
  drop(): Promise<void>
}

const nameIn = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1))
const withName = (url: string, name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: withName(inject('templateUrl'), 'postgres') })
  await client.connect()
  try { await client.query(sql) } finally { await client.end() }
}

/** An empty database of its own on the run's server; `migrated: false` gives one without our tables. */
export async function createTestDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  const template = inject('templateUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await onServer(`CREATE DATABASE ${name}${migrated ? ` TEMPLATE ${nameIn(template)}` : ''}`)
  const ownerUrl = withName(template, name)
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 3 })
  owner.on('error', () => {})
  return {
    ownerUrl, owner,
    appUrl: roleUrl(ownerUrl, 'bespin_app', TEST_SECRET),
    engineUrl: roleUrl(ownerUrl, 'bespin_engine', TEST_SECRET),
    codeUrl: roleUrl(ownerUrl, 'bespin_code', TEST_SECRET),
    drop: async () => {
      await owner.end()
      await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}
