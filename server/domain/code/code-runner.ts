import { openArtifactCache } from '#server/infra/sandbox/artifact-cache.ts'
import type { SandboxDriver, SandboxProof } from '#server/infra/sandbox/driver.ts'
import type { CodeLimitValues } from '#shared/code-limits.ts'
import type { CodeExecutionPayload, CodeExecutionResult, MissingRuntime, RunnerDocument } from '#shared/schemas/code.ts'
import { openCompiler } from './compile-source.ts'
import { describeRunner, NOT_PROVEN } from './describe-runner.ts'
import { findToolchains, type FindOptions } from './find-toolchains.ts'
import type { Toolchain } from './language.ts'
import { keepWarm } from './keep-warm.ts'
import { prepareToolchain } from './prepare-toolchain.ts'
import { readLanguages } from './read-languages.ts'
import { runSubmission } from './run-submission.ts'
import type { CodeMachine, SubmissionEvents } from './work.ts'

/** What a worker process runs code with. */
export interface CodeRunner {
  /** What the last `prove` found. */
  readonly document: RunnerDocument
  /** Proves the sandbox and looks for toolchains anew. Never throws: what fails is in the document. */
  prove(): Promise<RunnerDocument>
  /** Throws SandboxError when the sandbox failed (run it again), MissingLanguageError when this machine lacks the language. */
  run(payload: CodeExecutionPayload, events?: SubmissionEvents): Promise<CodeExecutionResult>
  close(): Promise<void>
}

export interface RunnerOptions {
  /** Opens a sandbox that proved itself; a driver of null, and why, where none does. */
  openSandbox(): Promise<{ driver: SandboxDriver | null, proof: SandboxProof }>
  caps: CodeLimitValues
  /** Folders of PATH, where toolchains are looked for. */
  searchPath: string[]
  /** Folders that no box may see any of. */
  keepOut: string[]
  /** Compiled programs lie there, at most this many bytes of them. */
  cache: { folder: string, maxBytes: number }
  /** What languages prepare once for a toolchain. */
  preparedFolder: string
  /** Whether started interpreters may wait for programs. */
  warm?: boolean
}

/** The payload names a language that cannot be run here. Another worker may be able to. */
export class MissingLanguageError extends Error {
  constructor(name: string, document: RunnerDocument) {
    const missing = document.missing.find(({ language, aliases }) => [language, ...aliases].includes(name))
    super(missing
      ? `${missing.title} is not installed where this code worker runs. ${missing.install}`
      : `This code worker knows no language "${name}"; it runs ${document.runtimes.map(({ language }) => language).join(', ') || 'none'}.`)
    this.name = 'MissingLanguageError'
  }
}

/** What the last proof left to run with; null where nothing may run. */
interface Ready { machine: CodeMachine, toolchains: Map<string, Toolchain> }

/** Opens a runner and proves it. Without a sandbox that holds it runs nothing, and its document says why. */
export async function openCodeRunner(options: RunnerOptions): Promise<CodeRunner> {
  const languages = await readLanguages()
  const cache = await openArtifactCache(options.cache)
  const closing = new AbortController()
  let driver: SandboxDriver | null = null
  let ready: Ready | null = null
  const prove = async (): Promise<RunnerDocument> => {
    const proven: Awaited<ReturnType<RunnerOptions['openSandbox']>> = driver ? { driver, proof: await driver.probe() } : await options.openSandbox()
    driver = proven.driver
    const known = ready?.toolchains ?? new Map<string, Toolchain>()
    const { found, missing } = driver && proven.proof.ok ? await findAndPrepare({ ...options, driver, languages, signal: closing.signal }, known) : { found: [], missing: [] }
    ready = driver && proven.proof.ok
      ? { machine: { driver, proof: proven.proof, caps: options.caps, compile: ready?.machine.compile ?? openCompiler({ driver, cache }) }, toolchains: byName(found) }
      : null
    if (ready && options.warm) await keepWarm(ready.machine, found)
    return runner.document = describeRunner({ ...proven, caps: options.caps, found, missing })
  }
  const runner: CodeRunner & { document: RunnerDocument } = {
    document: describeRunner({ driver: null, proof: NOT_PROVEN, caps: options.caps, found: [], missing: [] }),
    prove,
    async run(payload, events) {
      const name = payload.language.toLowerCase()
      const toolchain = ready?.toolchains.get(name)
      if (!ready || !toolchain) throw new MissingLanguageError(name, runner.document)
      return runSubmission({ machine: ready.machine, toolchain, payload, events })
    },
    close: async () => {
      closing.abort()
      await Promise.all([driver?.close(), ...[...ready?.toolchains.values() ?? []].map(({ complete }) => complete?.promise)])
    },
  }
  await prove()
  return runner
}

/** Looks for toolchains; one that was known before keeps what was prepared for it. */
async function findAndPrepare(options: FindOptions & Pick<RunnerOptions, 'preparedFolder'> & { signal: AbortSignal }, known: Map<string, Toolchain>): Promise<{ found: Toolchain[], missing: MissingRuntime[] }> {
  const { found, missing } = await findToolchains(options)
  const kept = found.map((toolchain) => {
    const before = known.get(toolchain.language.language)
    if (before?.hostBinary === toolchain.hostBinary && before.version === toolchain.version) return before
    prepareToolchain(toolchain, { folder: options.preparedFolder, signal: options.signal })
    return toolchain
  })
  return { found: kept, missing }
}

const byName = (toolchains: Toolchain[]): Map<string, Toolchain> =>
  new Map(toolchains.flatMap(toolchain => [toolchain.language.language, ...toolchain.language.aliases].map(name => [name, toolchain])))
