import { AppError } from '#server/domain/app-error.ts'
import { askToDrain, askToResume, forgetWorker, type WorkerAction } from '#server/domain/engine/ask-worker.ts'
import { getWorker } from '#server/domain/queues/read-workers.ts'
import type { Worker } from '#shared/schemas/worker.ts'

/**
 * Asks a worker process to take no more and to finish what it has; its control loops go on. One that is asked already
 * stays as it is. Throws NOT_FOUND, and CONFLICT for one that is lost.
 */
export async function drainWorker(action: WorkerAction): Promise<Worker> {
  await askToDrain(action)
  const worker = await getWorker(action.organizationId, action.id)
  if (worker.status === 'offline') throw new AppError('CONFLICT', `Worker ${worker.name} has not been heard of since ${worker.last_heartbeat}: it hears nothing. Its jobs run again elsewhere; remove it with DELETE /api/v1/workers/${worker.id}.`)
  return worker
}

/** Lets a worker process take jobs again. Throws NOT_FOUND. */
export async function resumeWorker(action: WorkerAction): Promise<Worker> {
  await askToResume(action)
  return getWorker(action.organizationId, action.id)
}

/** Forgets a worker process that is lost. Throws NOT_FOUND, and CONFLICT for one that lives. */
export async function removeWorker(action: WorkerAction): Promise<void> {
  if (await forgetWorker(action)) return
  const worker = await getWorker(action.organizationId, action.id)
  throw new AppError('CONFLICT', `Worker ${worker.name} lives (process ${worker.pid} on ${worker.hostname}, last heard ${worker.last_heartbeat}): drain it and stop its process; it goes by itself then.`)
}
