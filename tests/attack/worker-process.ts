import { mkdirSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { MissingLanguageError, openCodeRunner } from '#server/domain/code/code-runner.ts'
import { openBwrap } from '#server/infra/sandbox/bwrap/driver.ts'
import { findShim } from '#server/infra/sandbox/find-shim.ts'
import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { FromWorker, ToWorker, WorkerOptions } from './local-target.ts'

// A code worker as it is in production, without a queue: its own process, which may be one of a user without rights.
const NOBODY = 65_534
const MIB = 1024 * 1024
const { cgroups, unprivileged, warm, folder, preparedFolder } = JSON.parse(process.argv[2]!) as WorkerOptions
const programs = join(folder, 'programs')
mkdirSync(programs, { recursive: true, mode: 0o700 })
if (unprivileged) chownSync(programs, NOBODY, NOBODY)

/** What a machine without cgroups or without root leaves of the sandbox. The sources may lie where nobody may not walk: they are read before. */
function openDriver() {
  const shim = findShim()
  if (unprivileged) {
    process.setgroups!([])
    process.setgid!(NOBODY)
    process.setuid!(NOBODY)
  }
  return openBwrap({ searchPath: process.env['PATH'], cgroups, shim })
}

const runner = await openCodeRunner({
  openSandbox: async () => {
    const driver = openDriver()
    return { driver, proof: await driver.probe() }
  },
  caps: Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, CODE_LIMITS[name].max])) as CodeLimitValues,
  searchPath: (process.env['PATH'] ?? '').split(':'),
  keepOut: [folder],
  cache: { folder: programs, maxBytes: 64 * MIB },
  preparedFolder, warm,
})
const send = (message: FromWorker) => process.send!(message)

async function answer({ id, payload }: ToWorker): Promise<void> {
  const parsed = CodeExecutionPayload.safeParse(payload)
  if (!parsed.success) return void send({ id, refused: parsed.error.message })
  try {
    send({ id, result: await runner.run(parsed.data) })
  }
  catch (error) {
    if (error instanceof MissingLanguageError) send({ id, refused: error.message })
    else send({ id, failed: error instanceof Error ? error.message : String(error) })
  }
}

process.on('message', (message: ToWorker | { close: true }) => {
  if ('close' in message) void runner.close().then(() => process.disconnect())
  else void answer(message)
})
send({ id: 0, document: runner.document })
