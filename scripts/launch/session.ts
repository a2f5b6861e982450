/** What one run of the launcher holds: the configuration, the children in the order they must end, and the way out. */
import type { Config } from '#server/config.ts'
import type { Child, ChildPlan } from './child.ts'
import { childRegister, unlockDataFolder } from './data-folder.ts'
import { signalQuietly } from './process-identity.ts'
import { LaunchError, type Say } from './say.ts'

export interface Session {
  config: Config
  /** The environment with `.env`, as the configuration was parsed from it. */
  env: NodeJS.ProcessEnv
  say: Say
  /** Web and worker; they end first. */
  programs: Child[]
  /** Redis and PostgreSQL in the order they end. */
  services: Child[]
  /** Ends connections of the launcher itself. */
  closers: (() => void)[]
  /** Parts of every child's plan. */
  shared: Pick<ChildPlan, 'register' | 'onGiveUp' | 'say'>
  /** Rejects when a child cannot be kept alive. */
  broken: Promise<never>
  ownsDataFolder: boolean
  stopping: boolean
  closed: boolean
}

const SERVICES: ReadonlySet<string> = new Set(['postgres', 'redis'])

export function openSession(config: Config, env: NodeJS.ProcessEnv, say: Say): Session {
  const broken = Promise.withResolvers<never>()
  // Whoever waits for `broken` sees the reason; nobody waiting is no error of its own.
  broken.promise.catch(() => undefined)
  const session: Session = {
    config, env, say, programs: [], services: [], closers: [], broken: broken.promise, ownsDataFolder: false, stopping: false, closed: false,
    shared: { say, register: { started: () => undefined, ended: () => undefined }, onGiveUp: reason => broken.reject(new LaunchError(reason)) },
  }
  useRegister(session, session.shared.register)
  return session
}

/** From here on the children are noted in the data folder, so that the next start can end what this one left behind. */
export function ownDataFolder(session: Session): void {
  session.ownsDataFolder = true
  useRegister(session, childRegister(session.config.dataDir))
}

function useRegister(session: Session, register: ChildPlan['register']): void {
  session.shared.register = {
    ended: register.ended,
    started(name, pid) {
      register.started(name, pid)
      // A start that was under way when the stop came must not leave its child behind. Services may come back from a
      // crash until the programs, which need them to end well, are down.
      if (session.closed || (session.stopping && !SERVICES.has(name))) signalQuietly(-pid, 'SIGKILL')
    },
  }
}

/** The programs get 5 s, Redis 1.5 s, PostgreSQL 2.5 s: everything is gone within 10 s. */
export async function closeSession(session: Session): Promise<void> {
  session.stopping = true
  await Promise.all(session.programs.map(child => child.stop(5000)))
  for (const close of session.closers) close()
  const stopped = new Set<Child>()
  // Looked up anew each time: a start that was under way may still add one.
  for (let child: Child | undefined; (child = session.services.find(one => !stopped.has(one))); stopped.add(child)) {
    await child.stop(child.name === 'postgres' ? 2500 : 1500)
  }
  session.closed = true
  if (session.ownsDataFolder) unlockDataFolder(session.config.dataDir)
}

export function killSession(session: Session): void {
  for (const child of [...session.programs, ...session.services]) child.killNow()
}
