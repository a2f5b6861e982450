import { readFlow, readOldestWaiting, type Flow } from '#server/domain/engine/read-minutes.ts'
import type { QueueSource } from '#server/domain/queues/present-queue.ts'
import type { QueueFigures } from '#shared/schemas/queue.ts'

/** How queues move now. Their cost does not grow with the jobs they hold. */
export async function readFigures(organizationId: string, queues: QueueSource[]): Promise<Map<string, QueueFigures>> {
  const waiting = queues.filter(({ count }) => (count?.pending ?? 0) > 0)
  const [flows, oldest] = await Promise.all([
    readFlow(organizationId),
    waiting.length === 0 ? new Map<string, Date>() : readOldestWaiting(organizationId, waiting.map(({ name, count }) => ({ name, jobTypes: count!.jobTypes }))),
  ])
  return new Map(queues.map(queue => [queue.name, toFigures(queue, flows.get(queue.name), oldest.get(queue.name))]))
}

function toFigures({ row, count }: QueueSource, flow: Flow | undefined, oldest: Date | undefined): QueueFigures {
  const perSecond = (jobs = 0) => Math.round(1000 * jobs / (flow?.seconds ?? 1)) / 1000
  const [into, out] = [perSecond(flow?.created), perSecond(flow?.ended)]
  return {
    in_per_second: into, out_per_second: out,
    oldest_waiting_seconds: oldest ? Math.max(0, Math.round((Date.now() - oldest.getTime()) / 100) / 10) : null,
    drain_seconds: drainSeconds({ waiting: count?.pending ?? 0, net: row?.pausedAt ? 0 : out - into }),
  }
}

/** Seconds until nothing waits if it goes on like this; null when it never ends that way. */
function drainSeconds({ waiting, net }: { waiting: number, net: number }): number | null {
  if (waiting === 0) return 0
  return net > 0 ? Math.ceil(waiting / net) : null
}
