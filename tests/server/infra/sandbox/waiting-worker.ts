import { readdirSync } from 'node:fs'
import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'
import { WAITING_SHELL } from './waiting-driver.ts'

// A worker whose boxes wait, to be killed from outside.
await openBwrap().prepare('shell', WAITING_SHELL)
setInterval(() => {}, 60_000)
process.send!({ mark: readdirSync('/tmp').find(name => name.startsWith(`bespin-box-${process.pid}-`)) })
