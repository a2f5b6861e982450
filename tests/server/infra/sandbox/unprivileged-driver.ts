import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { BoxEvents, BoxOutcome, BoxSpec, SandboxDriver, SandboxProof } from '../../../../server/infra/sandbox/driver.ts'

/** Between the test and the process without rights. */
export type ToDriver = { id: number, run: BoxSpec, aborted: boolean } | { id: number, probe: true } | { id: number, abort: true } | { id: number, close: true }
export type FromDriver = { id: number, done: unknown } | { id: number, stream: 'stdout' | 'stderr', bytes: Uint8Array }

/** The driver at the other end does not see a listener throw. */
function handOn(events: BoxEvents | undefined, stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  try {
    events?.onOutput?.(stream, bytes)
  }
  catch {
    // What the driver itself does about it is shown where it runs in the test's own process.
  }
}

/** The bwrap driver in a process of the user nobody, without cgroups: what a worker without rights can do. */
export async function openUnprivileged(): Promise<SandboxDriver> {
  const child = fork(join(import.meta.dirname, 'unprivileged-process.ts'), { serialization: 'advanced' })
  const waiting = new Map<number, { resolve(value: unknown): void, events?: BoxEvents }>()
  let count = 0
  child.on('message', (message: FromDriver) => {
    const entry = waiting.get(message.id)
    if ('stream' in message) return handOn(entry?.events, message.stream, message.bytes)
    waiting.delete(message.id)
    entry?.resolve(message.done)
  })
  await once(child, 'message')
  const ask = <T>(what: { run: BoxSpec, aborted: boolean } | { probe: true } | { close: true }, events?: BoxEvents) => new Promise<T>((resolve) => {
    const id = ++count
    waiting.set(id, { resolve: value => resolve(value as T), events })
    child.send({ id, ...what } as ToDriver)
    events?.signal?.addEventListener('abort', () => child.send({ id, abort: true }))
  })
  return {
    name: 'bwrap',
    probe: () => ask<SandboxProof>({ probe: true }),
    prepare: () => Promise.resolve(),
    run: async (spec, events) => {
      const outcome = await ask<BoxOutcome>({ run: spec, aborted: events?.signal?.aborted ?? false }, events)
      const bytes = (value: Uint8Array) => Buffer.from(value)
      return { ...outcome, stdout: bytes(outcome.stdout), stderr: bytes(outcome.stderr), ...(outcome.collected && { collected: bytes(outcome.collected) }) }
    },
    close: async () => {
      await ask({ close: true })
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
