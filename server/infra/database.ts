import pg from 'pg'
import { PrismaPg } from '@prisma/adapter-pg'
import { getConfig, isCodeLane } from '#server/config.ts'
import { PrismaClient, type Prisma } from '#server/generated/prisma/client.ts'
import { logger } from '#server/infra/logger.ts'
import { JOB_TYPE_NAMES } from '#shared/job-types.ts'

/**
 * `app` is under row-level security, `engine` runs the engine's statements across organizations, `hot` is the same for those
 * that every job goes through (accept, claim, end), `belt` is the engine's login on BullMQ's own schema, past any pooler (it
 * listens).
 */
export type DatabaseRole = 'app' | 'engine' | 'hot' | 'belt'
export type Transaction = Prisma.TransactionClient
export type { Prisma }

/** Each lane of a belt on PostgreSQL keeps connections of its own to listen on, beside those it works with. */
const MAX_CONNECTIONS: Record<DatabaseRole, number> = { app: 10, engine: 10, hot: 8, belt: 8 + 4 * JOB_TYPE_NAMES.length }
/**
 * The belt holds nothing but hints, which come back when they are lost: its commits need not wait for the disk. They would
 * wait for each other, too, because a transaction that notifies holds a lock of the whole server until it has committed.
 */
const BELT_OPTIONS = '-c search_path=bullmq -c synchronous_commit=off'
const pools = new Map<DatabaseRole, pg.Pool>()
const waits = { count: 0, milliseconds: 0 }
let idleClosed = 0
let client: PrismaClient | undefined

/** The pool of a role; one per role and process. */
export function pool(role: DatabaseRole): pg.Pool {
  let found = pools.get(role)
  if (!found) {
    found = new pg.Pool({
      connectionString: addressOf(role), max: MAX_CONNECTIONS[role], connectionTimeoutMillis: 5000, idleTimeoutMillis: 30_000,
      application_name: `bespin-${role}`, ...(role === 'belt' && { options: BELT_OPTIONS }),
      ...(role === 'hot' && { onConnect: keepPlans }),
    })
    // An idle connection that the server closes must not end the process; the next query gets a new one.
    found.on('error', error => logger().warn({ role, error: error.message }, 'database connection lost'))
    found.on('remove', () => { idleClosed++ })
    countWaits(found)
    pools.set(role, found)
  }
  return found
}

/**
 * A plan of its own for one job's claim takes PostgreSQL longer (0.6 ms) than the claim: it believes that the plan for all
 * reads every day of the table, but those are left out when it runs.
 */
const keepPlans = (client: pg.ClientBase) => client.query('set plan_cache_mode = force_generic_plan').then(() => undefined)

/**
 * Runs a statement of the engine. A process of the code lane may run none of them: it calls the function that the migration
 * step made of the statement, which lets it touch code executions only (`code-lane.ts` of the engine).
 */
export function execute<T extends pg.QueryResultRow>(role: 'engine' | 'hot', statement: { name: string, text: string, values: unknown[] }): Promise<pg.QueryResult<T>> {
  if (!isCodeLane()) return pool(role).query<T>(statement)
  const parameters = statement.values.map((_, index) => `$${index + 1}`).join(', ')
  return pool(role).query<T>({ ...statement, text: `select * from bespin_code_${statement.name.replaceAll('-', '_')}(${parameters})` })
}

function addressOf(role: DatabaseRole): string {
  const { appUrl, engineUrl, directUrl, codeUrl } = getConfig().database
  if (isCodeLane()) return role === 'belt' ? directUrl ?? codeUrl! : codeUrl!
  const address = { app: appUrl, engine: engineUrl, hot: engineUrl, belt: directUrl ?? engineUrl }[role]
  if (!address) throw new Error(`No database address for role ${role}: set DATABASE_APP_URL and DATABASE_ENGINE_URL, or start with "make start", which makes them.`)
  return address
}

/** Counts how often and how long a query waited for a free connection; shown by the health answer. */
function countWaits(target: pg.Pool): void {
  const connect = target.connect.bind(target) as (...args: unknown[]) => unknown
  target.connect = function (...args: unknown[]) {
    if (target.idleCount > 0 || target.totalCount < (target.options.max ?? 10)) return connect(...args)
    const since = performance.now()
    const done = () => {
      waits.count++
      waits.milliseconds += performance.now() - since
    }
    const callback = args[0]
    if (typeof callback === 'function') return connect((...results: unknown[]) => { done(); (callback as (...r: unknown[]) => void)(...results) })
    return (connect() as Promise<unknown>).finally(done)
  } as typeof target.connect
}

/** Prisma on the app pool; outside `withTenant` it sees no tenant row. */
export function prisma(): PrismaClient {
  client ??= new PrismaClient({ adapter: new PrismaPg(pool('app')) })
  return client
}

/** Runs `work` in one transaction in which row-level security shows exactly this organization's rows. */
export async function withTenant<T>(organizationId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return prisma().$transaction(async (tx) => {
    await tx.$executeRaw`select set_config('app.organization_id', ${organizationId}, true)`
    return work(tx)
  }, { timeout: 30_000, maxWait: 10_000 })
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The same as withTenant for hand-written SQL, where Prisma's round trips would be felt: two beside those of `work`. */
export async function withTenantSql<T>(organizationId: string, work: (client: pg.PoolClient) => Promise<T>, settings = ''): Promise<T> {
  if (!UUID.test(organizationId)) throw new Error('An organization id must be a UUID.')
  return inTransaction('app', work, `set local app.organization_id = '${organizationId}'; ${settings}`)
}

/** Runs `work` in one transaction of a role; `settings` are statements that hold in it only. */
export async function inTransaction<T>(role: DatabaseRole, work: (client: pg.PoolClient) => Promise<T>, settings = ''): Promise<T> {
  const client = await pool(role).connect()
  let broken: Error | undefined
  try {
    await client.query(`begin; ${settings}`)
    const result = await work(client)
    await client.query('commit')
    return result
  }
  catch (error) {
    await client.query('rollback').catch((lost: Error) => { broken = lost })
    throw error
  }
  finally {
    client.release(broken)
  }
}

export interface DatabaseStats { open: number, inUse: number, idle: number, waitCount: number, waitMilliseconds: number, /** Connections that were closed since the start: too long idle, or broken. */ idleClosed: number }

/** Connections of this process over all roles. */
export function databaseStats(): DatabaseStats {
  const all = [...pools.values()]
  const open = all.reduce((sum, each) => sum + each.totalCount, 0)
  const idle = all.reduce((sum, each) => sum + each.idleCount, 0)
  return { open, idle, inUse: open - idle, waitCount: waits.count, waitMilliseconds: Math.round(waits.milliseconds), idleClosed }
}

/** True when PostgreSQL answers within `timeoutMs`. */
export async function databaseAnswers(timeoutMs = 2000): Promise<boolean> {
  const answer = pool('app').query('select 1').then(() => true, () => false)
  const late = new Promise<boolean>(resolve => setTimeout(resolve, timeoutMs, false).unref())
  return Promise.race([answer, late])
}

/** A connection of its own for LISTEN, past any pooler. The caller closes it. */
export function listenClient(): pg.Client {
  const { directUrl, engineUrl, codeUrl } = getConfig().database
  return new pg.Client({ connectionString: directUrl ?? engineUrl ?? codeUrl, application_name: 'bespin-listen', keepAlive: true })
}

export async function closeDatabase(): Promise<void> {
  await client?.$disconnect()
  client = undefined
  await Promise.all([...pools.values()].map(each => each.end()))
  pools.clear()
}
