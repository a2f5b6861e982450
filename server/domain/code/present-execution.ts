import { errorText } from '#server/domain/jobs/present-job.ts'
import type { ExecutionRow } from '#server/domain/code/store.ts'
import { isFinal, toIgnisStatus, type JobState } from '#shared/job-states.ts'
import { CodeExecutionResult, CodeStage } from '#shared/schemas/code.ts'
import type { Execution, ExecutionSummary, Outcome } from '#shared/schemas/execution.ts'

/** What a result says in short: how it ended, and the stage that it is told by. */
interface Told { status: Outcome, message: string, stage?: CodeStage, outputCut?: boolean }

/** What Ignis says of a submission that has just been accepted. */
export const RECEIVED = 'Code submitted for execution'
const UNREADABLE: Told = { status: 'internal_error', message: 'The worker wrote a result that cannot be read. Its log tells more; run the code again.' }

/** One execution, whole. */
export function presentExecution(row: ExecutionRow): Execution {
  const result = row.state === 'completed' ? CodeExecutionResult.safeParse(row.result) : undefined
  const told = result && (result.success ? { status: result.data.status, message: result.data.message, stage: toldStage(result.data) } : UNREADABLE)
  const { version, compile, compile_cached, run, runs, runs_left_out, limits, isolation } = result?.data ?? {}
  return {
    ...summary(row, told), version, compile, compile_cached, run, runs, runs_left_out, limits, isolation,
    progress: row.progress, attempts: row.run, started_at: row.startedAt?.toISOString() ?? null, completed_at: row.completedAt?.toISOString() ?? null,
  }
}

/** The same for a list, whose query answers of a result only what is told. */
export function presentListed(row: ExecutionRow): ExecutionSummary {
  if (row.state !== 'completed') return summary(row)
  const { told, ...listed } = (row.result ?? {}) as { status?: Outcome, message?: string, output_cut?: boolean, told?: unknown }
  const stage = CodeStage.safeParse(told)
  if (!stage.success || listed.status === undefined) return summary(row, UNREADABLE)
  return summary(row, { status: listed.status, message: listed.message ?? '', stage: stage.data, outputCut: listed.output_cut === true })
}

/** What a result is told by: the compiler when it failed, else the run, else the first of the runs that did not end ok, else the first. */
export function toldStage({ status, compile, run, runs }: CodeExecutionResult): CodeStage | undefined {
  if (status === 'compile_error') return compile
  return run ?? runs?.find(each => each.status !== 'ok') ?? runs?.[0] ?? compile
}

function summary(row: ExecutionRow, told?: Told): ExecutionSummary {
  const outcome = told?.status ?? outcomeOf(row.state)
  const message = told?.message ?? messageOf(row)
  const endedWell = outcome === 'ok'
  return {
    job_id: row.id, language: row.language, status: toIgnisStatus(row.state, endedWell), message,
    error: isFinal(row.state) && !endedWell ? message : '',
    ...stageFields(told?.stage), ...(told?.outputCut && { output_cut: true as const }),
    created_at: row.createdAt.toISOString(), updated_at: row.updatedAt.toISOString(), state: row.state, outcome, runs_total: row.runsTotal,
  }
}

/** Ignis' figures are numbers: what was not measured is 0 there, and null in the stage itself. */
function stageFields(stage: CodeStage | undefined) {
  if (!stage) return { stdout: '', stderr: '', encoding: 'utf8' as const, exec_duration: 0, mem_usage: 0, exit_code: null, signal: null }
  const { stdout, stderr, encoding, wall_ms, peak_memory_bytes, exit_code, signal } = stage
  return { stdout, stderr, encoding, exec_duration: wall_ms, mem_usage: Math.round((peak_memory_bytes ?? 0) / 1024), exit_code, signal }
}

/** Where a job stands that has no result to tell. */
function outcomeOf(state: JobState): Outcome {
  if (state === 'running') return 'running'
  if (!isFinal(state)) return 'queued'
  return state === 'failed' || state === 'completed' ? 'internal_error' : 'canceled'
}

function messageOf({ state, lastError }: ExecutionRow): string {
  if (state === 'running') return 'The code is running.'
  if (state === 'retrying') return `The sandbox failed, and the code will be run again: ${lastError ?? 'it did not say why'}`
  return isFinal(state) ? errorText({ state, lastError }) : RECEIVED
}
