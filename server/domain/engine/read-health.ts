import { AppError } from '#server/domain/app-error.ts'
import { beltAnswers, beltKind, beltTrouble } from '#server/infra/belt.ts'
import { databaseAnswers, databaseStats } from '#server/infra/database.ts'
import { getConfig } from '#server/config.ts'
import { STARTED_AT, VERSION } from '#server/infra/version.ts'
import { readRunners, type LivingRunner } from '#server/domain/engine/read-runners.ts'
import { liveWorkers } from '#server/domain/engine/worker-rows.ts'
import { CODE_RIGHTS } from '#shared/code-rights.ts'
import type { RunnerDocument } from '#shared/schemas/code.ts'
import type { Health } from '#shared/schemas/system.ts'

type Part = Health['parts'][number]

/** What a product without is not degraded by: where no sandbox holds, the rest works as it should. */
const OPTIONAL: ReadonlySet<Part['name']> = new Set(['code', 'isolation'])

/** Really asks each part. Unhealthy without the database, degraded when anything else that it needs is missing. */
export async function readHealth(): Promise<Health> {
  const [database, cache] = await Promise.all([databaseAnswers(), beltAnswers()])
  const runners = database ? await readRunners().catch(() => []) : []
  return toHealth({ database, cache }, [await workersPart(database), codePart(runners), isolationPart(runners)])
}

/** The same of a worker of the code lane, which may ask about nobody but itself. */
export async function readLaneHealth({ document, trouble }: { document: RunnerDocument | null, trouble: string | null }): Promise<Health> {
  const [database, cache] = await Promise.all([databaseAnswers(), beltAnswers()])
  const code: Part = { name: 'code', ok: trouble === null, detail: trouble ?? abilityOf(document!) }
  return toHealth({ database, cache }, [code, isolationPart(document ? [{ runner: document }] : [])])
}

async function toHealth({ database, cache }: { database: boolean, cache: boolean }, others: Part[]): Promise<Health> {
  const parts = [databasePart(database), beltPart(cache, cache ? await beltTrouble().catch(() => null) : null), ...others]
  const failing = parts.filter(part => !part.ok)
  const stats = databaseStats()
  return {
    status: !database ? 'unhealthy' : failing.some(part => !OPTIONAL.has(part.name)) ? 'degraded' : 'healthy',
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

function isolationPart(runners: Pick<LivingRunner, 'runner'>[]): Part {
  const reduced = [
    getConfig().isolationReduced && 'Organizations are kept apart by queries only: the database roles could not be made.',
    ...runners.flatMap(({ runner }) => runner?.proof ?? []).filter(step => RIGHTS.has(step.name) && !step.ok).map(step => `A code worker has more rights than it needs. ${step.detail}`),
  ].filter(text => text !== false)
  return { name: 'isolation', ok: reduced.length === 0, detail: reduced.length > 0 ? [...new Set(reduced)].join(' ') : 'Row-level security is on, under separate database roles.' }
}

const RIGHTS: ReadonlySet<string> = new Set(Object.values(CODE_RIGHTS))

function codePart(runners: LivingRunner[]): Part {
  const [first] = runners
  if (!first) return { name: 'code', ok: false, detail: 'No code worker is alive, so no code is run. "make start" brings one; alone it is "make run-code-worker".' }
  const taking = runners.find(runner => runner.takes)
  if (taking) return { name: 'code', ok: true, detail: abilityOf(taking.runner!) }
  const refusing = runners.find(({ runner }) => runner && !runner.ok)?.runner
  if (refusing) return { name: 'code', ok: false, detail: `No code is run: ${[refusing.reason, refusing.remedy].filter(Boolean).join(' ')}` }
  return { name: 'code', ok: false, detail: first.runner ? 'No code is run: the code workers are draining.' : 'No code is run yet: the sandbox is being proven.' }
}

const abilityOf = ({ driver, cgroups, runtimes }: RunnerDocument): string =>
  `Code runs in a sandbox that is proven (${driver === 'bwrap' ? 'bubblewrap' : driver}, ${cgroups === 'none' ? 'no cgroups' : `cgroup ${cgroups}`}): ${runtimes.map(runtime => runtime.title).join(', ') || 'no language was found'}.`

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
