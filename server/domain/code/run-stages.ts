import type { BoxFile, BoxOutcome } from '#server/infra/sandbox/driver.ts'
import type { CodeExecutionResult, CodeInput, CodeRun, CodeStage } from '#shared/schemas/code.ts'
import { describeSubmission, runFiles, runSpec } from './build-spec.ts'
import { describeRuns } from './describe-runs.ts'
import type { Submission } from './language.ts'
import { outputRoom, presentStage } from './present-stage.ts'
import { runInputs } from './run-inputs.ts'
import { tellPieces } from './tell-pieces.ts'
import type { Work } from './work.ts'

type Stages = Pick<CodeExecutionResult, 'status' | 'message' | 'run' | 'runs' | 'runs_left_out'> & { mode: BoxOutcome['mode'] }
/** All that the boxes of one submission share. */
interface Program { work: Work, submission: Submission, files: BoxFile[] }

/** Runs the program with its one input, or with each of its inputs. */
export async function runStages(work: Work, artifact: Uint8Array | undefined): Promise<Stages> {
  const { payload, toolchain, limits } = work
  const submission = describeSubmission(toolchain, payload, limits.run.memoryBytes)
  const program = { work, submission, files: runFiles(submission, artifact) }
  if (payload.runs) return runEach(program, payload.runs)
  const outcome = await runOne(program, payload, null)
  const run = presentStage({ outcome, limits: limits.run, room: outputRoom(), notes: limits.notes })
  return { status: run.status, message: run.message, run, mode: outcome.mode }
}

async function runEach(program: Program, inputs: CodeInput[]): Promise<Stages> {
  const { payload, limits, events } = program.work
  const room = outputRoom()
  const runs: CodeRun[] = []
  const modes = new Set<BoxOutcome['mode']>()
  const leftOut = await runInputs({
    count: inputs.length, stopAtFirstFailure: payload.stop_at_first_failure ?? false, signal: events.signal,
    run: index => runOne(program, inputs[index]!, index),
    settle: (index, outcome) => {
      modes.add(outcome.mode)
      runs.push({ index, name: inputs[index]!.name ?? null, ...presentStage({ outcome, limits: limits.run, room, notes: limits.notes }) })
    },
  })
  return {
    status: overallStatus(runs, leftOut, events.signal), message: describeRuns(runs, leftOut), runs,
    ...(leftOut > 0 && { runs_left_out: leftOut }), mode: modes.size === 1 && modes.has('warm') ? 'warm' : 'cold',
  }
}

/** What was stopped from outside says nothing of the program, whatever its other runs did. */
function overallStatus(runs: CodeStage[], leftOut: number, signal: AbortSignal | undefined): CodeExecutionResult['status'] {
  if (runs.some(run => run.status === 'canceled') || (leftOut > 0 && signal?.aborted)) return 'canceled'
  return runs.find(run => run.status !== 'ok')?.status ?? 'ok'
}

async function runOne({ work, submission, files }: Program, input: { stdin?: string, args?: string[] }, index: number | null): Promise<BoxOutcome> {
  const { machine, toolchain, payload, limits, events } = work
  const pieces = tellPieces(events.onOutput, { stage: 'run', input: index })
  const { warm, language } = toolchain
  const spec = runSpec({ submission, files, limits: limits.run, env: payload.env ?? {}, args: input.args ?? [], stdin: input.stdin ?? '' })
  const name = warm && language.warm?.takes?.(payload.code) !== false ? language.language : undefined
  return machine.driver.run({ ...spec, warm: name }, { onOutput: pieces.onOutput, signal: events.signal }).finally(pieces.end)
}
