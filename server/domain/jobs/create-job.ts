import { AppError } from '#server/domain/app-error.ts'
import { acceptJob, type AcceptedJob } from '#server/domain/engine/accept-jobs.ts'
import type { CreateJobBody } from '#shared/schemas/job.ts'
import { JOB_TYPES } from '#shared/job-types.ts'

/** Largest payload, bytes of JSON (the contract of `/api/v1`). */
export const PAYLOAD_MAX_BYTES = 1024 * 1024
const EXTERNAL_DEFAULTS = { maxRetries: 3, timeoutSeconds: 300 }

/** Creates a job. The payload of a built-in type must fit that type; what is not given takes the type's defaults. */
export async function createJob(organizationId: string, body: CreateJobBody): Promise<AcceptedJob> {
  const rule = body.job_type ? JOB_TYPES[body.job_type] : undefined
  const payload = rule ? checkPayload(rule.payload, body.payload) : body.payload
  if (Buffer.byteLength(JSON.stringify(payload)) > PAYLOAD_MAX_BYTES) {
    throw new AppError('PAYLOAD_TOO_LARGE', `The payload has more than ${PAYLOAD_MAX_BYTES} bytes. Store large data elsewhere and send a reference.`)
  }
  return acceptJob({
    organizationId, payload,
    queueName: body.queue_name ?? body.job_type!,
    jobType: body.job_type ?? null,
    priority: body.priority,
    maxRetries: body.max_retries ?? (rule ?? EXTERNAL_DEFAULTS).maxRetries,
    timeoutSeconds: body.timeout_seconds ?? (rule ?? EXTERNAL_DEFAULTS).timeoutSeconds,
    backoff: body.backoff, tags: body.tags, idempotencyKey: body.idempotency_key, scheduledAt: body.scheduled_at,
  })
}

function checkPayload(schema: (typeof JOB_TYPES)[keyof typeof JOB_TYPES]['payload'], payload: unknown): unknown {
  const parsed = schema.safeParse(payload)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map(issue => ({ field: ['payload', ...issue.path].join('.'), message: issue.message, code: issue.code ?? 'invalid' }))
  throw new AppError('VALIDATION_ERROR', details.map(detail => `${detail.field} ${detail.message}`).join('; '), { details })
}
