import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface CommandOptions {
  command: string
  args: string[]
  env?: Record<string, string>
  /** Seconds after which the command and its children are killed and count as failed. */
  limitSeconds: number
  /** True: its lines appear as they come; false: they are kept and returned. */
  live: boolean
}
export interface CommandResult { ok: boolean, output: string, timedOut: boolean }

const ROOT = join(import.meta.dirname, '../..')
const environment = (extra: Record<string, string> = {}) => ({
  ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0', NUXT_TELEMETRY_DISABLED: '1', ...extra,
  PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
})

/** Runs one command in the project's folder to its end. Never throws: a command that cannot start is a failed one. */
export function runCommand({ command, args, env, limitSeconds, live }: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    let output = ''
    let timedOut = false
    const child = spawn(command, args, { cwd: ROOT, env: environment(env), detached: true, stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString() })
    const end = (signal: NodeJS.Signals) => {
      // The whole group: a test runner's workers and browsers end with it.
      try { if (child.pid) process.kill(-child.pid, signal) } catch { /* already gone */ }
    }
    const interrupted = () => { end('SIGTERM'); setTimeout(() => process.exit(130), 3000) }
    process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
    const limit = setTimeout(() => { timedOut = true; end('SIGTERM'); setTimeout(() => end('SIGKILL'), 5000).unref() }, limitSeconds * 1000)
    const done = (ok: boolean, note = '') => {
      clearTimeout(limit)
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
      resolve({ ok: ok && !timedOut, output: output + note, timedOut })
    }
    child.on('error', error => done(false, `${command} did not start: ${error.message}\n`))
    child.on('close', code => done(code === 0))
  })
}
