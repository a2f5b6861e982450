/**
 * The migration step: everything that needs the owner of the database. Runs before web and worker, under a lock, so
 * that any number of processes may start at once; they themselves never see the owner's address.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type pg from 'pg'
import type { Config } from '#server/config.ts'
import { codeLaneSql } from '#server/domain/engine/sql/code-lane.ts'
import { ROOT } from './launch/root.ts'
import { LaunchError, type Say } from './launch/say.ts'
import { applyMigrations, migrationStates, releaseMigrations, type MigrationState } from './migrate/apply-migrations.ts'
import { connectAsOwner, messageOf } from './migrate/owner-connection.ts'
import { canLogIn, giveLogin, rolePassword, roleSituation, roleUrl, ROLES, type Role } from './migrate/role-logins.ts'

export interface MigrateOptions {
  ownerUrl: string
  /** `secretKey`, or `jwt` without it, is what the passwords of the logins are derived from. */
  secrets: { jwt?: string, secretKey?: string }
  /** Addresses given from outside are used as they are. */
  given?: Config['database']
  /** How long to wait for a server that is not up yet; milliseconds, default 10,000. */
  waitMs?: number
  say?: Say
}
export interface MigratedDatabase { appUrl: string, engineUrl: string, codeUrl: string, isolationReduced: boolean }

const LOCK_KEY = 7_266_376_001n
/** Goes into the mark below; raised when this file does something it did not do before. */
const STEP_VERSION = 2

/** Applies migrations, roles, rights and BullMQ's own tables. Throws LaunchError with what to do when it cannot. */
export async function migrate(options: MigrateOptions): Promise<MigratedDatabase> {
  const { given = {}, waitMs = 10_000, say = () => undefined } = options
  const ownerUrl = withoutPooler(options.ownerUrl, given.directUrl)
  const secret = options.secrets.secretKey ?? options.secrets.jwt
  if (!secret) throw new LaunchError('The database logins need a secret to derive their passwords from: set JWT_SECRET (or BESPIN_SECRET_KEY).')
  const client = await connectAsOwner({ ownerUrl, waitMs, say })
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY])
    await applyMigrations({ client, ownerUrl, say })
    return await prepareLogins({ client, ownerUrl: options.ownerUrl, given, secret, say })
  }
  catch (error) {
    if (error instanceof LaunchError) throw error
    throw new LaunchError(`The database could not be prepared: ${messageOf(error)}`)
  }
  finally {
    await client.end()
  }
}

/** What the database has of this release's migrations; changes nothing. */
export async function readMigrationStates(options: { ownerUrl: string, waitMs: number, say: Say }): Promise<MigrationState[]> {
  const client = await connectAsOwner(options)
  try {
    return await migrationStates(client)
  }
  finally {
    await client.end()
  }
}

/** Locks of a session do not survive a transaction pooler; the owner goes to the server itself. */
function withoutPooler(ownerUrl: string, directUrl: string | undefined): string {
  if (!directUrl) return ownerUrl
  const [url, direct] = [new URL(ownerUrl), new URL(directUrl)]
  url.hostname = direct.hostname
  url.port = direct.port
  return url.href
}

async function prepareLogins(options: { client: pg.Client, ownerUrl: string, given: Config['database'], secret: string, say: Say }): Promise<MigratedDatabase> {
  const { client, ownerUrl, given, secret, say } = options
  const byRole: Record<Role, string | undefined> = { bespin_app: given.appUrl, bespin_engine: given.engineUrl, bespin_code: given.codeUrl }
  const urlOf = (role: Role): string => byRole[role] ?? roleUrl(ownerUrl, role, secret)
  const ours = ROLES.filter(role => !byRole[role])
  const urls = { appUrl: urlOf('bespin_app'), engineUrl: urlOf('bespin_engine'), codeUrl: urlOf('bespin_code'), isolationReduced: false }

  const checked = ROLES.filter(role => ours.includes(role) || givenPassword(role, urlOf(role)))
  const allIn = async (): Promise<boolean> => (await Promise.all(checked.map(role => canLogIn(urlOf(role))))).every(Boolean)
  if (await readMark(client) === wantedMark() && await allIn()) return urls

  const roles = await roleSituation(client)
  if (roles.mayMake || roles.allExist) {
    await client.query(readFileSync(join(ROOT, 'prisma', 'roles.sql'), 'utf8'))
    await client.query(codeLaneSql())
  }
  await prepareBelt(client, roles.mayMake || roles.allExist)
  for (const role of roles.mayMake ? ROLES : []) {
    const password = ours.includes(role) ? rolePassword(role, secret) : givenPassword(role, urlOf(role))
    if (password && !await canLogIn(urlOf(role))) await giveLogin({ client, role, password, say })
  }
  if (await allIn()) {
    await client.query(`COMMENT ON SCHEMA bullmq IS ${client.escapeLiteral(wantedMark())}`)
    return urls
  }
  return withOneLogin(ownerUrl, given, say)
}

/** An address from outside that names our own role is an order to let it in; any other login is none of our business. */
function givenPassword(role: Role, url: string): string | undefined {
  const { username, password } = new URL(url)
  return username === role ? decodeURIComponent(password) : undefined
}

function withOneLogin(ownerUrl: string, given: Config['database'], say: Say): MigratedDatabase {
  say('the owner of the database may not make roles: every process uses its login, isolation between organizations is reduced. '
    + 'Give DATABASE_APP_URL, DATABASE_ENGINE_URL and DATABASE_CODE_URL, or the owner the right CREATEROLE.')
  return { appUrl: given.appUrl ?? ownerUrl, engineUrl: given.engineUrl ?? ownerUrl, codeUrl: given.codeUrl ?? ownerUrl, isolationReduced: true }
}

/** BullMQ's tables, for the belt on PostgreSQL; they hold ids only. Made even when Redis carries the belt today. */
async function prepareBelt(client: pg.Client, rolesExist: boolean): Promise<void> {
  const { runMigrations } = await import('bullmq')
  await runMigrations(client)
  if (!rolesExist) return
  await client.query(`
    -- CREATE: BullMQ makes a sequence for each queue when it is first used.
    GRANT USAGE, CREATE ON SCHEMA bullmq TO bespin_engine;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bullmq TO bespin_engine;
    GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA bullmq TO bespin_engine;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bullmq TO bespin_engine;
    -- A code worker takes hints from its lane and never makes a queue. The tables are empty while Redis carries the belt.
    GRANT USAGE ON SCHEMA bullmq TO bespin_code;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bullmq TO bespin_code;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA bullmq TO bespin_code;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bullmq TO bespin_code;`)
}

/**
 * What the last complete run prepared. Granting again takes locks that busy tables would feel, so it is done only when
 * the release, its migrations, its roles or BullMQ changed. Kept as a comment on the schema: no table, no drift.
 */
function wantedMark(): string {
  const bullmq = readFileSync(createRequire(import.meta.url).resolve('bullmq/package.json'), 'utf8')
  const parts = [STEP_VERSION, readFileSync(join(ROOT, 'prisma', 'roles.sql'), 'utf8'), codeLaneSql(), JSON.stringify(releaseMigrations()), (JSON.parse(bullmq) as { version: string }).version]
  return `prepared by Bespin: ${createHash('sha256').update(parts.join('\n')).digest('hex')}`
}

async function readMark(client: pg.Client): Promise<string | null> {
  const { rows: [row] } = await client.query<{ mark: string | null }>(
    `SELECT obj_description(to_regnamespace('bullmq'), 'pg_namespace') AS mark`)
  return row?.mark ?? null
}
