import { rm } from 'node:fs/promises'
import { freePorts } from '../../tests/support/free-ports.ts'
import { startLauncher } from '../launcher.ts'

export interface ExtraWorker { log(): string, stop(): Promise<void> }

/** A worker process more, under a launcher of its own that starts it again when it is killed. Resolves when it is ready. */
export async function startExtraWorker({ name, dataDir, env }: { name: string, dataDir: string, env: Record<string, string> }): Promise<ExtraWorker> {
  const [port] = await freePorts(1)
  const logPath = `${dataDir}.${name}.log`
  const launcher = await startLauncher({
    command: 'worker', folder: dataDir, logPath, readyLine: 'the Bespin worker is ready',
    env: { WORKER_PORT: String(port), BESPIN_WORKER_NAME: name, ...env },
  })
  let last: string | undefined
  return {
    log: () => last ?? launcher.log(),
    async stop() {
      await launcher.stop()
      last ??= launcher.log()
      await rm(logPath, { force: true })
    },
  }
}
