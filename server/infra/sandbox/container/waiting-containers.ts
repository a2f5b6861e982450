import type { ContainerShape } from './container-flags.ts'
import type { StartedContainer } from './started-container.ts'

interface Waiting { key: string, container: StartedContainer }

/**
 * Containers that were started and wait for a program: making one costs hundreds of milliseconds, handing over a program
 * single ones. Kept are those of the shapes used last; what is mounted is part of the shape.
 */
export function waitingContainers(options: { most: number, start(shape: ContainerShape): StartedContainer }) {
  const waiting: Waiting[] = []
  const all = new Set<StartedContainer>()
  let closed = false

  const start = (shape: ContainerShape): StartedContainer => {
    const container = options.start(shape)
    all.add(container)
    void container.gone.then(() => all.delete(container))
    return container
  }
  const forget = (container: StartedContainer) => {
    const index = waiting.findIndex(entry => entry.container === container)
    if (index >= 0) waiting.splice(index, 1)
  }

  return {
    /** One of this shape: a waiting one when there is one, else a new one. It is the caller's from now on. */
    take(shape: ContainerShape): StartedContainer {
      const key = JSON.stringify(shape)
      const found = waiting.find(entry => entry.key === key && !entry.container.isGone())
      if (!found) return start(shape)
      forget(found.container)
      return found.container
    },
    /** Called after a run: the next one of this shape shall find a container. Older ones of other shapes make room. */
    refill(shape: ContainerShape): void {
      const key = JSON.stringify(shape)
      if (closed || options.most < 1 || waiting.filter(entry => entry.key === key).length >= options.most) return
      if (waiting.length >= options.most) {
        const oldest = waiting.find(entry => entry.key !== key) ?? waiting[0]!
        forget(oldest.container)
        oldest.container.end()
      }
      const container = start(shape)
      waiting.push({ key, container })
      // An engine that cannot start one now will say so to the run that needs it.
      container.ready.catch(() => forget(container))
      void container.gone.then(() => forget(container))
    },
    /** Ends those that wait and those that run. */
    async close(): Promise<void> {
      closed = true
      waiting.length = 0
      for (const container of all) container.end()
      await Promise.all([...all].map(container => container.gone))
    },
  }
}
export type WaitingContainers = ReturnType<typeof waitingContainers>
