/** The database logins of the processes (architecture section 5 "Tenancy and roles"). */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { Say } from '../launch/say.ts'
import { connectOnce } from './owner-connection.ts'

export const ROLES = ['bespin_app', 'bespin_engine', 'bespin_code'] as const
export type Role = (typeof ROLES)[number]

/** The same secret gives the same password on every machine, so that processes started apart agree without a store. */
export function rolePassword(role: Role, secret: string): string {
  return createHmac('sha256', secret).update(`role:${role}`).digest('base64url')
}

/** The owner's address with another login. */
export function roleUrl(ownerUrl: string, role: Role, secret: string): string {
  const url = new URL(ownerUrl)
  url.username = role
  url.password = rolePassword(role, secret)
  return url.href
}

/** Whether the owner may make roles, and which of ours exist. */
export async function roleSituation(client: pg.Client): Promise<{ mayMake: boolean, allExist: boolean }> {
  const { rows: [row] } = await client.query<{ may: boolean, existing: number }>(
    `SELECT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may,
            (SELECT count(*)::int FROM pg_roles WHERE rolname = ANY($1)) AS existing`, [ROLES])
  return { mayMake: row?.may ?? false, allExist: row?.existing === ROLES.length }
}

export async function canLogIn(url: string): Promise<boolean> {
  try {
    const client = await connectOnce(url)
    await client.end()
    return true
  }
  catch {
    return false
  }
}

/** Gives the role its login. The password travels as a SCRAM verifier, so that no server log can show it. */
export async function giveLogin(options: { client: pg.Client, role: Role, password: string, say: Say }): Promise<void> {
  const { client, role, password, say } = options
  const { rows: [had] } = await client.query<{ rolcanlogin: boolean }>('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [role])
  // Roles belong to the whole server: two installations with different secrets would lock each other out in turn.
  if (had?.rolcanlogin) say(`${role} gets a new password; every Bespin on this PostgreSQL server must use the same BESPIN_SECRET_KEY or JWT_SECRET`)
  await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD ${client.escapeLiteral(scramVerifier(password))}`)
}

/** RFC 5803 form of a SCRAM-SHA-256 secret, as PostgreSQL stores it. */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}
