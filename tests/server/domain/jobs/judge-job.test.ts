import { beforeAll, describe, expect, it } from 'vitest'
import type { judgeFor as JudgeFor } from '#server/domain/jobs/judge-job.ts'
import { JobFields } from '#shared/schemas/job.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
let judgeFor: typeof JudgeFor

beforeAll(async () => {
  Object.assign(process.env, { BESPIN_DRILLS: 'false', DATABASE_ENGINE_URL: 'postgres://nobody@127.0.0.1:1/none', LOG_LEVEL: 'error' })
  judgeFor = (await import('#server/domain/jobs/judge-job.ts')).judgeFor
})
const judge = (fields: Record<string, unknown>, call = {}) => judgeFor(ORGANIZATION, call)(JobFields.parse(fields))

describe('judging a job', () => {
  it('refuses a drill where drills are off, and says how to turn them on', () => {
    const refusal = expect.objectContaining({ code: 'VALIDATION_ERROR', message: expect.stringContaining('BESPIN_DRILLS=true'), details: [expect.objectContaining({ field: 'job_type' })] })
    expect(() => judge({ job_type: 'drill' })).toThrow(refusal)
    expect(() => judge({}, { job_type: 'drill-process' })).toThrow(refusal)
  })

  it('hands payload and tags over as JSON text, the payload as its type reads it', () => {
    expect(judge({ job_type: 'random-text', payload: {}, tags: { a: [1] } })).toMatchObject({ queueName: 'random-text', payload: '{"length":100}', tags: '{"a":[1]}' })
    expect(judge({ queue_name: 'mail', payload: null })).toMatchObject({ queueName: 'mail', jobType: null, payload: 'null', tags: undefined })
  })

  it('takes what the job says before what the call says', () => {
    const call = { queue_name: 'mail', default_priority: 5, default_max_retries: 6, default_timeout_seconds: 7 }
    expect(judge({}, call)).toMatchObject({ queueName: 'mail', priority: 5, maxRetries: 6, timeoutSeconds: 7 })
    expect(judge({ queue_name: 'post', priority: 0, max_retries: 0, timeout_seconds: 1 }, call)).toMatchObject({ queueName: 'post', priority: 0, maxRetries: 0, timeoutSeconds: 1 })
  })
})
