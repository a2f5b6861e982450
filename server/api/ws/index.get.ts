import { defineWebSocketHandler } from 'h3'
import { AppError } from '#server/domain/app-error.ts'
import { watchJob } from '#server/http/watch-job.ts'
import { getJob } from '#server/domain/jobs/get-job.ts'
import { leave } from '#server/http/live-hub.ts'
import { upgradeWith } from '#server/http/sockets.ts'
import { Id } from '#shared/schemas/primitives.ts'

/** One job: its latest status at once, then each change. */
export default defineWebSocketHandler({
  upgrade: upgradeWith(async ({ caller, url }) => {
    const jobId = url.searchParams.get('job_id')
    if (!jobId) throw new AppError('BAD_REQUEST', 'job_id is required: /api/ws?job_id=<id of the job>.')
    if (!Id.safeParse(jobId).success) throw new AppError('NOT_FOUND', `There is no job ${jobId.slice(0, 100)}.`)
    await getJob(caller.organizationId, jobId)
    return { organizationId: caller.organizationId, jobId: jobId.toLowerCase() }
  }),
  open(peer) {
    const { organizationId, jobId } = peer.context as { organizationId: string, jobId: string }
    return watchJob({ peer, organizationId, jobId })
  },
  close: leave,
  error: leave,
})
