import type { LivingRunner } from '#server/domain/engine/read-runners.ts'
import type { MissingRuntime, RunnerDocument, Runtime } from '#shared/schemas/code.ts'

/** What the living code workers can do together. */
export interface Runners {
  /** Those that proved their sandbox and take jobs. */
  proven: RunnerDocument[]
  /** Why nothing can be run, and what to do; null when something can. */
  trouble: { reason: string, remedy: string } | null
  /** By language, in the order of the alphabet. */
  runtimes: Runtime[]
  /** Known, and installed nowhere. */
  missing: MissingRuntime[]
  /** A runtime by its name or another name of it. A Map: `__proto__` and `constructor` are no languages. */
  byName: ReadonlyMap<string, Runtime>
  missingByName: ReadonlyMap<string, MissingRuntime>
}

const NOBODY = { reason: 'No code worker is alive; make dev and make start run one by themselves.', remedy: 'make run-code-worker' }

/** Puts what living code workers say together. A language counts as there when one of them has it. */
export function mergeRunners(living: LivingRunner[]): Runners {
  const proven = living.flatMap(({ runner, takes }) => (takes && runner?.ok ? [runner] : []))
  const runtimes = firstOfEach(proven.flatMap(document => document.runtimes))
  const installed = new Set(runtimes.map(runtime => runtime.language))
  const missing = firstOfEach(proven.flatMap(document => document.missing)).filter(({ language }) => !installed.has(language))
  return { proven, runtimes, missing, byName: named(runtimes), missingByName: named(missing), trouble: proven.length > 0 ? null : troubleOf(living) }
}

/** What hinders the one that is nearest to taking jobs. */
function troubleOf(living: LivingRunner[]): NonNullable<Runners['trouble']> {
  const draining = living.find(({ runner }) => runner?.ok)
  if (draining) return { reason: `The code worker ${draining.name} is draining and takes no more.`, remedy: `Let it take jobs again with POST /api/v1/workers/${draining.workerId}/resume, or start another.` }
  if (living.some(({ runner }) => runner === null)) return { reason: 'The code worker is still proving its sandbox.', remedy: 'Try again in some seconds.' }
  const refusing = living.find(({ runner }) => runner !== null)?.runner
  if (!refusing) return NOBODY
  return {
    reason: `No code worker could prove its sandbox: ${refusing.reason ?? 'it did not say why'}`,
    remedy: refusing.remedy ?? 'Its log and GET /api/v1/workers tell which step of the self-test failed.',
  }
}

function firstOfEach<T extends { language: string }>(all: T[]): T[] {
  const first = new Map<string, T>()
  for (const each of all) {
    if (!first.has(each.language)) first.set(each.language, each)
  }
  return [...first.values()].sort((one, other) => (one.language < other.language ? -1 : 1))
}

/** Names win over other names. */
function named<T extends { language: string, aliases: string[] }>(all: T[]): Map<string, T> {
  const aliases = all.flatMap(each => each.aliases.map(alias => [alias.toLowerCase(), each] as const))
  return new Map([...aliases, ...all.map(each => [each.language, each] as const)])
}
