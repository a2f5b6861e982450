/** The statements of a search. */
import { withTenantSql } from '#server/infra/database.ts'
import type { SearchReader, SearchStatement } from '#server/domain/jobs/search-reader.ts'

/** One statement of a search takes no longer than that; compiling it would take longer than it runs. */
const SETTINGS = 'set local statement_timeout = 3000; set local jit = off'

/** Runs a search in one transaction. Throws PostgreSQL's 57014 when a statement takes longer than three seconds. */
export function withSearch<T>(organizationId: string, { sql, indexed, values, needles }: SearchStatement, work: (reader: SearchReader) => Promise<T>): Promise<T> {
  return withTenantSql(organizationId, async (client) => {
    const ask = async <Row extends object>(text: string, more: unknown[] = []): Promise<Row[]> => (await client.query<Row>(text, [organizationId, ...values, ...more])).rows
    const at = (n: number) => `$${values.length + 1 + n}`
    /** Which of these jobs (newest first) fit. */
    const judge = async (ids: string[]): Promise<string[]> => ids.length === 0 ? []
      : (await ask<{ id: string }>(`select j.id from jobs j where j.organization_id = $1 and j.id = any(${at(1)}::uuid[]) and j.id >= ${at(2)}::uuid and j.id <= ${at(3)}::uuid and ${sql} order by j.id desc`, [ids, ids.at(-1), ids[0]])).map(row => row.id)
    return work({
      pick: async ({ low, before, skip, take }) => (await ask<{ id: string }>(`select j.id from jobs j where j.organization_id = $1 and j.id >= ${at(1)}::uuid and j.id < ${at(2)}::uuid and ${sql} order by j.id desc offset ${at(3)} limit ${at(4)}`, [low, before, skip, take])).map(row => row.id),
      lookThrough: async ({ low, before, rows, take }) => {
        // The place of the last row first, from the index alone: so a step is bounded, and its rows are read once.
        const range = `from jobs j where j.organization_id = $1 and ${indexed} and j.id >= ${at(1)}::uuid and j.id < ${at(2)}::uuid`
        // Asked for in vain, but it tells the types of the parameters.
        const typed = `and (${sql} or true)`
        const [last] = await ask<{ id: string }>(`select j.id ${range} ${typed} order by j.id desc offset ${at(3)} limit 1`, [low, before, rows - 1])
        const found = (await ask<{ id: string }>(`select j.id ${range} and ${sql} order by j.id desc limit ${at(3)}`, [last?.id ?? low, before, take])).map(row => row.id)
        if (found.length === take) return { found, looked: 0, until: found.at(-1)! }
        if (last) return { found, looked: rows, until: last.id }
        const [left] = await ask<{ looked: number }>(`select count(*)::int as looked ${range} ${typed}`, [low, before])
        return { found, looked: Math.min(left!.looked, rows - 1), until: null }
      },
      judge,
      lookUp: async (days, { low, before, most }) => {
        const groups = needles.flatMap(({ any }, index) => any.map(() => index + 1))
        const { rows } = await client.query<{ id: string }>('select bespin_jobs_of_days_containing($1::text[], $2::text[], $3::jsonb[], $4::int[], $5::uuid, $6::uuid, $7) as id',
          [days, needles.map(({ column }) => column), needles.flatMap(({ any }) => any), groups, low, before, most])
        const candidates = rows.map(row => row.id)
        return { candidates, fitting: await judge(candidates) }
      },
      indexedDays: async () => (await client.query<{ day: string }>(INDEXED_DAYS)).rows.map(row => row.day),
    })
  }, SETTINGS)
}

const INDEXED_DAYS = `
  select right(c.relname, 8) as day from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_index p on p.indrelid = c.oid and p.indisvalid
  join pg_class x on x.oid = p.indexrelid and x.relname = c.relname || '_search' where i.inhparent = 'jobs'::regclass order by 1 desc`
