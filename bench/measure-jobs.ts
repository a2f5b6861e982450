import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { collectFigures } from './figures.ts'
import { putLoad, type Load } from './http-load.ts'
import type { Measurement } from './measurement.ts'
import type { BenchOptions } from './options.ts'
import { startProduct } from './product.ts'

const DRAIN_LIMIT_MS = 120_000
const WARM_UP_SECONDS = 3
type Figures = ReturnType<typeof collectFigures>

/** POST /api/jobs/random-text under load: accepted and completed per second, and whether every accepted job was completed. */
export const measureJobs: Measurement = {
  letter: 'b', name: 'jobs', title: 'POST /api/jobs/random-text?length=100 under load',
  async run(options) {
    const product = await startProduct(options)
    const database = new pg.Pool({ connectionString: product.databaseUrl, max: 2 })
    const figures = collectFigures()
    const broken: string[] = []
    try {
      await oneRound({ options: { ...options, seconds: WARM_UP_SECONDS }, url: product.url, database, broken })
      for (let round = 0; round < options.rounds; round++) await oneRound({ options, url: product.url, database, broken, figures })
      figures.add('updates of jobs that stayed HOT (over all rounds)', await hotShare(database), { unit: '%' })
    }
    finally {
      await database.end()
      await product.stop()
    }
    return { figures: figures.all(), notes: [`${options.connections} connections, ${options.seconds} s a round; the load generator runs on the same machine`], broken }
  },
}

interface Round { options: BenchOptions, url: string, database: pg.Pool, broken: string[], figures?: Figures }

async function oneRound({ options, url, database, broken, figures }: Round): Promise<void> {
  const ids: string[] = []
  const load = await putLoad({
    url, connections: options.connections, seconds: options.seconds,
    request: {
      method: 'POST', path: '/api/jobs/random-text?length=100',
      onResponse: (status, body) => { if (status === 202) ids.push((JSON.parse(body) as { id: string }).id) },
    },
  })
  const end = await untilDrained(database, load.from)
  if (load.failed > 0) broken.push(`${load.failed} requests were not answered with 202`)
  broken.push(...await findLost(database, ids))
  if (figures) await addFigures({ figures, database, load, end })
}

/** Waits until no job since `from` is unfinished; answers when the last one ended. */
async function untilDrained(database: pg.Pool, from: Date): Promise<Date> {
  for (const until = Date.now() + DRAIN_LIMIT_MS; Date.now() < until; await sleep(100)) {
    const { rows } = await database.query<{ left: number, last: Date | null }>(
      `select count(*) filter (where completed_at is null)::int as left, max(completed_at) as last from jobs where created_at >= $1`, [from])
    if (rows[0]?.left === 0) return rows[0].last ?? from
  }
  return new Date()
}

/** Claims and finishes that touched no index, in percent; PostgreSQL's own count, which lags by a second. */
async function hotShare(database: pg.Pool): Promise<number> {
  await sleep(1500)
  const { rows } = await database.query<{ share: number }>(
    `select 100.0 * sum(n_tup_hot_upd) / nullif(sum(n_tup_upd), 0) as share from pg_stat_user_tables where relname ~ '^jobs_([0-9]+|default)$'`)
  return Number(rows[0]?.share ?? Number.NaN)
}

/** Every acknowledged id must be there and completed. */
async function findLost(database: pg.Pool, ids: string[]): Promise<string[]> {
  const { rows } = await database.query<{ missing: number, unfinished: number }>(`
    select count(*) filter (where j.id is null)::int as missing, count(*) filter (where j.state <> 'completed')::int as unfinished
    from unnest($1::uuid[]) as asked(id) left join jobs j using (id)`, [ids])
  const { missing = 0, unfinished = 0 } = rows[0] ?? {}
  return [
    ...(missing > 0 ? [`${missing} of ${ids.length} accepted jobs are not in the database`] : []),
    ...(unfinished > 0 ? [`${unfinished} of ${ids.length} accepted jobs were not completed`] : []),
  ]
}

async function addFigures({ figures, database, load, end }: { figures: Figures, database: pg.Pool, load: Load, end: Date }): Promise<void> {
  const seconds = (load.to.getTime() - load.from.getTime()) / 1000
  const { rows } = await database.query<{ within: number, again: number, times: number[] | null }>(`
    select count(*) filter (where completed_at <= $2)::int as within, count(*) filter (where run > 1)::int as again,
      percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from completed_at - created_at) * 1000) as times
    from jobs where created_at >= $1`, [load.from, load.to])
  const { within = 0, again = 0, times } = rows[0] ?? {}
  figures.add('accepted', load.perSecond, { unit: 'jobs/s', atLeast: 1500 })
  figures.add('completed within the same time', within / seconds, { unit: 'jobs/s', atLeast: 1500 })
  figures.add('answer, median', load.p50, { unit: 'ms' })
  figures.add('answer, p99', load.p99, { unit: 'ms' })
  figures.add('accepted to completed, median', times?.[0] ?? Number.NaN, { unit: 'ms' })
  figures.add('accepted to completed, p99', times?.[1] ?? Number.NaN, { unit: 'ms' })
  figures.add('until the last was completed, after the load', Math.max(0, end.getTime() - load.to.getTime()), { unit: 'ms' })
  figures.add('ran more than once', again, { unit: 'jobs' })
}
