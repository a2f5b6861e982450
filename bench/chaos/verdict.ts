import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Promises } from './clients.ts'
import type { Strike } from './strikes.ts'

const SETTLE_WITHIN_MS = 180_000

export interface Verdict {
  acknowledged: number
  /** Acknowledged, and not in the database. */
  lost: number
  /** Acknowledged, and not completed although everything had time to settle. */
  unfinished: { id: string, state: string }[]
  /** Idempotency keys with two jobs, or acknowledged with two ids. */
  duplicates: number
  /** Accepted, but the answer did not reach the client. */
  unacknowledged: number
  /** Jobs that were started more than once: their worker was lost. */
  ranAgain: number
  /** By strike: milliseconds until everything accepted before it was completed. */
  backlogMs: number[]
}

/** Waits until nothing moves any more, then compares what clients were promised with what the database holds. */
export async function judge(databaseUrl: string, { promises, strikes }: { promises: Promises, strikes: Strike[] }): Promise<Verdict> {
  const database = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  database.on('error', () => {})
  try {
    await untilSettled(database)
    const ids = [...promises.ids]
    const count = async (sql: string, values: unknown[] = []) => (await database.query<{ n: number }>(sql, values)).rows[0]?.n ?? Number.NaN
    const lost = await count('select count(*)::int as n from unnest($1::uuid[]) as asked(id) where not exists (select from jobs where jobs.id = asked.id)', [ids])
    const { rows: unfinished } = await database.query<{ id: string, state: string }>(`select id, state from jobs where id = any($1::uuid[]) and state <> 'completed' order by id`, [ids])
    const doubled = await count(`select count(*)::int as n from (select from jobs where idempotency_key is not null group by idempotency_key having count(*) > 1) as doubled`)
    return {
      acknowledged: ids.length, lost, unfinished, duplicates: doubled + promises.conflicts.length,
      unacknowledged: await count('select count(*)::int as n from jobs') - (ids.length - lost),
      ranAgain: await count('select count(*)::int as n from jobs where run > 1'),
      backlogMs: await Promise.all(strikes.map(async ({ at }) => {
        const { rows } = await database.query<{ last: Date | null }>('select max(completed_at) as last from jobs where created_at < $1', [at])
        return Math.max(0, (rows[0]?.last?.getTime() ?? at.getTime()) - at.getTime())
      })),
    }
  }
  finally {
    await database.end()
  }
}

async function untilSettled(database: pg.Pool): Promise<void> {
  for (const until = Date.now() + SETTLE_WITHIN_MS; Date.now() < until; await sleep(250)) {
    const { rows } = await database.query<{ open: number }>(`select count(*)::int as open from jobs where completed_at is null`)
    if (rows[0]?.open === 0) return
  }
}
