import { readdirSync } from 'node:fs'
import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'

// A worker that was started with descriptors it does not know of, as by a careless supervisor.
const MIB = 1024 * 1024
const driver = openBwrap()
const outcome = await driver.run({
  argv: ['/bin/sh', '-c', 'ls -l /proc/self/fd | sed -n "s/.* \\([0-9]*\\) -> .*/\\1/p" | tr "\\n" " "'], env: {}, mounts: [], files: [], stdin: Buffer.alloc(0),
  limits: { wallMs: 5000, cpuMs: 5000, memoryBytes: 64 * MIB, processes: 16, outputBytes: MIB, diskBytes: MIB, inodes: 100 },
})
process.send!({ own: readdirSync('/proc/self/fd').length, inside: outcome.stdout.toString() })
await driver.close()
process.disconnect()
