import { withTenantSql } from '#server/infra/database.ts'
import type { JobState } from '#shared/job-states.ts'

/** A job that runs code, as its row tells. `result` is what the worker wrote, unjudged. */
export interface ExecutionRow {
  id: string
  state: JobState
  run: number
  progress: number
  language: string
  runsTotal: number
  result: unknown
  lastError: string | null
  createdAt: Date
  startedAt: Date | null
  completedAt: Date | null
  updatedAt: Date
}

const HEAD = `id, state, run, progress, coalesce(payload->>'language', '') as language,
  case when jsonb_typeof(payload->'runs') = 'array' then jsonb_array_length(payload->'runs') else 1 end as "runsTotal",
  last_error as "lastError", created_at as "createdAt", started_at as "startedAt", completed_at as "completedAt", updated_at as "updatedAt"`
const IS_CODE = `organization_id = $1 and job_type = 'code-execution'`

/** By hand, not through Prisma: who waits for a result of some milliseconds would feel three more. */
export async function findExecutionRow(organizationId: string, id: string): Promise<ExecutionRow | undefined> {
  const text = `select ${HEAD}, result from jobs where ${IS_CODE} and id = $2`
  return withTenantSql(organizationId, async client => (await client.query<ExecutionRow>(text, [organizationId, id])).rows[0])
}

/** Characters of each stream that a list shows. A multiple of four, so that base64 stays whole. */
export const LISTED_OUTPUT = 4096

/** The stage that a result is told by (the rule of toldStage in present-execution.ts), with its output cut, in place of all of them. */
const LISTED_RESULT = `
  case when result is null then null else (
    select jsonb_build_object('status', result->'status', 'message', result->'message',
      'output_cut', greatest(length(stage->>'stdout'), length(stage->>'stderr')) > ${LISTED_OUTPUT},
      'told', stage || jsonb_build_object('stdout', left(stage->>'stdout', ${LISTED_OUTPUT}), 'stderr', left(stage->>'stderr', ${LISTED_OUTPUT})))
    from (select case when result->>'status' = 'compile_error' then result->'compile' else coalesce(result->'run',
      jsonb_path_query_first(result, '$.runs[*] ? (@.status != "ok")'), result->'runs'->0, result->'compile') end as stage) as told
  ) end as result`

/** Executions, newest first, without most of their output. */
export async function listExecutionRows(organizationId: string, { before, offset, take }: { before?: string, offset: number, take: number }): Promise<ExecutionRow[]> {
  const text = `select ${HEAD}, ${LISTED_RESULT} from jobs where ${IS_CODE} ${before === undefined ? '' : 'and id < $4'} order by id desc limit $2 offset $3`
  const values = [organizationId, take, offset, ...(before === undefined ? [] : [before])]
  return withTenantSql(organizationId, async client => (await client.query<ExecutionRow>(text, values)).rows)
}

/** The caps of an organization as they were written; null: it has none. */
export async function findCodeCaps(organizationId: string): Promise<unknown> {
  const text = 'select code_caps from organizations where id = $1'
  return withTenantSql(organizationId, async client => (await client.query<{ code_caps: unknown }>(text, [organizationId])).rows[0]?.code_caps ?? null)
}
