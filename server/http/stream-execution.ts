import type { ServerResponse } from 'node:http'
import { AppError } from '#server/domain/app-error.ts'
import { getExecution } from '#server/domain/code/read-executions.ts'
import { listenToJob } from '#server/http/job-listeners.ts'
import { watchOutput } from '#server/infra/watch-output.ts'
import { isFinal, type JobState } from '#shared/job-states.ts'
import type { Execution } from '#shared/schemas/execution.ts'
import type { JobChange } from '#shared/schemas/live.ts'

/** Streams of one organization that one web process keeps open. */
export const STREAMS_MAX = 200
/** Above this many unsent bytes a reader is too slow and is cut off; it may come back and gets everything from the start. */
const MAX_BUFFERED = 4 * 1024 * 1024
const KEEP_ALIVE_MS = 15_000
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

const open = new Map<string, number>()

interface Stream { organizationId: string, jobId: string, response: ServerResponse }

/**
 * Server-sent events of an execution: `status` (at first, and with each change of state), `output` (what it prints, from the
 * first byte on), at the end `result` (the whole job), and then the stream ends. Resolves when it is closed. Throws NOT_FOUND,
 * and RATE_LIMIT_EXCEEDED when the organization has too many streams.
 */
export async function streamExecution(stream: Stream): Promise<void> {
  const release = takePlace(stream.organizationId)
  try {
    // Throws before anything is sent, so that the client gets an ordinary answer.
    const known = await getExecution(stream.organizationId, stream.jobId)
    stream.response.writeHead(200, HEADERS)
    await tellAll({ ...stream, jobId: known.job_id }, known).finally(() => stream.response.end())
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
  const over = Promise.withResolvers<undefined>()
  const gone = () => over.resolve(undefined)
  response.once('close', gone)
  const tell = (event: string, data: unknown) => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    // A reader that does not keep up costs memory; destroying the connection frees it at once.
    if (response.writableLength > MAX_BUFFERED) response.destroy()
  }
  let told: JobState | undefined
  const onState = (state: JobState, run: number) => {
    if (state !== told) tell('status', { job_id: jobId, state, run })
    told = state
    if (isFinal(state)) over.resolve(undefined)
  }
  const refresh = () => void getExecution(organizationId, jobId).then(({ state, attempts }) => onState(state, attempts)).catch(gone)
  const stops = [
    listenToJob(jobId, organizationId, { onChange: ({ state, run }: JobChange) => onState(state, run), onResync: refresh, onClose: gone }),
    ...(isFinal(known.state) ? [] : [watchOutput(jobId, organizationId, chunk => tell('output', chunk))]),
  ]
  const timer = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS)
  try {
    onState(known.state, known.attempts)
    // It may have changed between the first look and the first word of the bus.
    refresh()
    await over.promise
    if (response.writable && told !== undefined && isFinal(told)) tell('result', await getExecution(organizationId, jobId))
  }
  finally {
    clearInterval(timer)
    response.off('close', gone)
    for (const stop of stops) stop()
  }
}
