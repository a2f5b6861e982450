import { judgeSubmission } from '#server/domain/code/judge-submission.ts'
import { readCourt } from '#server/domain/code/read-court.ts'
import { RECEIVED } from '#server/domain/code/present-execution.ts'
import { createJob } from '#server/domain/jobs/create-job.ts'
import type { JudgePayload } from '#server/domain/jobs/payload-judges.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { Submitted } from '#shared/schemas/execution.ts'
import { CreateJobBody } from '#shared/schemas/job.ts'

/** The judge of `code-execution` payloads on every way in: paths of their own, single jobs, bulk calls, a retry with another payload. */
export async function openCodeJudge(organizationId: string, field: string | undefined): Promise<JudgePayload> {
  const court = await readCourt(organizationId)
  return payload => judgeSubmission(payload as CodeExecutionPayload, { ...court, field })
}

/**
 * Judges code and queues it; answers in Ignis' words. Throws VALIDATION_ERROR with the fields that are wrong,
 * SERVICE_UNAVAILABLE when nothing can be run, PAYLOAD_TOO_LARGE: nothing is queued then.
 */
export async function submitCode(organizationId: string, payload: CodeExecutionPayload): Promise<Submitted> {
  const { id } = await createJob(organizationId, CreateJobBody.parse({ job_type: 'code-execution', payload }), null)
  return { job_id: id, language: payload.language, status: 'received', message: RECEIVED }
}

/** The same as the `/api/jobs` paths answer it: the id under the three names their clients read. */
export async function createCodeExecution(organizationId: string, payload: CodeExecutionPayload) {
  const { job_id: id } = await submitCode(organizationId, payload)
  return { id, job_id: id, jobId: id, status: 'pending' as const }
}
