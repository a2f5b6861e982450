import { setTimeout as sleep } from 'node:timers/promises'
import { openRunner, type CodeRunner } from '#server/domain/code/open-runner.ts'
import { logger } from '#server/infra/logger.ts'
import type { RunnerDocument } from '#shared/schemas/code.ts'
import { readRights } from './code-rights.ts'

/** How often a sandbox that holds is proven anew, and one that does not: somebody may just have installed what it lacks. */
const AGAIN_MS = 3_600_000
const AGAIN_FAILING_MS = 60_000

/** What this process knows of its runner of code. */
export interface ProvenRunner {
  /** What it proved and found; null until it has. */
  readonly document: RunnerDocument | null
  /** Why no code may be run now, with what to do about it; null when it may. */
  readonly trouble: string | null
  /** Proves it anew, now. */
  prove(): void
  close(): Promise<void>
}

/** Opens the runner of code and proves it: at once, when asked, and again and again. `onProof` is called after each. */
export function proveRunner(onProof: () => void): ProvenRunner {
  const stop = new AbortController()
  let pause = new AbortController()
  let runner: CodeRunner | undefined
  let document = null as RunnerDocument | null
  let failure: string | null = null
  const prove = async () => {
    const proof = await (runner ? runner.prove() : (runner = await openRunner()).document)
    const before = document
    document = { ...proof, proof: [...proof.proof, ...await readRights()] }
    failure = null
    tell(before, document)
    onProof()
  }
  const proving = (async () => {
    while (!stop.signal.aborted) {
      pause = new AbortController()
      await prove().catch((error: Error) => {
        failure = `The sandbox could not be proven: ${error.message}`
        logger().error({ error: error.message }, 'the sandbox could not be proven; it is tried again')
        onProof()
      })
      await sleep(document?.ok ? AGAIN_MS : AGAIN_FAILING_MS, undefined, { signal: AbortSignal.any([stop.signal, pause.signal]) }).catch(() => {})
    }
  })()
  return {
    get document() { return document },
    get trouble() { return failure ?? troubleOf(document) },
    prove: () => pause.abort(),
    async close() {
      stop.abort()
      await runner?.close()
      await proving
    },
  }
}

function troubleOf(document: RunnerDocument | null): string | null {
  if (!document) return 'The sandbox is not proven yet.'
  if (document.ok) return null
  return [document.reason ?? 'The sandbox did not hold in its self-test.', document.remedy].filter(Boolean).join(' ')
}

function tell(before: RunnerDocument | null, { ok, driver, cgroups, runtimes, reason, remedy, proof }: RunnerDocument): void {
  if (before?.ok === ok && before.reason === reason) return
  if (!ok) return logger().error({ reason, remedy, failed: proof.filter(step => !step.ok).map(step => step.name) }, 'no code is run here: the sandbox is not proven')
  logger().info({ driver, cgroups, languages: runtimes.map(({ language, version }) => `${language} ${version}`) }, 'code is run here, in a sandbox that held')
}
