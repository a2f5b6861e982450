import type { ServerResponse } from 'node:http'
import { AppError } from '#server/domain/app-error.ts'
import { getExecution } from '#server/domain/code/read-executions.ts'
import { rankOf } from '#server/domain/jobs/job-frames.ts'
import { openEventStream } from '#server/http/event-stream.ts'
import { listenToJob } from '#server/http/job-listeners.ts'
import { watchOutput } from '#server/infra/watch-output.ts'
import { isFinal, type JobState } from '#shared/job-states.ts'
import type { Execution } from '#shared/schemas/execution.ts'
import type { JobChange } from '#shared/schemas/live.ts'

/** Streams of one organization that one web process keeps open. */
export const STREAMS_MAX = 200

const open = new Map<string, number>()

interface Stream { organizationId: string, jobId: string, response: ServerResponse }

/**
 * Server-sent events of an execution: `status` (at first, and with each change of state), `output` (what it prints, from the
 * first byte on), at the end `result` (the whole job), and then the stream ends. A reader that is too slow is cut off; it may come
 * back and is told everything again. Resolves when it is closed. Throws NOT_FOUND, and RATE_LIMIT_EXCEEDED when the organization
 * has too many streams.
 */
export async function streamExecution(stream: Stream): Promise<void> {
  const release = takePlace(stream.organizationId)
  try {
    // Throws before anything is sent, so that the client gets an ordinary answer.
    const known = await getExecution(stream.organizationId, stream.jobId)
    await tellAll({ ...stream, jobId: known.job_id }, known)
  }
  finally {
    release()
  }
}

function takePlace(organizationId: string): () => void {
  const count = open.get(organizationId) ?? 0
  if (count >= STREAMS_MAX) {
    throw new AppError('RATE_LIMIT_EXCEEDED', `This organization has ${STREAMS_MAX} streams open, the most there may be. Close some, or ask for the job with ?wait=60.`, { headers: { 'retry-after': '5' } })
  }
  open.set(organizationId, count + 1)
  return () => {
    const left = open.get(organizationId)! - 1
    if (left > 0) open.set(organizationId, left)
    else open.delete(organizationId)
  }
}

async function tellAll({ organizationId, jobId, response }: Stream, known: Execution): Promise<void> {
  const over = Promise.withResolvers<boolean>()
  const gone = () => over.resolve(false)
  response.once('close', gone)
  const { tell, close } = openEventStream(response)
  let lastRank = -1
  // The record may answer late what the bus has told meanwhile.
  const onState = (state: JobState, run: number) => {
    const rank = rankOf({ state, run })
    if (rank <= lastRank) return
    lastRank = rank
    tell('status', { job_id: jobId, state, run })
    if (isFinal(state)) over.resolve(true)
  }
  const refresh = () => void getExecution(organizationId, jobId).then(({ state, attempts }) => onState(state, attempts)).catch(gone)
  const stops = [
    listenToJob(jobId, organizationId, { onChange: ({ state, run }: JobChange) => onState(state, run), onResync: refresh, onClose: gone }),
    ...(isFinal(known.state) ? [] : [watchOutput(jobId, organizationId, chunk => tell('output', chunk))]),
  ]
  try {
    onState(known.state, known.attempts)
    // It may have changed between the first look and the first word of the bus.
    refresh()
    if (await over.promise) tell('result', await getExecution(organizationId, jobId))
  }
  finally {
    response.off('close', gone)
    for (const stop of stops) stop()
    close()
  }
}
