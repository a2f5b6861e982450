import { AppError } from '#server/domain/app-error.ts'
import { getConfig } from '#server/config.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import { queueRule, type QueueRule } from '#server/domain/engine/queue-rules.ts'
import { needsJudge, NO_JUDGES, type OpenJudges } from '#server/domain/jobs/payload-judges.ts'
import { serialisePayload, serialiseTags } from '#server/domain/jobs/serialise-json.ts'
import { fromIssues, invalidField } from '#server/domain/jobs/validation-error.ts'
import { ruleOf, type JobType, type JobTypeRule } from '#shared/job-types.ts'
import type { JobFields } from '#shared/schemas/job.ts'

/** What a call says for all of its jobs that do not say otherwise. */
export interface CallDefaults { queue_name?: string, job_type?: JobType, default_priority?: number, default_max_retries?: number, default_timeout_seconds?: number }

/** Where a job goes, and what it takes from there. */
interface Target { queueName: string, jobType: JobType | null, type: JobTypeRule | undefined, priority: number, maxRetries: number, timeoutSeconds: number | undefined }

const DEFAULTS = { maxRetries: 3, timeoutSeconds: 300 }

/** The opened judges of the types in question (payload-judges.ts), and what the payload is called in messages. */
export interface JudgeOptions { judges?: OpenJudges, payloadField?: string }

/**
 * Makes the judge of the jobs of one call: from fields that fit the schema to a job the engine accepts. It throws
 * VALIDATION_ERROR (a payload its type does not take, tags too large, no queue), PAYLOAD_TOO_LARGE, CONFLICT (the queue
 * is disabled), and what the type's own judge throws.
 */
export function judgeFor(organizationId: string, call: CallDefaults = {}, options: JudgeOptions = { payloadField: 'payload' }): (fields: JobFields) => NewJob {
  let usual: Target | undefined
  const targetOf = (fields: JobFields) => fields.queue_name === undefined && fields.job_type === undefined
    ? usual ??= findTarget(organizationId, call)
    : findTarget(organizationId, { ...call, queue_name: fields.queue_name ?? call.queue_name, job_type: fields.job_type ?? call.job_type })
  return (fields) => {
    const target = targetOf(fields)
    const { type } = target
    const payload = fitPayload(target, fields.payload, options)
    return {
      organizationId, queueName: target.queueName, jobType: target.jobType,
      payload: serialisePayload(payload, type?.payloadMaxBytes),
      priority: fields.priority ?? target.priority,
      maxRetries: fields.max_retries ?? target.maxRetries,
      timeoutSeconds: fields.timeout_seconds ?? target.timeoutSeconds ?? type?.timeoutFor?.(payload) ?? (type ?? DEFAULTS).timeoutSeconds,
      backoff: fields.backoff, tags: fields.tags && serialiseTags(fields.tags),
      idempotencyKey: fields.idempotency_key, idempotencyWindowSeconds: fields.idempotency_window_seconds,
      scheduledAt: fields.scheduled_at, expiresAt: fields.expires_at,
      orderingKey: fields.ordering_key, concurrencyKey: fields.concurrency_key,
    }
  }
}

function findTarget(organizationId: string, call: CallDefaults): Target {
  const { job_type: jobType, queue_name: queueName = jobType } = call
  if (queueName === undefined) throw invalidField('queue_name', 'is required when there is no job_type')
  const type = jobType && allowedType(jobType)
  const queue = queueRule(organizationId, queueName)
  if (queue?.enabled === false) {
    throw new AppError('CONFLICT', `The queue ${queueName} takes no new jobs. To enable it: PUT /api/v1/queues/${queueName}/config with {"enabled": true}.`)
  }
  return { queueName, jobType: jobType ?? null, type, priority: call.default_priority ?? 0, ...limitsOf(call, { queue, type }) }
}

/** The call speaks before the queue, the queue before the job type. */
function limitsOf(call: CallDefaults, { queue, type = DEFAULTS }: { queue?: QueueRule, type?: Pick<JobTypeRule, 'maxRetries'> }) {
  return {
    maxRetries: call.default_max_retries ?? queue?.maxRetries ?? type.maxRetries,
    timeoutSeconds: call.default_timeout_seconds ?? queue?.timeoutSeconds ?? undefined,
  }
}

function allowedType(jobType: JobType): JobTypeRule {
  const type = ruleOf(jobType)
  if (!type.drill || getConfig().drills) return type
  throw invalidField('job_type', `${jobType} is a drill, and drills are off here: set BESPIN_DRILLS=true to allow them`)
}

function fitPayload({ jobType, type }: Target, payload: unknown, { judges = NO_JUDGES, payloadField }: JudgeOptions): unknown {
  if (type === undefined) return payload
  const parsed = type.payload.safeParse(payload)
  if (!parsed.success) throw fromIssues(parsed.error.issues, payloadField)
  const judge = judges.get(jobType!)
  if (judge) return judge(parsed.data)
  if (needsJudge(jobType)) throw new Error(`Payloads of ${jobType} may not be taken before openJudges() was asked for their judge.`)
  return parsed.data
}
