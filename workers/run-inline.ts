import { progressReporter } from '#server/domain/engine/report-progress.ts'
import { describeError } from './describe-error.ts'
import { readAnswer } from './read-answer.ts'
import { logLine, printPart, startClock, type Run } from './running-runs.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { OutputPart } from '#server/infra/tell-output.ts'
import type { Processor, ProcessorContext } from './processor.ts'

/** Runs a processor on the worker's own event loop. Never rejects; an end by force leaves the processor to itself. */
export function runInline(run: Run, processor: Processor, payload: unknown): Promise<Outcome> {
  return new Promise((resolve) => {
    run.force = resolve
    startClock(run)
    try {
      processor(contextOf(run, payload)).then(answer => resolve(readAnswer(answer)), error => resolve({ kind: 'fail', error: describeError(error) }))
    }
    catch (error) {
      resolve({ kind: 'fail', error: describeError(error) })
    }
  })
}

interface InlineContext { of: Run }

/** Made when a processor asks for it: most ask for nothing but the payload, and this is the path of instant jobs. */
const ON_DEMAND = {
  get signal(): AbortSignal {
    return signalOf((this as unknown as InlineContext).of)
  },
  get progress(): (share: number) => void {
    const { of: run } = this as unknown as InlineContext
    const report = progressReporter(run.job)
    return (share) => {
      if (!run.over) report(share)
    }
  },
  get output(): (part: OutputPart) => void {
    const { of: run } = this as unknown as InlineContext
    return part => printPart(run, part)
  },
  get log(): (text: string) => void {
    const { of: run } = this as unknown as InlineContext
    return text => logLine(run, describeError(text))
  },
}

function contextOf(run: Run, payload: unknown): ProcessorContext<unknown> {
  const own = { __proto__: ON_DEMAND, of: run, payload, run: run.job.run, failures: run.job.failures }
  return own as unknown as ProcessorContext<unknown>
}

function signalOf(run: Run): AbortSignal {
  if (!run.controller) {
    const controller = run.controller = new AbortController()
    run.abort = reason => controller.abort(new Error(reason))
    if (run.stop) run.abort('The run is to stop.')
  }
  return run.controller.signal
}
