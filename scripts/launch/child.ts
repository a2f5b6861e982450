/** One supervised child process: started again with backoff when it dies, stopped with everything it started itself. */
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isGroupAlive, signalQuietly } from './process-identity.ts'
import type { Say } from './say.ts'

export interface Command { file: string, args: string[], env: NodeJS.ProcessEnv, cwd?: string }
export interface ChildPlan {
  name: string
  /** Made anew for each start, so that a start may choose another port or clear what a crash left. */
  command: () => Command | Promise<Command>
  /** 'inherit' shows the output; a file descriptor collects it. */
  output: 'inherit' | number
  stopSignal: NodeJS.Signals
  /** Send the stop signal to the whole process group, for programs that do not pass it on. */
  stopGroup?: boolean
  /** Deaths in a row, without having been ready once, after which the start is given up. */
  maxEarlyDeaths: number
  onGiveUp: (reason: string) => void
  register: { started(name: string, pid: number): void, ended(name: string): void }
  say: Say
}
export interface Child {
  readonly name: string
  /** Stops for good; resolves when the process and its group are gone. Killed after `graceMs`. */
  stop(graceMs: number): Promise<void>
  killNow(): void
  /** Ends the running process and starts the next one at once, also out of a backoff. */
  restart(graceMs: number): void
  /** From now on deaths are repaired for ever. */
  markReady(): void
}

const STABLE_AFTER_MS = 60_000
/** Seconds until the next start: 1, 2, 4, ... 30. */
export const backoffMs = (deathsInRow: number): number => Math.min(1000 * 2 ** (deathsInRow - 1), 30_000)

interface Supervision {
  plan: ChildPlan
  running?: ChildProcess
  stopping: boolean
  restarting: boolean
  ready: boolean
  /** Deaths in a row without 60 s of life between them. */
  deaths: number
  wake: AbortController
}

export function superviseChild(plan: ChildPlan): Child {
  const state: Supervision = { plan, stopping: false, restarting: false, ready: false, deaths: 0, wake: new AbortController() }
  const finished = keepAlive(state)
  return {
    name: plan.name,
    markReady() { state.ready = true },
    killNow() {
      state.stopping = true
      if (state.running?.pid) signalQuietly(-state.running.pid, 'SIGKILL')
    },
    restart(graceMs) {
      const pid = state.running?.pid
      if (!pid) return state.wake.abort()
      state.restarting = true
      signalQuietly(pid, plan.stopSignal)
      const timer = setTimeout(() => signalQuietly(-pid, 'SIGKILL'), graceMs)
      state.running?.once('exit', () => clearTimeout(timer))
    },
    async stop(graceMs) {
      state.stopping = true
      state.wake.abort()
      await endRunning(state, graceMs)
      await finished
    },
  }
}

async function keepAlive(state: Supervision): Promise<void> {
  const { plan } = state
  while (!state.stopping) {
    const startedAt = Date.now()
    const how = await runOnce(state)
    if (state.stopping) return
    if (state.restarting) {
      state.restarting = false
      state.deaths = 0
      continue
    }
    state.deaths = Date.now() - startedAt > STABLE_AFTER_MS ? 1 : state.deaths + 1
    if (!state.ready && state.deaths >= plan.maxEarlyDeaths) return plan.onGiveUp(`${plan.name} ended ${state.deaths} times in a row (${how}) and never became ready`)
    const wait = backoffMs(state.deaths)
    plan.say(`${plan.name} ended (${how}); starting it again in ${wait / 1000} s`)
    state.wake = new AbortController()
    await sleep(wait, undefined, { signal: state.wake.signal }).catch(() => undefined)
  }
}

async function runOnce(state: Supervision): Promise<string> {
  const { plan } = state
  let child: ChildProcess | undefined
  try {
    const { file, args, env, cwd } = await plan.command()
    if (state.stopping) return 'stopped'
    // A group of its own: Ctrl-C in the terminal reaches the launcher alone, which then stops everything in order.
    child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', plan.output, plan.output] })
    state.running = child
    if (child.pid) plan.register.started(plan.name, child.pid)
    return await ended(child)
  }
  catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  finally {
    if (child?.pid) signalQuietly(-child.pid, 'SIGKILL')
    state.running = undefined
    plan.register.ended(plan.name)
  }
}

async function endRunning({ plan, running }: Supervision, graceMs: number): Promise<void> {
  if (!running?.pid) return
  const pid = running.pid
  const gone = ended(running)
  signalQuietly(plan.stopGroup ? -pid : pid, plan.stopSignal)
  const timer = setTimeout(() => {
    plan.say(`${plan.name} did not stop within ${graceMs / 1000} s; killing it`)
    signalQuietly(-pid, 'SIGKILL')
  }, graceMs)
  await gone
  clearTimeout(timer)
  for (let waited = 0; waited < 1000 && isGroupAlive(pid); waited += 20) await sleep(20)
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`))
  })
}
