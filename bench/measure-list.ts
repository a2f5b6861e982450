import pg from 'pg'
import { collectFigures, median, percentile } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { startProduct, type Product } from './product.ts'

const REQUESTS_PER_ROUND = 40
const LIMIT_MS = 50

/**
 * Finished jobs of the last days, newest first, with a few of every rare state; one in ten belongs to an external
 * worker's queue. Written past the engine, since it would take minutes to run them.
 */
const FILL = `
  insert into jobs (id, organization_id, queue_name, job_type, state, payload, result, run, failures, max_retries, timeout_seconds,
    last_error, due_at, scheduled_at, created_at, started_at, completed_at, failed_at, updated_at)
  select uuidv7(at - now()), '00000000-0000-7000-8000-000000000001', case when n % 10 = 0 then 'external' else 'random-text' end,
    case when n % 10 = 0 then null else 'random-text' end, state, '{"length": 100}', case when state = 'completed' then to_jsonb(repeat('word ', 20)) end,
    1, case when state = 'failed' then 4 else 0 end, 3, 300, case when state = 'failed' then 'The upstream answered 503.' end,
    case when state = 'scheduled' then now() + interval '30 days' end, case when state = 'scheduled' then now() + interval '30 days' end,
    at, at, case when state in ('completed', 'failed', 'cancelled') then at end, case when state = 'failed' then at end, at
  from (
    select n, now() - n * interval '5 seconds' as at,
      case when n % 100 = 1 then 'failed' when n % 500 = 3 then 'cancelled' when n % 500 = 7 then 'scheduled' when n % 1000 = 0 then 'pending' else 'completed' end as state
    from generate_series(1, $1::int) as n
  ) as made`

/** Lists of jobs over a large table, one request at a time. */
export const measureList: Measurement = {
  letter: 'd', name: 'list', title: 'Lists of jobs over a large table, one request at a time',
  async run(options) {
    const product = await startProduct(options)
    const figures = collectFigures()
    try {
      await fillTable(product.databaseUrl, options.rows)
      const cases = await listCases(product.url, options.rows)
      for (const path of Object.values(cases)) await timeRequests(product, path)
      for (let round = 0; round < options.rounds; round++) {
        for (const [name, path] of Object.entries(cases)) {
          const { times, serverMs } = await timeRequests(product, path)
          figures.add(`${name}: at the server, mean`, serverMs, { unit: 'ms', atMost: LIMIT_MS })
          figures.add(`${name}: at the client, median`, median(times), { unit: 'ms' })
          figures.add(`${name}: at the client, p99`, percentile(times, 0.99), { unit: 'ms' })
        }
      }
    }
    finally {
      await product.stop()
    }
    return { figures: figures.all(), notes: [`${options.rows.toLocaleString('en-US')} rows, ${REQUESTS_PER_ROUND} requests of each kind a round, 50 jobs a page`], broken: [] }
  },
}

async function fillTable(databaseUrl: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(FILL, [rows])
  // What autovacuum does within a minute of such a change.
  await client.query('vacuum analyze jobs')
  await client.end()
}

async function listCases(url: string, rows: number): Promise<Record<string, string>> {
  const deep = await cursorAt(url, Math.floor(rows * 0.5))
  return {
    'first page': '/api/v1/jobs',
    'state=completed': '/api/v1/jobs?state=completed',
    'state=failed': '/api/v1/jobs?state=failed',
    'state=pending,scheduled': '/api/v1/jobs?state=pending,scheduled',
    'state=running (there is none)': '/api/v1/jobs?state=running',
    'job_type': '/api/v1/jobs?job_type=random-text',
    'queue': '/api/v1/jobs?queue_name=external',
    'cursor at half depth': `/api/v1/jobs?cursor=${encodeURIComponent(deep)}`,
    'GET /api/jobs, first page': '/api/jobs',
  }
}

/** Pages through the list as a client does. */
async function cursorAt(url: string, depth: number): Promise<string> {
  let cursor = ''
  for (let seen = 0; seen < depth; seen += 100) {
    const answer = await fetch(`${url}/api/v1/jobs?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    await answer.arrayBuffer()
    cursor = answer.headers.get('x-next-cursor') ?? ''
    if (answer.status !== 200 || !cursor) throw new Error(`GET /api/v1/jobs answered ${answer.status} without X-Next-Cursor after ${seen} jobs`)
  }
  return cursor
}

async function timeRequests(product: Product, path: string): Promise<{ times: number[], serverMs: number }> {
  const times: number[] = []
  const before = await serverTimes(product, path)
  for (let n = 0; n < REQUESTS_PER_ROUND; n++) {
    const startedAt = performance.now()
    const answer = await fetch(product.url + path)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
    times.push(performance.now() - startedAt)
  }
  const after = await serverTimes(product, path)
  return { times, serverMs: (after.sum - before.sum) / (after.count - before.count) }
}

/** Sum and number of this path's times in the server's own histogram. */
async function serverTimes(product: Product, path: string): Promise<{ sum: number, count: number }> {
  const text = await (await fetch(`${product.metricsUrl}/metrics`)).text()
  const label = `{method="GET",path="${path.split('?')[0]}"}`
  const value = (name: string) => Number(text.split('\n').find(line => line.startsWith(`http_request_duration_ms_${name}${label}`))?.split(' ').at(-1) ?? 0)
  return { sum: value('sum'), count: value('count') }
}
