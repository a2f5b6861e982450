import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'
import type { BoxOutcome, BoxSpec, SandboxDriver, WarmSpec } from '../../../../server/infra/sandbox/driver.ts'
import { LIMITS } from './driver-contract.ts'

const SOURCE = '.main.sh'
export const WAITING_SHELL: WarmSpec = { argv: ['/bin/sh', `/work/${SOURCE}`], env: {}, mounts: [], limits: LIMITS, source: SOURCE, atMost: 2 }
const quote = (arg: string) => `'${arg.replaceAll('\'', '\'\\\'\'')}'`

/** The same shell program, for a shell that reads it from its source; as it is where disk is scarce, for the source would count. */
export function asSource(spec: BoxSpec): BoxSpec {
  const [shell, option, script, , ...args] = spec.argv
  if (shell !== '/bin/sh' || option !== '-c' || spec.limits.diskBytes < LIMITS.diskBytes) return spec
  const source = { path: SOURCE, content: Buffer.from(`set -- ${args.map(quote).join(' ')}\n${script}`) }
  return { ...spec, argv: WAITING_SHELL.argv, files: [...spec.files, source], warm: 'shell' }
}

/** The bwrap driver with shells that wait: shell programs are run by those wherever it may be. Counts how each run was made. */
export function openWaiting(cgroups: 'auto' | 'none', modes: Record<BoxOutcome['mode'], number>): SandboxDriver {
  const driver = openBwrap({ cgroups })
  let running = 0
  return {
    ...driver,
    async run(spec, events) {
      // One that waits, unless others run at the same time.
      if (running++ === 0) await driver.prepare('shell', WAITING_SHELL)
      const outcome = await driver.run(asSource(spec), events)
      running--
      modes[outcome.mode]++
      return outcome
    },
  }
}
