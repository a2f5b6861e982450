/** The worker process: one lane per job type, the control loops, a health and metrics port. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { getConfig } from '#server/config.ts'
import { keepPresence } from '#server/domain/engine/worker-presence.ts'
import { keepWritingTimes } from '#server/domain/engine/note-times.ts'
import { startControlLoops } from '#server/domain/engine/control-loops.ts'
import { closeBelt } from '#server/infra/belt.ts'
import { closeDatabase } from '#server/infra/database.ts'
import { closeLiveBus, subscribe, type LiveItems } from '#server/infra/live-bus.ts'
import { logger } from '#server/infra/logger.ts'
import { collectProcessMetrics } from '#server/infra/metrics.ts'
import { VERSION } from '#server/infra/version.ts'
import { hearWatches } from '#server/infra/tell-output.ts'
import { JOB_TYPE_NAMES } from '#shared/job-types.ts'
import { forgetReceiptKeysLoop } from './conveyors/forget-receipt-keys.ts'
import { forgetActionItemsLoop, runJobActionsLoop } from './conveyors/run-job-actions.ts'
import { drain } from './drain.ts'
import { guardBelt } from './guard-belt.ts'
import { handlerTimes } from './handler-times.ts'
import { createLane } from './lane.ts'
import { laneSlots } from './lane-slots.ts'
import { closePools } from './outside/pools.ts'
import { proveRunner } from './prove-runner.ts'
import { cancelRuns, runningCount, runningIds } from './running-runs.ts'
import { serveWorkerPort } from './serve-worker-port.ts'
import { watchIdleLane } from './watch-idle-lane.ts'

/** The launcher kills after 6 s. */
const STOP_WITHIN_MS = 5700
const SHOWN_JOBS = 100

const config = getConfig()
const workerId = randomUUID()
// What nobody trusts is run by a process of its own, unless told otherwise.
const names = JOB_TYPE_NAMES.filter(lane => config.workerQueues ? config.workerQueues.includes(lane) : lane !== 'code-execution')
const onlyCode = names.length === 1 && names[0] === 'code-execution'
const lanes = names.map(name => createLane(name, workerId))
// The lane of code stays shut until its sandbox is proven.
const guard = guardBelt(lanes, { isShut: lane => lane.name === 'code-execution' && runner?.trouble !== null })
const runner = names.includes('code-execution') ? proveRunner(() => guard.look()) : undefined
const stopping = new AbortController()

const status = () => stopping.signal.aborted || guard.isDrained ? 'draining' as const : guard.trouble || (onlyCode && runner?.trouble) ? 'refusing' as const : 'running' as const
const memory = () => {
  const { rss, heapUsed } = process.memoryUsage()
  return { rssBytes: rss, heapBytes: heapUsed }
}
const endPresence = await keepPresence({
  describe: () => ({
    id: workerId, name: config.workerName ?? `${hostname()}-${process.pid}`, hostname: hostname(), pid: process.pid, version: VERSION, queues: [...names],
    slots: names.reduce((sum, name) => sum + laneSlots(name), 0), running: runningCount(), status: status(),
    handlerMs: handlerTimes(), jobIds: runningIds(SHOWN_JOBS), memory: memory(), runner: runner?.document,
  }),
  onCancel: cancelRuns,
  onDrain: guard.drain,
})
const closePort = await serveWorkerPort(onlyCode ? runner : undefined)
collectProcessMetrics()
const stopTimes = keepWritingTimes()
const stopLoops = onlyCode ? async () => {} : startControlLoops(workerId, [forgetReceiptKeysLoop, runJobActionsLoop, forgetActionItemsLoop])
// The fast way of a cancel; the sure one is the answer to the heartbeat.
const unsubscribe = subscribe('bespin_control', {
  onItems: (topic, items) => {
    if (topic === 'cancels') cancelRuns(items.map(item => (item as LiveItems['cancels']).id))
    if (topic === 'watches' && runner) hearWatches(items as LiveItems['watches'][])
  },
  onResync: () => {},
})
await guard.start()
for (const lane of lanes) {
  void watchIdleLane(lane, {
    signal: stopping.signal,
    giveUp: ({ name }) => void stop(`lane ${name} stands still beside waiting jobs, even with a new connection`, 1),
  })
}
logger().info({ worker: workerId, lanes: names }, 'worker ready')

/** Finishes or hands back what runs, takes no more, and leaves nothing behind. */
async function stop(reason: string, exitCode: number): Promise<void> {
  if (stopping.signal.aborted) return
  stopping.abort()
  setTimeout(() => process.exit(exitCode), STOP_WITHIN_MS)
  logger().info({ reason, running: runningCount() }, 'worker stops')
  guard.stop()
  const [left] = await Promise.all([drain(lanes), stopLoops()])
  if (left > 0) logger().warn({ jobs: left }, 'the ends of some runs could not be written; their jobs run again when their lease is over')
  closePools()
  await runner?.close()
  await stopTimes()
  await endPresence()
  await Promise.all([closePort(), unsubscribe()])
  await closeLiveBus()
  await closeBelt()
  await closeDatabase()
  process.exit(exitCode)
}
if (runner) process.on('SIGHUP', runner.prove)
process.on('SIGTERM', signal => void stop(signal, 0))
process.on('SIGINT', signal => void stop(signal, 0))
