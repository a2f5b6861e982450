import { beltTrouble } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import type { Lane } from './lane.ts'

const LOOK_MS = 5000

/** Keeps lanes closed while the belt must not be worked on, or somebody wants this worker to take no more. */
export interface BeltGuard {
  /** What is wrong with the belt; null when nothing is. */
  readonly trouble: string | null
  /** True while the worker is to take no more. */
  readonly isDrained: boolean
  /** Closes the lanes until it is taken back; what runs goes on. Does nothing when it is so already. */
  drain(isWanted: boolean): void
  /** Opens the lanes as soon as the belt is free of trouble, and looks again every `lookMs`. */
  start(): Promise<void>
  /** Opens and closes lanes by what `isShut` says now. */
  look(): void
  stop(): void
}

/** `isShut`: a lane that must not be opened for a reason of its own. */
export function guardBelt(lanes: Lane[], { lookMs = LOOK_MS, isShut = () => false }: { lookMs?: number, isShut?(lane: Lane): boolean } = {}): BeltGuard {
  let trouble: string | null = null
  let stopped = false
  let isDrained = false
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    const before = trouble
    trouble = await beltTrouble().catch(() => null)
    if (stopped) return
    if (trouble !== null && before === null) logger().error({ reason: trouble }, 'the worker takes no jobs')
    if (trouble === null && before !== null) logger().info('the worker takes jobs again')
    await apply()
  }
  const apply = async () => {
    await Promise.all(lanes.map(lane => trouble === null && !isDrained && !isShut(lane) ? lane.open() : lane.close()))
  }
  return {
    get trouble() { return trouble },
    get isDrained() { return isDrained },
    drain(isWanted) {
      if (stopped || isWanted === isDrained) return
      isDrained = isWanted
      logger().info(isWanted ? 'an operator wants this worker to take no more' : 'an operator wants this worker to take jobs again')
      void apply()
    },
    look() {
      if (!stopped) void apply()
    },
    async start() {
      await look()
      timer = setInterval(() => void look(), lookMs)
    },
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
