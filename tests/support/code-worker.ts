import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface CodeWorker {
  process: ChildProcess
  dataDir: string
  healthUrl: string
  log(): string
  /** Ends it; resolves to its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** A code worker as the launcher starts it: the addresses of its lane, and nothing of this process' environment. */
export async function startCodeWorker(env: Record<string, string>): Promise<CodeWorker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bespin-test-code-'))
  const [port] = await freePorts(1)
  const child = spawn(process.execPath, [join(ROOT, 'workers/index.ts')], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
    env: { PATH: process.env.PATH, HOME: dataDir, BESPIN_LAUNCHED: 'true', BESPIN_WORKER_QUEUES: 'code-execution', BESPIN_DATA_DIR: dataDir, WORKER_PORT: String(port), ...env },
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { log += bytes.toString() })
  const gone = once(child, 'exit') as Promise<[number | null]>
  return {
    process: child, dataDir, healthUrl: `http://127.0.0.1:${port}/health`, log: () => log,
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await gone
      // As the launcher does: what it was preparing is of its group.
      try { process.kill(-child.pid!, 'SIGKILL') } catch { /* nothing is left of it */ }
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
      return code
    },
  }
}

/** Processes of this machine that have the word in their command line, this one left out. */
export async function processesWith(word: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const lines = await Promise.all(pids.map(async pid => ({ pid, line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })))
  return lines.filter(({ pid, line }) => pid !== process.pid && line.includes(word)).map(({ pid }) => pid)
}
