import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const SCHEMA = readFileSync(join(import.meta.dirname, '../../prisma/schema.prisma'), 'utf8')

/** Table to its columns as `name nullable`, as schema.prisma has them. */
function tablesOfSchema(): Record<string, string[]> {
  const models = [...SCHEMA.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)].map(match => match[1]!)
  return Object.fromEntries(models.map((body) => {
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? ''
    const columns = body.split('\n').map(line => /^\s+(\w+)\s+(\w+)(\[\])?(\?)?(.*)$/.exec(line)).filter(match => match !== null)
      .map(([, field, , , optional, rest]) => `${/@map\("(\w+)"\)/.exec(rest!)?.[1] ?? field}${optional ? ' null' : ''}`)
    return [table, columns.sort()]
  }))
}

let database: TestDatabase
beforeAll(async () => { database = await createTestDatabase() })
afterAll(() => database?.drop())

describe('schema.prisma', () => {
  it('has exactly the tables and columns that the migrations make', async () => {
    const { rows } = await database.owner.query(
      `SELECT table_name AS "table", array_agg(column_name || CASE is_nullable WHEN 'YES' THEN ' null' ELSE '' END ORDER BY column_name || CASE is_nullable WHEN 'YES' THEN ' null' ELSE '' END COLLATE "C") AS columns
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_prisma%'
          AND NOT (SELECT relispartition FROM pg_class WHERE oid = format('public.%I', table_name)::regclass) GROUP BY 1`) as { rows: { table: string, columns: string[] }[] }
    const made = Object.fromEntries(rows.map(({ table, columns }) => [table, columns.sort()]))
    expect(tablesOfSchema()).toEqual(made)
  })
})
