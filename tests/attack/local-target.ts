import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCgroups } from '#server/infra/sandbox/cgroups.ts'
import type { CodeExecutionResult, RunnerDocument } from '#shared/schemas/code.ts'
import { TOOLCHAINS } from '../support/product.ts'
import { boxProcesses, untilSteady } from './box-processes.ts'
import { observeRefusal, observeResult, type Payload, type Target } from './target.ts'
import type { Observation } from './vocabulary.ts'

/** How much of the walls a machine offers. */
export interface WorkerOptions { cgroups: 'auto' | 'none', unprivileged: boolean, warm: boolean, folder: string, preparedFolder: string }
export interface ToWorker { id: number, payload: Payload }
export type FromWorker = { id: number } & ({ document: RunnerDocument } | { result: CodeExecutionResult } | { refused: string } | { failed: string })
type Answer = FromWorker & { id: number }

/** `warm`: runs may start in interpreters that wait. */
export interface LocalMode { name: string, cgroups: 'auto' | 'none', unprivileged: boolean, warm: boolean }

/** The modes of enforcement that this machine offers, the strongest first. */
export function localModes(): LocalMode[] {
  const cgroups = openCgroups()
  cgroups.close()
  const who = process.getuid?.() === 0 ? 'root' : 'user'
  const ways = [
    ...(cgroups.version === 'none' ? [] : [{ name: `${who}, cgroups ${cgroups.version}`, cgroups: 'auto' as const, unprivileged: false }]),
    { name: `${who}, no cgroups`, cgroups: 'none' as const, unprivileged: false },
    ...(who === 'root' ? [{ name: 'nobody, no cgroups', cgroups: 'none' as const, unprivileged: true }] : []),
  ]
  return ways.flatMap(way => [{ ...way, warm: false }, { ...way, name: `${way.name}, warm`, warm: true }])
}

/** What the worker finds in its environment beside PATH: nothing of it may be seen by a program. */
export const CANARY_ENV = 'CANARY-ENV-93ab'

/** Starts a worker process for one mode. Throws, with the remedy, where its sandbox does not prove itself. */
export async function openLocalTarget(mode: LocalMode, env: Record<string, string> = {}): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'bespin-attack-'))
  await chmod(folder, 0o755)
  const options: WorkerOptions = { cgroups: mode.cgroups, unprivileged: mode.unprivileged, warm: mode.warm, folder, preparedFolder: TOOLCHAINS }
  const child = fork(join(import.meta.dirname, 'worker-process.ts'), [JSON.stringify(options)], {
    serialization: 'advanced', execArgv: [], env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'error', CANARY_TOKEN: CANARY_ENV, ...env },
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  child.on('message', (message: Answer) => {
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })
  const ask = (id: number, message?: ToWorker) => new Promise<Answer>((resolve, reject) => {
    const gone = () => reject(new Error(`The worker ended while it worked (${child.exitCode ?? child.signalCode}).`))
    child.once('exit', gone)
    waiting.set(id, (answer) => {
      child.off('exit', gone)
      resolve(answer)
    })
    if (message) child.send(message)
  })
  const ready = await ask(0)
  if (!('document' in ready) || !ready.document.ok) throw new Error('document' in ready ? `${ready.document.reason} ${ready.document.remedy ?? ''}` : 'The worker did not begin.')
  if (mode.warm) await untilSteady(child.pid!)
  let count = 0
  return {
    mode: mode.name, here: true, steady: boxProcesses(child.pid!).size, pid: child.pid, document: ready.document,
    languages: new Set(ready.document.runtimes.flatMap(({ language, aliases }) => [language, ...aliases])),
    submit: async payload => observe(async () => ask(++count, { id: count, payload })),
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.send({ close: true })
        await once(child, 'exit')
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function observe(ask: () => Promise<Answer>): Promise<Observation> {
  const began = performance.now()
  const answer = await ask()
  if ('refused' in answer) return observeRefusal(answer.refused)
  if ('result' in answer) return observeResult(answer.result, performance.now() - began)
  const failure = 'failed' in answer ? answer.failed : 'no result'
  return { ...observeRefusal(failure), request: 'accepted', status: 'internal_error' }
}
