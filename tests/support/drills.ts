import type { DrillPayload } from '#shared/schemas/drill.ts'
import type { CreateJobBody, Job } from '#shared/schemas/job.ts'
import { call } from './api.ts'
import { until } from './until.ts'

export const DRILL_TYPES = ['drill', 'drill-thread', 'drill-process'] as const
export type DrillType = (typeof DRILL_TYPES)[number]

/** Creates a drill and answers its id. */
export async function createDrill(url: string, type: DrillType, payload: DrillPayload, more: Partial<CreateJobBody> = {}): Promise<string> {
  const { status, body, text } = await call(url, 'POST /api/v1/jobs', { body: { job_type: type, payload, ...more } as never })
  if (status !== 201) throw new Error(`The drill was not created: ${text}`)
  return body.id as string
}

export const readJob = async (url: string, id: string): Promise<Job> => (await call(url, 'GET /api/v1/jobs/:id', { params: { id } })).body as unknown as Job

/** Waits until a job is in one of these states and answers it. */
export const inState = (url: string, id: string, states: Job['state'][], seconds = 15): Promise<Job> => until(async () => {
  const job = await readJob(url, id)
  return states.includes(job.state) && job
}, { seconds, what: `job ${id} being ${states.join(' or ')}` })

/** Waits until a job is over, however it ended. */
export const ended = (url: string, id: string, seconds = 15): Promise<Job> => inState(url, id, ['completed', 'failed', 'cancelled', 'expired'], seconds)
