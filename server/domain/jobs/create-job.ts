import { AppError } from '#server/domain/app-error.ts'
import { acceptJob, type AcceptedJob } from '#server/domain/engine/accept-jobs.ts'
import { isDataError } from '#server/domain/engine/split-on-data-error.ts'
import { judgeFor } from '#server/domain/jobs/judge-job.ts'
import { openJudges } from '#server/domain/jobs/payload-judges.ts'
import type { CreateJobBody } from '#shared/schemas/job.ts'

/**
 * Creates a job. The payload of a built-in type must fit that type; what is not given takes the defaults of the queue,
 * of the type, of the server. `payloadField` is what messages call the payload; none when its fields are the caller's own.
 * Throws as the judge does, and VALIDATION_ERROR for what PostgreSQL refuses to hold.
 */
export async function createJob(organizationId: string, body: CreateJobBody, payloadField: string | null = 'payload'): Promise<AcceptedJob> {
  const field = payloadField ?? undefined
  const job = judgeFor(organizationId, {}, { judges: await openJudges(organizationId, [body.job_type], field), payloadField: field })(body)
  try {
    return await acceptJob(job)
  }
  catch (error) {
    throw isDataError(error) ? new AppError('VALIDATION_ERROR', dataErrorText(error)) : error
  }
}

/** Says what PostgreSQL had against a row, for example a number with more digits than it keeps. */
export const dataErrorText = (error: unknown): string => `PostgreSQL cannot hold this job: ${(error as Error).message.slice(0, 200)}`
