import { hostname } from 'node:os'
import { askEngine, type ContainerEngine } from './container-engine.ts'

const LABEL = 'bespin.box'

/** Label of a container: which process of which machine it belongs to. */
export const ownLabels = (): Record<string, string> => ({ [LABEL]: `${hostname()}/${process.pid}` })

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
  const { stdout } = await askEngine(engine, ['ps', '--all', '--filter', `label=${LABEL}`, '--format', `{{.ID}} {{.Label "${LABEL}"}}`])
  const dead = stdout.split('\n').flatMap((line) => {
    const [id, owner = ''] = line.trim().split(' ')
    const [host, pid] = owner.split('/')
    return id && host === hostname() && !isAlive(Number(pid)) ? [id] : []
  })
  if (dead.length) await askEngine(engine, ['rm', '--force', ...dead])
  return dead.length
}
