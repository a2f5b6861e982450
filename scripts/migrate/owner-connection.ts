import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { maskSecrets } from '#server/config.ts'
import { LaunchError, type Say } from '../launch/say.ts'

/** Answers that change by waiting: the server is not up yet, its name not known yet, or it is starting. */
const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', '57P03', '53300'])
const DATABASE_MISSING = '3D000'

/**
 * Connects as the owner, waiting for a server that is not up yet and making the database when it is missing.
 * Throws LaunchError when `waitMs` is over or the server refuses the login.
 */
export async function connectAsOwner(options: { ownerUrl: string, waitMs: number, say: Say }): Promise<pg.Client> {
  const { ownerUrl, waitMs, say } = options
  const until = Date.now() + waitMs
  let told = false
  for (;;) {
    try {
      return await connectOnce(ownerUrl)
    }
    catch (error) {
      const code = codeOf(error)
      if (code === DATABASE_MISSING) {
        await createDatabase(ownerUrl, say)
        continue
      }
      if (!PASSING.has(code)) throw new LaunchError(`PostgreSQL at ${maskSecrets(ownerUrl)} refuses: ${messageOf(error)}. Check DATABASE_URL (or DB_*).`)
      if (Date.now() > until) throw new LaunchError(`PostgreSQL at ${maskSecrets(ownerUrl)} does not answer (${messageOf(error)}), tried for ${Math.round(waitMs / 1000)} s. Start it, or correct DATABASE_URL (or DB_*).`)
      if (!told) say(`waiting for PostgreSQL at ${maskSecrets(ownerUrl)} (${messageOf(error)})`)
      told = true
      await sleep(500)
    }
  }
}

export async function connectOnce(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, application_name: 'bespin-migrate' })
  // Without a listener a server that goes away would end the process with an unhandled event.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  }
  catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

async function createDatabase(ownerUrl: string, say: Say): Promise<void> {
  const address = new URL(ownerUrl)
  const database = decodeURIComponent(address.pathname.slice(1))
  address.pathname = '/postgres'
  const client = await connectOnce(address.href)
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`)
    say(`made the database ${database}`)
  }
  catch (error) {
    // Another process of the same start was faster.
    if (['42P04', '23505'].includes(codeOf(error))) return
    throw new LaunchError(`The database ${database} does not exist and could not be made: ${messageOf(error)}. Create it, or give the owner the right CREATEDB.`)
  }
  finally {
    await client.end()
  }
}

export const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string') return code
  return /timeout/i.test(messageOf(error)) ? 'ETIMEDOUT' : ''
}
export const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message || String((error as { code?: string }).code) : String(error)
}
