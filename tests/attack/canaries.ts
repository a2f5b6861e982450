import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import type { Attack } from './vocabulary.ts'

/** What was planted on this machine for one program. */
export interface Canaries {
  /** Addresses that were reached. */
  reached: Set<string>
  /** Addresses that could not be listened on: somebody else does, and only the program's own words tell. */
  taken: string[]
  remove(): Promise<void>
}

const NAMED_BY_CHECK = 'listener_untouched:'

/** Plants files and listeners: those of `setup`, and those that a check will ask about. */
export async function plantCanaries({ setup = {}, expect }: Attack): Promise<Canaries> {
  const addresses = new Set([...setup.listeners ?? [], ...(expect.host_after ?? []).filter(check => check.startsWith(NAMED_BY_CHECK)).map(check => check.slice(NAMED_BY_CHECK.length))])
  const reached = new Set<string>()
  const taken: string[] = []
  const servers: Server[] = []
  for (const address of addresses) {
    const server = createServer((socket) => {
      reached.add(address)
      socket.destroy()
    })
    if (await listen(server, address)) servers.push(server)
    else taken.push(address)
  }
  const files = Object.entries(setup.files ?? {}).filter(([path]) => !existsSync(path))
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return {
    reached, taken,
    remove: async () => {
      for (const [path] of files) rmSync(path, { force: true })
      await Promise.all(servers.map(async (server) => {
        server.close()
        await once(server, 'close')
      }))
    },
  }
}

/** `host:port`, `unix:/path` or `abstract:name`. Answers false where it is taken. */
async function listen(server: Server, address: string): Promise<boolean> {
  const [kind = '', rest = ''] = [address.slice(0, address.lastIndexOf(':')), address.slice(address.lastIndexOf(':') + 1)]
  const where = kind === 'abstract' ? { path: `\0${rest}` } : kind === 'unix' ? { path: rest } : { host: kind, port: Number(rest) }
  const failed = once(server, 'error').then(() => false)
  const listening = once(server, 'listening').then(() => true)
  server.listen(where)
  return Promise.race([failed, listening])
}
