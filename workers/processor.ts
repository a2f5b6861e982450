import type { OutputPart } from '#server/infra/tell-output.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'

/** What a processor is given. Everything in it may be used until the processor has answered; later calls do nothing. */
export interface ProcessorContext<P> {
  payload: P
  /** Aborted when the run is to stop: its time is up, it was cancelled, or its worker stops. After a second it is ended by force. */
  signal: AbortSignal
  /** How far it is: 0 to 1. Never throws. */
  progress(share: number): void
  /** Keeps a line of text with the run. Never throws. */
  log(text: string): void
  /** Tells what the job prints to whoever watches it now; kept only as long as it runs. Never throws, never waits. */
  output(part: OutputPart): void
  /** The number of this run, from 1. */
  run: number
  /** How many runs before this one failed. */
  failures: number
}

/** Does the work of one job type. A throw is a failure that is retried; everything else is said with an Outcome. */
export type Processor<P = unknown> = (context: ProcessorContext<P>) => Promise<Outcome>
