import { publish } from '#server/infra/live-bus.ts'
import { saveProgress, type ClaimedJob } from '#server/domain/engine/store.ts'

const TELL_MS = 100
const SAVE_MS = 1000

/**
 * Makes the progress function of one run (0 to 1, never backwards): told to the live bus at most every 100 ms, written
 * to the row at most once a second. Best effort: never throws, whatever it is given.
 */
export function progressReporter(job: ClaimedJob): (share: number) => void {
  let highest = 0
  let toldAt = 0
  let savedAt = Date.now()
  return (share) => {
    if (!(share > highest)) return
    const now = Date.now()
    if (now - toldAt < TELL_MS) return
    highest = Math.min(1, share)
    toldAt = now
    publish('jobs', [{
      id: job.id, organization_id: job.organizationId, state: 'running', run: job.run, progress: highest,
      queue_name: job.queueName, job_type: job.jobType, updated_at: new Date(now).toISOString(),
    }])
    if (now - savedAt < SAVE_MS) return
    savedAt = now
    saveProgress(job.id, job.run, highest).catch(() => {})
  }
}
