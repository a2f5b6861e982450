import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'

// A worker that runs three long programs and is killed from outside.
const MIB = 1024 * 1024
const limits = { wallMs: 600_000, cpuMs: 600_000, memoryBytes: 64 * MIB, processes: 16, outputBytes: MIB, diskBytes: MIB, inodes: 100 }
const driver = openBwrap()
let started = 0
for (let i = 0; i < 3; i++) {
  void driver.run(
    { argv: ['/bin/sh', '-c', 'echo up; trap "" TERM HUP INT; (setsid sleep 4343) & sleep 4343; sleep 4343'], env: {}, mounts: [], files: [], stdin: Buffer.alloc(0), limits },
    { onOutput: () => { if (++started === 3) process.send!('running') } },
  )
}
