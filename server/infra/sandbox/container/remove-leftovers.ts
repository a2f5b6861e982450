import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { askEngine, type ContainerEngine } from './container-engine.ts'

const LABEL = 'bespin.box'
const PREFIX = 'bespin-box-'

/** Label of a container: whose machine it is on. (Engines may be far from their clients.) */
export const ownLabels = (): Record<string, string> => ({ [LABEL]: hostname() })
/** Name of a container: which process it belongs to. */
export const newName = (): string => `${PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  }
  catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Removes containers of workers of this machine that are not there any more. They end themselves when their worker dies; this is
 * for an engine that was restarted or cut off meanwhile.
 * @returns how many were removed
 */
export async function removeLeftovers(engine: ContainerEngine): Promise<number> {
  const { stdout } = await askEngine(engine, ['ps', '--all', '--filter', `label=${LABEL}=${hostname()}`, '--format', '{{.Names}}'])
  const dead = stdout.split('\n').map(line => line.trim()).filter((name) => {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    return pid !== undefined && !isAlive(Number(pid))
  })
  if (dead.length) await askEngine(engine, ['rm', '--force', ...dead])
  return dead.length
}
