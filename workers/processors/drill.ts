import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { DrillPayload } from '#shared/schemas/drill.ts'
import type { Processor, ProcessorContext } from '../processor.ts'

const PROGRESS_STEPS = 10
/** Doubles in one MiB of heap. */
const DOUBLES_PER_MB = 131_072
/** Never given back, on purpose. */
const leaked: number[][] = []

/** A job that behaves as its payload tells: one implementation for the drill types, wherever they run. */
const drill: Processor<DrillPayload> = async (context) => {
  const { payload, run } = context
  if (payload.snooze_ms !== undefined && run === 1) return { kind: 'snooze', delayMs: payload.snooze_ms }
  for (const line of payload.log ?? []) context.log(line)
  if (payload.sleep_ms) await sleepThrough(context, payload.sleep_ms)
  if (payload.block_ms) block(payload.block_ms)
  if (payload.leak_mb) await leak(payload.leak_mb)
  if (payload.exit) process.exit(1)
  if (payload.hang) await new Promise(() => {})
  return answer(context)
}
export default drill

function answer({ payload, failures }: ProcessorContext<DrillPayload>): Outcome {
  const failing = payload.fail_times ?? (payload.throw ? Infinity : 0)
  if (failures >= failing) return { kind: 'ok', result: { ok: true } }
  const error = `This is failure ${failures + 1} of a drill.`
  if (payload.throw === 'text') throw error
  if (payload.throw === 'error') throw new Error(error)
  return { kind: 'fail', error, retryable: payload.retryable ?? true, ...(payload.retry_after_ms !== undefined && { delayMs: payload.retry_after_ms }) }
}

async function sleepThrough({ payload, signal, progress }: ProcessorContext<DrillPayload>, ms: number): Promise<void> {
  if (!payload.progress) return sleep(ms, undefined, { signal })
  for (let step = 1; step <= PROGRESS_STEPS; step++) {
    await sleep(ms / PROGRESS_STEPS, undefined, { signal })
    progress(step / PROGRESS_STEPS)
  }
}

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

async function leak(mb: number): Promise<void> {
  for (let taken = 0; taken < mb; taken++) {
    leaked.push(new Array<number>(DOUBLES_PER_MB).fill(taken + 0.5))
    await sleep(0)
  }
}
