/** A child process whose functions are called like local ones: the load generator and the peers run so, each with its own CPU. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

interface Call { n: number, name: string, argument: unknown }
interface Answer { n: number, result?: unknown, error?: string }
export interface CalledProcess {
  pid: number
  /** Throws what the function threw, or when the process ended meanwhile. */
  call<T>(name: string, argument?: unknown): Promise<T>
  end(): Promise<void>
}

/** Starts `file`, which answers with `answerCalls`. Addresses with passwords go into `env`, where other users cannot read them. */
export function startCalled(file: string, { args = [], env = {} }: { args?: string[], env?: Record<string, string> } = {}): CalledProcess {
  const child = fork(file, args, { serialization: 'advanced', env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } })
  const waiting = new Map<number, { resolve(value: unknown): void, reject(error: Error): void }>()
  let calls = 0
  child.on('message', ({ n, result, error }: Answer) => {
    const call = waiting.get(n)
    waiting.delete(n)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error))
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended (${signal ?? code}) before it answered`))
    waiting.clear()
  })
  return {
    pid: child.pid!,
    call: <T>(name: string, argument?: unknown) => new Promise<T>((resolve, reject) => {
      if (!child.connected) return reject(new Error(`${file} has ended`))
      waiting.set(++calls, { resolve: resolve as (value: unknown) => void, reject })
      child.send({ n: calls, name, argument } satisfies Call)
    }),
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

/** In the child: answers calls by name until the parent lets go. */
export function answerCalls(functions: Record<string, (argument: never) => unknown>): void {
  process.on('message', ({ n, name, argument }: Call) => {
    Promise.resolve().then(() => functions[name]!(argument as never)).then(
      result => process.send!({ n, result } satisfies Answer),
      (error: Error) => process.send!({ n, error: error.stack ?? error.message } satisfies Answer))
  })
  process.once('disconnect', () => process.exit(0))
}
