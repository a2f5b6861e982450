/** Which ports the programs get, and what becomes of them when somebody else was faster. */
import type { Program } from './choose-workers.ts'
import { choosePort } from './ports.ts'
import type { Session } from './session.ts'

export interface Ports { port: number, metricsPort: number, workerPort: number, codePort: number }

/** Ports of the given programs; throws LaunchError when one that was set is taken. */
export async function choosePorts({ config, say }: Session, programs: Program[]): Promise<Ports> {
  const taken = new Set<number>()
  const choose = (name: string, port: number, isSet: boolean): Promise<number> => choosePort({ name, port, isSet, host: config.host, taken, say })
  const ports: Ports = { port: config.port, metricsPort: config.metricsPort, workerPort: config.workerPort, codePort: config.workerPort }
  if (programs.includes('web')) {
    ports.port = await choose('PORT', config.port, config.portIsSet)
    ports.metricsPort = await choose('METRICS_PORT', config.metricsPort, config.metricsPortIsSet)
  }
  if (programs.includes('worker')) ports.workerPort = await choose('WORKER_PORT', config.workerPort, config.workerPortIsSet)
  // Beside another worker it takes the next port that is free.
  if (programs.includes('code')) {
    ports.codePort = programs.includes('worker')
      ? await choose('the port of the code worker', ports.workerPort + 1, false)
      : await choose('WORKER_PORT', config.workerPort, config.workerPortIsSet)
  }
  return ports
}

/** Asked before each start of a program; `settled` once it was ready. */
export interface PortRetry { before(): Promise<void>, settled(): void }

/** Nobody was promised the port of the code worker beside another one: whoever took it keeps it, and it moves on. */
export function nextPortAtEachStart({ config, say }: Session, ports: Ports): PortRetry {
  let starts = 0
  return {
    settled: () => {},
    async before() {
      if (starts++ === 0) return
      const taken = new Set([ports.port, ports.metricsPort, ports.workerPort])
      ports.codePort = await choosePort({ name: 'the port of the code worker', port: ports.codePort, isSet: false, host: config.host, taken, say })
    },
  }
}

/** Another start of something else may take a free port before our child has it; until it was ready, look again. */
export function portRetry(session: Session, ports: Ports, names: (keyof Ports)[]): PortRetry {
  let starts = 0
  let settled = false
  return {
    settled: () => { settled = true },
    async before() {
      if (starts++ === 0 || settled) return
      const fresh = await choosePorts(session, names.includes('codePort') ? ['code'] : names.includes('workerPort') ? ['worker'] : ['web'])
      for (const name of names) ports[name] = fresh[name]
    },
  }
}
