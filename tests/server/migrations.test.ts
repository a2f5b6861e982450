import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const FOLDER = join(import.meta.dirname, '../../prisma/migrations')
const migrations = readdirSync(FOLDER, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name).sort()
const sqlOf = (name: string, file: 'migration.sql' | 'down.sql') => readFileSync(join(FOLDER, name, file), 'utf8')

const SHAPE = `
  SELECT table_name AS name, string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ', ' ORDER BY column_name) AS shape
    FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name
  UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT tablename || '.' || policyname, coalesce(qual, '') FROM pg_policies WHERE schemaname = 'public'
  UNION ALL SELECT proname, prosrc FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'
  ORDER BY 1, 2`

let database: TestDatabase
beforeAll(async () => { database = await createTestDatabase({ migrated: false }) })
afterAll(() => database?.drop())

const shape = async () => (await database.owner.query(SHAPE)).rows as { name: string, shape: string }[]

describe('migrations', () => {
  it('each have a way back', () => {
    for (const name of migrations) expect(sqlOf(name, 'down.sql').trim(), name).not.toBe('')
  })

  it('leave nothing behind when they are taken back, and the same tables when applied again', async () => {
    for (const name of migrations) await database.owner.query(sqlOf(name, 'migration.sql'))
    const first = await shape()
    expect(first.length).toBeGreaterThan(10)

    for (const name of migrations.toReversed()) await database.owner.query(sqlOf(name, 'down.sql'))
    expect(await shape()).toEqual([])

    for (const name of migrations) await database.owner.query(sqlOf(name, 'migration.sql'))
    expect(await shape()).toEqual(first)
  })
})
