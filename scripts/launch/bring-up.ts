/** Brings up what the environment does not give: the database, the belt, the secrets. */
import { setTimeout as sleep } from 'node:timers/promises'
import { maskSecrets, type Config } from '#server/config.ts'
import { migrate, type MigratedDatabase } from '../migrate.ts'
import { endLeftovers, livingLauncher, lockDataFolder, publishServices, readServices, type SharedServices } from './data-folder.ts'
import { startPostgres } from './postgres.ts'
import type { Program } from './choose-workers.ts'
import { findRedisProgram, startRedis } from './redis.ts'
import { keepCodeUser } from './redis-user.ts'
import { LaunchError } from './say.ts'
import { localSecrets } from './secrets.ts'
import { ownDataFolder, type Session } from './session.ts'

export interface Secrets { jwt: string, secretKey?: string }
/** Everything the programs need to reach the services. */
export interface Services { database: MigratedDatabase, redisUrl?: string, /** With the user of the code workers. */ codeRedisUrl?: string, secrets: Secrets }

const DATABASE = 'bespin'

/**
 * Takes the data folder and ends what a killed launcher left in it.
 * @param mayJoin for `api`, `worker` and `migrate`: use the services of a launcher that already runs on this folder
 * instead of refusing; with a database given they need nothing from the folder.
 * @returns the services of the launcher that was joined.
 */
export async function claimDataFolder(session: Session, { mayJoin, programs }: { mayJoin: boolean, programs: Program[] }): Promise<SharedServices | undefined> {
  if (mayJoin && isDatabaseGiven(session, programs)) return undefined
  const joined = mayJoin ? await joinLiving(session) : undefined
  if (joined) return joined
  lockDataFolder(session.config.dataDir)
  ownDataFolder(session)
  await endLeftovers(session.config.dataDir, session.say)
  return undefined
}

/** The owner's address of a database that is there; undefined when only the processes' own logins were given. */
export async function reachDatabase(session: Session, joined: SharedServices | undefined, programs: Program[]): Promise<string | undefined> {
  const { config, say } = session
  if (joined) return joined.ownerUrl
  if (isDatabaseGiven(session, programs)) {
    if (config.database.ownerUrl) say(`PostgreSQL: ${maskSecrets(config.database.ownerUrl)}`)
    return config.database.ownerUrl
  }
  if (!config.embedded) throw new LaunchError('Production wants its own PostgreSQL: set DATABASE_URL=postgres://user:password@host:5432/bespin (or BESPIN_EMBEDDED=true for the one that comes with Bespin).')
  return embeddedDatabase(session)
}

/** Database (migrated), belt and secrets for the programs. */
export async function bringUpServices(session: Session, joined: SharedServices | undefined, programs: Program[]): Promise<Services> {
  const { config, say } = session
  const secrets = isCodeAlone(session, programs) ? { jwt: '' } : chooseSecrets(session)
  const belt = joined ? Promise.resolve(joined.redisUrl) : chooseBelt(session)
  const [database, redisUrl] = await Promise.all([reachDatabase(session, joined, programs).then(ownerUrl => prepareDatabase(session, ownerUrl, { secrets, programs })), belt])
  if (session.ownsDataFolder && database.ownerUrl) publishServices(config.dataDir, { ownerUrl: database.ownerUrl, redisUrl })
  // Who has no secret was given the addresses of its own lane.
  if (!redisUrl || !secrets.jwt || !programs.includes('code')) return { database, redisUrl, secrets }
  const { codeRedisUrl, close } = await keepCodeUser({ redisUrl, secret: secrets.secretKey ?? secrets.jwt, say })
  session.closers.push(close)
  return { database, redisUrl, codeRedisUrl, secrets }
}

async function prepareDatabase(session: Session, ownerUrl: string | undefined, { secrets, programs }: { secrets: Secrets, programs: Program[] }): Promise<MigratedDatabase & { ownerUrl?: string }> {
  if (!ownerUrl) return databaseAsGiven(session, programs)
  const { config, say } = session
  return { ...await migrate({ ownerUrl, secrets, given: config.database, waitMs: waitForDatabaseMs(config), say }), ownerUrl }
}

