/**
 * What runs in a worker thread or child process: one processor at a time, told and telling by messages. It knows neither
 * the database nor the configuration.
 */
import { getHeapStatistics } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import { describeError } from './describe-error.ts'
import { PROCESSORS } from './processors/index.ts'
import { readAnswer } from './read-answer.ts'
import type { Processor } from './processor.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { FromOutside, ToOutside } from './outside/messages.ts'

type Task = Extract<ToOutside, { kind: 'run' }>

const MIB = 1024 * 1024
let current: { n: number, controller: AbortController } | undefined

function send(message: FromOutside, sent?: () => void): void {
  if (parentPort) parentPort.postMessage(message)
  else process.send?.(message, undefined, undefined, sent)
}

function receive(message: ToOutside): void {
  if (message.kind === 'run') void runTask(message)
  else if (current?.n === message.n) current.controller.abort(new Error(message.reason))
}

async function runTask(task: Task): Promise<void> {
  const { n } = task
  const controller = new AbortController()
  current = { n, controller }
  const outcome = await work(task, controller.signal)
  current = undefined
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  send({ kind: 'outcome', n, outcome, heapMb: Math.round((heap + external) / MIB) })
}

async function work({ n, type, payload, run, failures }: Task, signal: AbortSignal): Promise<Outcome> {
  try {
    const answer = readAnswer(await (PROCESSORS[type] as Processor)({
      payload, signal, run, failures,
      progress: share => send({ kind: 'progress', n, share: typeof share === 'number' ? share : NaN }),
      // Nobody watches what runs here: what prints has a box of its own and runs inline, unless it is a suspect.
      output: () => {},
      log: text => send({ kind: 'log', n, text: describeError(text) }),
    }))
    // Through JSON, as it will be stored: not every value can be sent, and not every value that can be sent is JSON.
    return JSON.parse(JSON.stringify(answer)) as Outcome
  }
  catch (error) {
    return { kind: 'fail', error: describeError(error) }
  }
}

process.on('uncaughtException', (error) => {
  const end = () => process.exit(1)
  send({ kind: 'dying', error: describeError(error) }, end)
  if (parentPort) end()
})
if (parentPort) parentPort.on('message', receive)
else {
  process.on('message', receive)
  // The worker is gone: nobody waits for an answer.
  process.on('disconnect', () => process.exit(0))
}
send({ kind: 'ready' })
