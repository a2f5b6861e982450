import { AppError } from '#server/domain/app-error.ts'
import { acceptJobs } from '#server/domain/engine/accept-jobs.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import { isDataError } from '#server/domain/engine/split-on-data-error.ts'
import { dataErrorText } from '#server/domain/jobs/create-job.ts'
import { judgeFor } from '#server/domain/jobs/judge-job.ts'
import { openJudges, type OpenJudges } from '#server/domain/jobs/payload-judges.ts'
import { readRow } from '#server/domain/jobs/read-row.ts'
import type { BulkJobsBody, BulkJobsResult } from '#shared/schemas/bulk-jobs.ts'

/** Jobs that may be accepted, each with its place in the call, and the rows that may not. */
interface Judged { jobs: NewJob[], places: number[], failed: BulkJobsResult['failed'] }

/**
 * Creates many jobs. A bad row is an entry in `failed` and harms no other. Throws only when nothing at all could be
 * written (the database is away).
 */
export async function createJobs(organizationId: string, body: BulkJobsBody): Promise<BulkJobsResult> {
  const { jobs, places, failed } = judgeRows(organizationId, body, await openJudges(organizationId, typesIn(body), 'payload'))
  const results = jobs.length > 0 ? await acceptJobs(jobs) : []
  const succeeded: BulkJobsResult['succeeded'] = []
  results.forEach((result, at) => {
    const index = places[at]!
    if (result instanceof Error) failed.push({ index, error: whyNotWritten(result) })
    else succeeded.push({ index, job_id: result.id, created: result.created })
  })
  if (results.length > 0 && results.every(isOutage)) throw results[0] as Error
  failed.sort((one, other) => one.index - other.index)
  return { succeeded, failed, total: body.jobs.length, success_count: succeeded.length, failure_count: failed.length }
}

/** What the rows, which nobody has looked at yet, say they are. */
function* typesIn({ job_type: usual, jobs }: BulkJobsBody): Generator<string> {
  if (usual !== undefined) yield usual
  for (const row of jobs) {
    const type = (row as { job_type?: unknown } | null)?.job_type
    if (typeof type === 'string') yield type
  }
}

function judgeRows(organizationId: string, body: BulkJobsBody, judges: OpenJudges): Judged {
  const judge = judgeFor(organizationId, body, { judges, payloadField: 'payload' })
  const judged: Judged = { jobs: [], places: [], failed: [] }
  for (let index = 0; index < body.jobs.length; index++) {
    try {
      judged.jobs.push(judge(readRow(body.jobs[index])))
      judged.places.push(index)
    }
    catch (error) {
      if (!(error instanceof AppError)) throw error
      judged.failed.push({ index, error: error.message })
    }
  }
  return judged
}

const isOutage = (result: unknown) => result instanceof Error && !isDataError(result)

function whyNotWritten(error: Error): string {
  return isDataError(error) ? dataErrorText(error) : 'The database did not take this job; send it again.'
}
