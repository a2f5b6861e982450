import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The command line program that makes containers. */
export interface ContainerEngine {
  /** Program and arguments that go before every other, for example `podman --runtime runc`. */
  command: string[]
  kind: 'docker' | 'podman'
  /** What it says of itself. */
  version: string
  env: Record<string, string>
}

export interface CommandAnswer { code: number | null, stdout: string, stderr: string }

const CANDIDATES = ['docker', 'podman']
const KEPT_BYTES = 256 * 1024

function isOnPath(program: string, path: string): boolean {
  if (program.includes('/')) return true
  return path.split(delimiter).filter(Boolean).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    }
    catch {
      return false
    }
  })
}

/**
 * The commands worth asking, in order: the one that was named, or those found on PATH.
 * @param named value of BESPIN_CONTAINER_COMMAND: a program, with arguments behind it if it needs some
 */
export function engineCandidates(named: string | undefined, path: string): string[][] {
  const words = named?.split(/\s+/).filter(Boolean) ?? []
  return words.length ? [words] : CANDIDATES.filter(program => isOnPath(program, path)).map(program => [program])
}

/** Runs a command of the engine to its end. Never rejects; a program that is not there is code null with the reason in `stderr`. */
export function askEngine({ command, env }: Pick<ContainerEngine, 'command' | 'env'>, args: string[], timeoutMs = 20_000): Promise<CommandAnswer> {
  return new Promise((resolve) => {
    const child = spawn(command[0]!, [...command.slice(1), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' })
    const texts = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => { if (texts[stream].length < KEPT_BYTES) texts[stream] += text })
    }
    child.on('error', error => resolve({ code: null, stdout: '', stderr: error.message }))
    child.on('close', code => resolve({ code, ...texts }))
  })
}

/** The first candidate whose engine answers, else what the candidates said. */
export async function findEngine(named: string | undefined, env: Record<string, string>): Promise<{ engine: ContainerEngine } | { complaints: string[] }> {
  const complaints: string[] = []
  for (const command of engineCandidates(named, env['PATH'] ?? '')) {
    const about = await askEngine({ command, env }, ['--version'])
    const answer = about.code === 0 ? await askEngine({ command, env }, ['ps', '--quiet']) : about
    if (answer.code === 0) return { engine: { command, env, kind: /podman/i.test(about.stdout) ? 'podman' : 'docker', version: about.stdout.trim() } }
    complaints.push(`${command.join(' ')}: ${lastLine(answer.stderr) || `ended with ${answer.code ?? 'no answer within 20 s'}`}`)
  }
  return { complaints }
}

/** What a person should read of an engine's complaint. */
export const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 500) ?? ''
