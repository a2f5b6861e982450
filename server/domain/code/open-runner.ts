import { delimiter, join } from 'node:path'
import { getConfig } from '#server/config.ts'
import { createContainerDriver } from '#server/infra/sandbox/container/container-driver.ts'
import { openSandbox } from '#server/infra/sandbox/open-sandbox.ts'
import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import { openCodeRunner, type CodeRunner } from './code-runner.ts'

export type { CodeRunner } from './code-runner.ts'

const MIB = 1024 * 1024
/** What the product allows at most. */
const PRODUCT_CAPS = Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, CODE_LIMITS[name].max])) as CodeLimitValues
let opened: Promise<CodeRunner> | undefined

/** The runner of this process, opened and proven by whoever asks first. A sandbox that does not hold is no error: its document says so. */
export function openRunner(): Promise<CodeRunner> {
  opened ??= open()
  return opened
}

async function open(): Promise<CodeRunner> {
  const { dataDir, codeCacheMb, sandbox, containers, searchPath } = getConfig()
  const folder = join(dataDir, 'code')
  return openCodeRunner({
    openSandbox: () => openSandbox({ kind: sandbox, searchPath: searchPath.join(delimiter), container: () => createContainerDriver(containers) }),
    caps: PRODUCT_CAPS, searchPath, keepOut: [dataDir],
    cache: { folder: join(folder, 'programs'), maxBytes: codeCacheMb * MIB },
    preparedFolder: join(folder, 'toolchains'),
  })
}
