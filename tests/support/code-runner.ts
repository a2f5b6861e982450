import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCodeRunner, type CodeRunner } from '#server/domain/code/code-runner.ts'
import type { OutputPiece } from '#server/domain/code/tell-pieces.ts'
import { openBwrap } from '#server/infra/sandbox/bwrap/driver.ts'
import type { SandboxDriver } from '#server/infra/sandbox/driver.ts'
import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import { CodeExecutionPayload, CodeExecutionResult, type CodeRun, type CodeStage } from '#shared/schemas/code.ts'
import type { z } from 'zod'
import { TOOLCHAINS } from './product.ts'

export const PRODUCT_CAPS = Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, CODE_LIMITS[name].max])) as CodeLimitValues
const MIB = 1024 * 1024

export interface TestRunner extends CodeRunner {
  /** Runs a payload as the API would take it; the result must fit its schema. */
  execute(payload: z.input<typeof CodeExecutionPayload>, events?: { onOutput?(piece: OutputPiece): void, signal?: AbortSignal }): Promise<CodeExecutionResult>
  folder: string
}

/** A runner over the real sandbox, with a cache of its own. Throws, with the remedy, where this machine has no sandbox. */
export async function startRunner(options: { driver?: SandboxDriver, caps?: Partial<CodeLimitValues>, cacheBytes?: number, searchPath?: string[], warm?: boolean } = {}): Promise<TestRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'bespin-runner-'))
  const driver = options.driver ?? openBwrap({ searchPath: process.env['PATH'] })
  const runner = await openCodeRunner({
    openSandbox: async () => ({ driver, proof: await driver.probe() }),
    caps: { ...PRODUCT_CAPS, ...options.caps },
    searchPath: options.searchPath ?? (process.env['PATH'] ?? '').split(':'),
    keepOut: [folder],
    cache: { folder: join(folder, 'programs'), maxBytes: options.cacheBytes ?? 64 * MIB },
    preparedFolder: TOOLCHAINS,
    warm: options.warm,
  })
  if (!runner.document.ok) throw new Error(`${runner.document.reason} ${runner.document.remedy}`)
  const close = runner.close
  return Object.assign(runner, {
    folder,
    execute: async (payload: z.input<typeof CodeExecutionPayload>, events = {}) => CodeExecutionResult.parse(await runner.run(CodeExecutionPayload.parse(payload), events)),
    close: async () => {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  })
}

/** The one run of a result; with its whole story in the failure when there is none. */
export function runOf(result: CodeExecutionResult): CodeStage {
  if (!result.run) throw new Error(`There is no run: ${result.message}\n${result.compile?.stderr ?? ''}`)
  return result.run
}
export const runsOf = (result: CodeExecutionResult): CodeRun[] => result.runs ?? []
