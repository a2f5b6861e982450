import type { Peer } from 'crossws'
import { getJob } from '#server/domain/jobs/get-job.ts'
import { jobFrames, rankOf, toJobStatusFrame, type JobFrameSource } from '#server/domain/jobs/job-frames.ts'
import { join, sendTo } from '#server/http/live-hub.ts'
import { watchOutput } from '#server/infra/watch-output.ts'
import { isFinal, type JobState } from '#shared/job-states.ts'
import type { JobOutputFrame } from '#shared/schemas/execution.ts'

/**
 * Seats a peer at one job, then sends the status the job has now. Changes that arrive meanwhile, late or twice are
 * recognised by their rank and not sent. Of a job that runs code it is told too what the code prints, from its first byte on.
 */
export async function watchJob({ peer, organizationId, jobId }: { peer: Peer, organizationId: string, jobId: string }): Promise<void> {
  let lastRank = -1
  const onJob = (source: JobFrameSource) => {
    const rank = rankOf(source.change)
    if (rank <= lastRank) return
    lastRank = rank
    sendTo(peer, JSON.stringify(toJobStatusFrame(source)))
  }
  const sendCurrent = async () => {
    const row = await getJob(organizationId, jobId)
    const [source] = await jobFrames(organizationId, [{
      id: row.id, organization_id: organizationId, state: row.state as JobState, run: row.run, progress: row.progress,
      queue_name: row.queueName, job_type: row.jobType, updated_at: row.updatedAt.toISOString(),
    }])
    onJob(source!)
    if (row.jobType === 'code-execution' && !isFinal(row.state as JobState)) watchCode()
  }
  let hasLeft = false
  let stopOutput: (() => void) | undefined
  const watchCode = () => {
    if (hasLeft || stopOutput) return
    stopOutput = watchOutput(jobId, organizationId, chunk => sendTo(peer, JSON.stringify({ type: 'job_output', ...chunk } satisfies JobOutputFrame)))
  }
  const onLeave = () => {
    hasLeft = true
    stopOutput?.()
  }
  join({ room: 'job', key: jobId, peer, onJob, onResync: () => void sendCurrent().catch(() => {}), onLeave })
  await sendCurrent().catch(() => peer.close(1011, 'the job could not be read'))
}
