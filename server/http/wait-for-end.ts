import type { ServerResponse } from 'node:http'
import { getExecution } from '#server/domain/code/read-executions.ts'
import { listenToJob } from '#server/http/job-listeners.ts'
import { isFinal } from '#shared/job-states.ts'
import type { Execution } from '#shared/schemas/execution.ts'

/**
 * An execution as soon as it is over, or as it is when `seconds` have passed or the client has gone. The live bus says when it
 * is over; the record is asked before, and again when something was missed. Throws NOT_FOUND.
 */
export async function waitForEnd({ organizationId, jobId, seconds, response }: { organizationId: string, jobId: string, seconds: number, response: ServerResponse }): Promise<Execution> {
  const end = Promise.withResolvers<undefined>()
  const close = () => end.resolve(undefined)
  // Listening comes before asking: what happens in between is told.
  const stop = listenToJob(jobId.toLowerCase(), organizationId, {
    onChange: ({ state }) => { if (isFinal(state)) close() },
    onResync: () => void getExecution(organizationId, jobId).then(({ state }) => { if (isFinal(state)) close() }).catch(() => {}),
    onClose: close,
  })
  const timer = setTimeout(close, seconds * 1000)
  response.once('close', close)
  try {
    const known = await getExecution(organizationId, jobId)
    if (isFinal(known.state) || seconds === 0) return known
    await end.promise
    return await getExecution(organizationId, jobId)
  }
  finally {
    clearTimeout(timer)
    response.off('close', close)
    stop()
  }
}
