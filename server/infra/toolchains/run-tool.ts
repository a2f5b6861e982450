import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/**
 * Starts its arguments at the lowest priority, and ends itself and all of them when descriptor 3 is closed: that happens when the
 * worker dies, however it dies.
 */
const TIED = `nice -n 19 "$@" & work=$!
(read -r _ <&3; kill -KILL 0) & watch=$!
wait $work; code=$?
kill $watch; exit $code`
const COMPLAINT_BYTES = 2000

/**
 * Runs a tool of this machine, outside of any box, on input that is ours. It ends with this process.
 * @returns what it printed. Rejects, with its last words, when it fails, is aborted or takes longer than `timeoutMs`.
 */
export async function runTool(options: { argv: string[], env: Record<string, string>, cwd: string, timeoutMs: number, signal: AbortSignal }): Promise<string> {
  const { argv, env, cwd, timeoutMs, signal } = options
  signal.throwIfAborted()
  const child = spawn('/bin/sh', ['-c', TIED, 'tool', ...argv], { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  // Closing its descriptor ends the whole group.
  const end = () => child.stdio[3]?.destroy()
  stop.addEventListener('abort', end, { once: true })
  try {
    const [stdout, stderr, code] = await Promise.all([textOf(child.stdout!), textOf(child.stderr!), new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve))])
    if (code === 0) return stdout
    throw new Error(stop.aborted ? `${argv[0]} was stopped.` : `${argv[0]} failed: ${stderr.slice(-COMPLAINT_BYTES).trim() || `it ended with ${code}`}`)
  }
  finally {
    stop.removeEventListener('abort', end)
    end()
  }
}

async function textOf(stream: Readable | null): Promise<string> {
  return Buffer.concat(await stream?.toArray() as Buffer[]).toString()
}