/** Compose starts the database and us together, so production waits longer. */
export const waitForDatabaseMs = (config: Config): number => (config.mode === 'production' ? 30_000 : 10_000)

const isDatabaseGiven = (session: Session, programs: Program[]): boolean =>
  session.config.database.ownerUrl !== undefined || session.config.database.appUrl !== undefined || isCodeAlone(session, programs)

/** A code worker that was given the login of its lane and no other. */
const isCodeAlone = ({ config: { database } }: Session, programs: Program[]): boolean =>
  programs.every(name => name === 'code') && database.codeUrl !== undefined && !database.ownerUrl && !database.engineUrl && programs.length > 0

export function chooseSecrets({ config }: Session): Secrets {
  const { jwt, secretKey } = config.secrets
  if (jwt && (secretKey || config.mode === 'production')) return { jwt, secretKey }
  const local = localSecrets(config.dataDir)
  return { jwt: jwt ?? local.jwt, secretKey: secretKey ?? local.secretKey }
}

async function joinLiving({ config, say }: Session): Promise<SharedServices | undefined> {
  if (!livingLauncher(config.dataDir)) return undefined
  for (const until = Date.now() + 30_000; Date.now() < until; await sleep(100)) {
    const services = readServices(config.dataDir)
    if (services) {
      say(`using the services of the Bespin that runs on ${config.dataDir}`)
      return services
    }
    if (!livingLauncher(config.dataDir)) return undefined
  }
  throw new LaunchError(`The Bespin that uses ${config.dataDir} has not brought up its database within 30 s.`)
}

async function embeddedDatabase(session: Session): Promise<string> {
  const { config, say } = session
  const password = localSecrets(config.dataDir).databasePassword
  const started = startPostgres({ ...session.shared, dataDir: config.dataDir, password, database: DATABASE, onChild: child => session.services.push(child) })
  const { ownerUrl } = await Promise.race([started, session.broken])
  say(`PostgreSQL: embedded, ${maskSecrets(ownerUrl)}, data in ${config.dataDir}/postgres`)
  return ownerUrl
}

/** The order of the contract: the given Redis, a private one, else PostgreSQL carries the belt too. */
async function chooseBelt(session: Session): Promise<string | undefined> {
  const { config, say } = session
  if (config.redisUrl) {
    say(`belt: Redis at ${maskSecrets(config.redisUrl)}`)
    return config.redisUrl
  }
  if (config.belt === 'postgres') {
    say('belt: PostgreSQL, as BESPIN_BELT says')
    return undefined
  }
  const program = config.embedded && session.ownsDataFolder ? findRedisProgram() : undefined
  const redis = program ? await startRedis({ ...session.shared, dataDir: config.dataDir, password: localSecrets(config.dataDir).redisPassword, program, onChild: child => session.services.unshift(child) }) : undefined
  if (redis) {
    say(`belt: private Redis (${program}), ${maskSecrets(redis.redisUrl)}`)
    return redis.redisUrl
  }
  if (config.belt === 'redis') throw new LaunchError('BESPIN_BELT=redis, but there is no Redis: set REDIS_URL, or install redis-server or valkey-server.')
  if (program) say(`${program} did not start; see logs/redis.log in the data folder`)
  say('belt: PostgreSQL (for more throughput set REDIS_URL, or install redis-server or valkey-server)')
  return undefined
}

/** No owner, so no migrations here: somebody else applies them before. */
function databaseAsGiven(session: Session, programs: Program[]): MigratedDatabase {
  const { config, say } = session
  const { appUrl, engineUrl, codeUrl } = config.database
  if (isCodeAlone(session, programs)) return { appUrl: '', engineUrl: '', codeUrl: codeUrl!, isolationReduced: false }
  if (!appUrl || !engineUrl) throw new LaunchError('Without DATABASE_URL both DATABASE_APP_URL and DATABASE_ENGINE_URL are needed.')
  say('PostgreSQL: DATABASE_APP_URL and DATABASE_ENGINE_URL as given; without DATABASE_URL no migrations are applied')
  return { appUrl, engineUrl, codeUrl: codeUrl ?? engineUrl, isolationReduced: appUrl === engineUrl }
}
