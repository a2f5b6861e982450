import { createServer } from 'node:net'
import { LaunchError, type Say } from './say.ts'

/** True when nothing listens on the port of that address. */
export function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: host.replace(/^\[|\]$/g, ''), exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

/** The first free port from `from` on (at most 200 are tried) that is not in `taken`. */
export async function nextFreePort(from: number, host: string, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = from; port < from + 200 && port <= 65_535; port++) {
    if (!taken.has(port) && await isPortFree(port, host)) return port
  }
  throw new LaunchError(`No free port between ${from} and ${from + 199} on ${host}.`)
}

/**
 * Contract section 1 "Ports": a port that was set and is taken fails the start, an unset one moves to the next free
 * one and says so. The chosen port is added to `taken`.
 */
export async function choosePort(options: { name: string, port: number, isSet: boolean, host: string, taken: Set<number>, say: Say }): Promise<number> {
  const { name, port, isSet, host, taken, say } = options
  if (isSet) {
    if (taken.has(port)) throw new LaunchError(`${name}=${port} is used twice in this environment; give each port variable a number of its own.`)
    if (!await isPortFree(port, host)) throw new LaunchError(`${name}=${port} is taken on ${host} (or the address is not this machine's). Stop what listens there, or set ${name} to a free port.`)
    taken.add(port)
    return port
  }
  const chosen = await nextFreePort(port, host, taken)
  if (chosen !== port) say(`${name} ${port} is taken; using ${chosen}`)
  taken.add(chosen)
  return chosen
}
