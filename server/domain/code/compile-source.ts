import { createHash } from 'node:crypto'
import type { ArtifactCache } from '#server/infra/sandbox/artifact-cache.ts'
import type { BoxEvents, BoxSpec, SandboxDriver } from '#server/infra/sandbox/driver.ts'
import type { CodeStage } from '#shared/schemas/code.ts'
import { ARTIFACT, type Toolchain } from './language.ts'
import { asCompileError, outputRoom, presentStage } from './present-stage.ts'

/** The largest program a compiler may make. */
const ARTIFACT_MAX_BYTES = 64 * 1024 * 1024

export interface Compiled {
  stage: CodeStage
  /** True: nothing was compiled now; the stage tells of the time when it was. */
  cached: boolean
  /** There when the stage is ok. */
  artifact?: Buffer
}

export interface CompileRequest { toolchain: Toolchain, spec: BoxSpec, events: BoxEvents }
export type Compile = (request: CompileRequest) => Promise<Compiled>

/** A compiler in front of a cache: what was compiled before is found, equal sources that come together are compiled once. */
export function openCompiler(options: { driver: SandboxDriver, cache: ArtifactCache }): Compile {
  const running = new Map<string, Promise<Compiled>>()
  return async function compile(request) {
    const key = keyOf(request)
    const other = running.get(key)
    if (other) return follow(other, request, compile)
    const own = lookOrCompile({ ...options, ...request, key }).finally(() => running.delete(key))
    running.set(key, own)
    return own
  }
}

/** Waits for the one who compiles the same. Was that one cancelled, it is begun anew; is this one, it need not wait. */
async function follow(other: Promise<Compiled>, request: CompileRequest, again: Compile): Promise<Compiled> {
  const { signal } = request.events
  const aborted = new Promise<null>(resolve => signal?.aborted ? resolve(null) : signal?.addEventListener('abort', () => resolve(null), { once: true }))
  const compiled = await Promise.race([other, aborted])
  if (!compiled || compiled.stage.status === 'canceled') return again(request)
  return compiled.artifact ? { ...compiled, cached: true } : compiled
}

async function lookOrCompile(options: CompileRequest & { driver: SandboxDriver, cache: ArtifactCache, key: string }): Promise<Compiled> {
  const { cache, key } = options
  const known = await cache.get(key)
  if (known) return { stage: known.note as CodeStage, cached: true, artifact: known.bytes }
  const compiled = await compileNow(options)
  if (compiled.artifact) await cache.put(key, { bytes: compiled.artifact, note: compiled.stage })
  return compiled
}

async function compileNow({ driver, spec, events }: CompileRequest & { driver: SandboxDriver }): Promise<Compiled> {
  const outcome = await driver.run({ ...spec, collect: { path: ARTIFACT, maxBytes: ARTIFACT_MAX_BYTES } }, events)
  const stage = asCompileError(presentStage({ outcome, limits: spec.limits, room: outputRoom() }))
  if (stage.status !== 'ok') return { stage, cached: false }
  if (outcome.collected) return { stage, cached: false, artifact: outcome.collected }
  const message = `did not compile: the compiler left no program, or one of more than ${ARTIFACT_MAX_BYTES} bytes`
  return { stage: { ...stage, status: 'compile_error', reason: 'ok', message }, cached: false }
}

/** The hash of all that decides what comes out: toolchain, flags, files, environment and limits. */
function keyOf({ toolchain, spec }: CompileRequest): string {
  const { argv, env, mounts, files, limits } = spec
  const hash = createHash('sha256')
  hash.update(JSON.stringify([toolchain.language.language, toolchain.version, toolchain.hostBinary, argv, Object.entries(env).sort(), mounts, limits, process.arch]))
  for (const { path, content } of [...files].sort((a, b) => a.path < b.path ? -1 : 1)) {
    hash.update(JSON.stringify([path, content.length])).update(content)
  }
  return hash.digest('hex')
}
