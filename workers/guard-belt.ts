import { beltTrouble } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import type { Lane } from './lane.ts'

const LOOK_MS = 5000

/** Keeps lanes closed while the belt must not be worked on. */
export interface BeltGuard {
  /** Why the lanes are closed; null when they are open. */
  readonly trouble: string | null
  /** Opens the lanes as soon as the belt is free of trouble, and looks again every five seconds. */
  start(): Promise<void>
  stop(): void
}

export function guardBelt(lanes: Lane[]): BeltGuard {
  let trouble: string | null = null
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    const before = trouble
    trouble = await beltTrouble().catch(() => null)
    if (stopped) return
    if (trouble !== null && before === null) logger().error({ reason: trouble }, 'the worker takes no jobs')
    if (trouble === null && before !== null) logger().info('the worker takes jobs again')
    if (trouble === null) for (const lane of lanes) lane.open()
    else await Promise.all(lanes.map(lane => lane.close()))
  }
  return {
    get trouble() { return trouble },
    async start() {
      await look()
      timer = setInterval(() => void look(), LOOK_MS)
    },
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
