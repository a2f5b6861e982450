import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import type pg from 'pg'
import { LaunchError, type Say } from '../launch/say.ts'
import { ROOT } from '../launch/root.ts'

export interface Migration { name: string, checksum: string }
export type MigrationState = Migration & { state: 'applied' | 'pending' | 'changed since it was applied' }

/** The migrations of this release in order, with the checksum Prisma keeps for each (SHA-256 of the file). */
export function releaseMigrations(): Migration[] {
  const folder = join(ROOT, 'prisma', 'migrations')
  return readdirSync(folder).sort()
    .filter(name => existsSync(join(folder, name, 'migration.sql')))
    .map(name => ({ name, checksum: createHash('sha256').update(readFileSync(join(folder, name, 'migration.sql'))).digest('hex') }))
}

/** Compares this release's migrations with what the database says it has. */
export async function migrationStates(client: pg.Client): Promise<MigrationState[]> {
  const { rows: [known] } = await client.query<{ there: boolean }>(`SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS there`)
  const applied = new Map<string, string>()
  if (known?.there) {
    const { rows } = await client.query<{ migration_name: string, checksum: string }>(
      'SELECT migration_name, checksum FROM public._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL')
    for (const row of rows) applied.set(row.migration_name, row.checksum)
  }
  return releaseMigrations().map((migration) => {
    const checksum = applied.get(migration.name)
    const state = checksum === undefined ? 'pending' : checksum === migration.checksum ? 'applied' : 'changed since it was applied'
    return { ...migration, state }
  })
}

/**
 * Brings the tables up to this release through Prisma. Its command line takes a second to start, so it is skipped
 * when every migration is there with the right checksum, and only then.
 */
export async function applyMigrations(options: { client: pg.Client, ownerUrl: string, say: Say }): Promise<void> {
  const { client, ownerUrl, say } = options
  const states = await migrationStates(client)
  if (states.every(migration => migration.state === 'applied')) return
  const pending = states.filter(migration => migration.state === 'pending').map(migration => migration.name)
  for (const migration of states.filter(one => one.state === 'changed since it was applied')) {
    say(`migration ${migration.name} was changed after it had been applied; the database keeps the old one`)
  }
  if (pending.length === 0) return
  await forgetInterrupted(client, say)
  say(`applying ${pending.length === 1 ? `migration ${pending[0]}` : `${pending.length} migrations`}`)
  const { code, output } = await runPrisma(['migrate', 'deploy'], ownerUrl)
  const left = (await migrationStates(client)).filter(migration => migration.state === 'pending')
  // Prisma can end with code 0 although its engine failed; only the table tells.
  if (code !== 0 || left.length > 0) throw new LaunchError(`The migrations could not be applied:\n${output.trim()}`)
}

/** Prisma holds this advisory lock while it migrates. */
const PRISMA_LOCK = 72_707_369

/**
 * A start that was killed in the middle leaves a migration marked as begun, and Prisma would refuse for ever. Each runs
 * in one transaction, so one that did not end left nothing: it is marked as rolled back and applied anew.
 */
async function forgetInterrupted(client: pg.Client, say: Say): Promise<void> {
  const { rows: [known] } = await client.query<{ there: boolean }>(`SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS there`)
  if (!known?.there) return
  // Waits for a Prisma whose launcher was killed and which is still at it.
  await client.query('SELECT pg_advisory_lock($1), pg_advisory_unlock($1)', [PRISMA_LOCK])
  const { rows } = await client.query<{ migration_name: string }>(
    'UPDATE public._prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL RETURNING migration_name')
  for (const row of rows) say(`migration ${row.migration_name} was interrupted; it is applied anew`)
}

function runPrisma(args: string[], ownerUrl: string): Promise<{ code: number | null, output: string }> {
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json')
  // The schema engine starts by its first line, "env node", and must find this Node and not an older one.
  const env = { ...process.env, DATABASE_URL: ownerUrl, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`, NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(dirname(manifest), 'build', 'index.js'), ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => { output += bytes.toString() })
    child.stderr.on('data', (bytes: Buffer) => { output += bytes.toString() })
    child.once('error', reject)
    child.once('close', code => resolve({ code, output }))
  })
}
