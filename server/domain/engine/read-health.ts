import { AppError } from '#server/domain/app-error.ts'
import { beltAnswers, beltKind, beltTrouble } from '#server/infra/belt.ts'
import { databaseAnswers, databaseStats } from '#server/infra/database.ts'
import { getConfig } from '#server/config.ts'
import { STARTED_AT, VERSION } from '#server/infra/version.ts'
import { liveWorkers } from '#server/domain/engine/worker-rows.ts'
import type { Health } from '#shared/schemas/system.ts'

type Part = Health['parts'][number]

/** Really asks each part. Unhealthy without the database, degraded when anything else is missing. */
export async function readHealth(): Promise<Health> {
  const [database, cache] = await Promise.all([databaseAnswers(), beltAnswers()])
  const parts = [databasePart(database), beltPart(cache, cache ? await beltTrouble().catch(() => null) : null), await workersPart(database), isolationPart()]
  const failing = parts.filter(part => !part.ok)
  const stats = databaseStats()
  return {
    status: !database ? 'unhealthy' : failing.some(part => part.name !== 'isolation') ? 'degraded' : 'healthy',
    database, cache,
    ...(failing.length > 0 && { reason: failing.map(part => part.detail).join(' ') }),
    belt: beltKind(), parts, version: VERSION, uptime_seconds: Math.round((Date.now() - STARTED_AT.getTime()) / 1000),
    open_connections: stats.open, in_use: stats.inUse, idle: stats.idle, wait_count: stats.waitCount, wait_duration: stats.waitMilliseconds,
  }
}

function databasePart(ok: boolean): Part {
  return { name: 'database', ok, detail: ok ? 'PostgreSQL answers.' : 'PostgreSQL does not answer: check that it runs and that its address is right.' }
}

function beltPart(ok: boolean, trouble: string | null): Part {
  if (trouble) return { name: 'belt', ok: false, detail: trouble }
  const carrier = beltKind() === 'redis' ? 'Redis' : 'PostgreSQL (no Redis configured)'
  return { name: 'belt', ok, detail: ok ? `The belt runs on ${carrier}.` : `The belt does not answer (${carrier}): jobs are accepted and wait in the database until it is back.` }
}

async function workersPart(database: boolean): Promise<Part> {
  if (!database) return { name: 'workers', ok: false, detail: 'Workers are unknown without the database.' }
  const { count: alive, draining } = await liveWorkers().catch(() => ({ count: 0, draining: 0 }))
  if (alive === 0 && draining > 0) {
    return { name: 'workers', ok: false, detail: `${draining === 1 ? 'The only worker process is' : `All ${draining} worker processes are`} draining: jobs are accepted and wait. Resume one, or start another with "make run-worker".` }
  }
  return alive > 0
    ? { name: 'workers', ok: true, detail: `${alive} worker ${alive === 1 ? 'process is' : 'processes are'} alive.` }
    : { name: 'workers', ok: false, detail: 'No worker process is alive: jobs are accepted and wait. Start one with "make run-worker".' }
}

function isolationPart(): Part {
  const reduced = getConfig().isolationReduced
  return { name: 'isolation', ok: !reduced, detail: reduced ? 'Organizations are kept apart by queries only: the database roles could not be made.' : 'Row-level security is on, under separate database roles.' }
}

/** Whether this process can take work: it needs the database, and nothing else. */
export async function readReadiness(): Promise<{ ready: boolean, reason?: string }> {
  return await databaseAnswers() ? { ready: true } : { ready: false, reason: databasePart(false).detail }
}

/** Throws SERVICE_UNAVAILABLE with what failed when the job service does not reach the database or the belt. */
export async function checkJobService(): Promise<void> {
  const { parts } = await readHealth()
  const failing = parts.filter(part => !part.ok && (part.name === 'database' || part.name === 'belt'))
  if (failing.length > 0) throw new AppError('SERVICE_UNAVAILABLE', failing.map(part => part.detail).join(' '))
}
