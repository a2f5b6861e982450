import { delimiter, join } from 'node:path'
import { getConfig } from '#server/config.ts'
import { createContainerDriver } from '#server/infra/sandbox/container/container-driver.ts'
import { openSandbox } from '#server/infra/sandbox/open-sandbox.ts'
import { openCodeRunner, type CodeRunner } from './code-runner.ts'

export type { CodeRunner } from './code-runner.ts'

const MIB = 1024 * 1024
let opened: Promise<CodeRunner> | undefined

/** The runner of this process, opened and proven by whoever asks first. A sandbox that does not hold is no error: its document says so. */
export function openRunner(): Promise<CodeRunner> {
  opened ??= open()
  return opened
}

async function open(): Promise<CodeRunner> {
  const { dataDir, codeCacheMb, codeWarm, codeCaps, codeToolchains, sandbox, containers, searchPath } = getConfig()
  return openCodeRunner({
    openSandbox: () => openSandbox({ kind: sandbox, searchPath: searchPath.join(delimiter), container: () => createContainerDriver(containers) }),
    caps: codeCaps, searchPath, keepOut: [dataDir],
    cache: { folder: join(dataDir, 'code/programs'), maxBytes: codeCacheMb * MIB },
    preparedFolder: codeToolchains, warm: codeWarm,
  })
}
