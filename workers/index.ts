/** The worker process: one BullMQ worker per job type, the control loops, a health and metrics port. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { getConfig } from '#server/config.ts'
import { keepPresence } from '#server/domain/engine/worker-presence.ts'
import { runEnvelope } from '#server/domain/engine/run-envelope.ts'
import { startControlLoops } from '#server/domain/engine/control-loops.ts'
import { closeBelt, workLane } from '#server/infra/belt.ts'
import { closeDatabase } from '#server/infra/database.ts'
import { closeLiveBus } from '#server/infra/live-bus.ts'
import { logger } from '#server/infra/logger.ts'
import { collectProcessMetrics } from '#server/infra/metrics.ts'
import { VERSION } from '#server/infra/version.ts'
import { JOB_TYPE_NAMES, JOB_TYPES, type JobType } from '#shared/job-types.ts'
import { forgetReceiptKeysLoop } from './conveyors/forget-receipt-keys.ts'
import { serveWorkerPort } from './serve-worker-port.ts'
import { PROCESSORS } from './processors/index.ts'
import { runAttempt, type Processor } from './run-attempt.ts'

const config = getConfig()
const workerId = randomUUID()
const lanes = JOB_TYPE_NAMES.filter(lane => !config.workerQueues || config.workerQueues.includes(lane))
let running = 0

const presence = await keepPresence(() => ({
  id: workerId, hostname: hostname(), pid: process.pid, version: VERSION, queues: [...lanes],
  slots: lanes.reduce((sum, lane) => sum + JOB_TYPES[lane].concurrency, 0), running,
}))
const closePort = await serveWorkerPort()
collectProcessMetrics()
const stopLoops = startControlLoops(workerId, [forgetReceiptKeysLoop])
const workers = lanes.map(startLane)
logger().info({ worker: workerId, lanes }, 'worker ready')

function startLane(lane: JobType) {
  return workLane({
    lane, concurrency: JOB_TYPES[lane].concurrency,
    handle: ids => runEnvelope({
      ids, workerId,
      run: job => runAttempt(job, PROCESSORS[lane] as Processor),
      onRunning: (change) => { running += change },
    }),
  })
}

let stopping = false
/** Finishes what runs, takes no more, and leaves nothing behind. */
async function stop(signal: string): Promise<void> {
  if (stopping) return
  stopping = true
  logger().info({ signal, running }, 'worker stops')
  await Promise.all(workers.map(worker => worker.close()))
  await stopLoops()
  await presence()
  await closePort()
  await closeLiveBus()
  await closeBelt()
  await closeDatabase()
  process.exit(0)
}
process.on('SIGTERM', signal => void stop(signal))
process.on('SIGINT', signal => void stop(signal))
