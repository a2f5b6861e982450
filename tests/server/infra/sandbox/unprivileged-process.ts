import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'
import { findShim } from '../../../../server/infra/sandbox/find-shim.ts'
import type { FromDriver, ToDriver } from './unprivileged-driver.ts'

const NOBODY = 65_534
// The sources may lie where nobody may not walk: it is read before.
const shim = findShim()
process.setgroups!([])
process.setgid!(NOBODY)
process.setuid!(NOBODY)

const driver = openBwrap({ cgroups: 'none', shim })
const aborts = new Map<number, AbortController>()
const send = (message: FromDriver) => process.send!(message)

async function answer(message: ToDriver): Promise<void> {
  const { id } = message
  if ('abort' in message) return aborts.get(id)?.abort()
  if ('probe' in message) return void send({ id, done: await driver.probe() })
  if ('close' in message) return void send({ id, done: await driver.close() })
  const abort = new AbortController()
  aborts.set(id, abort)
  if (message.aborted) abort.abort()
  const done = await driver.run(message.run, { signal: abort.signal, onOutput: (stream, bytes) => send({ id, stream, bytes }) })
  aborts.delete(id)
  send({ id, done })
}

process.on('message', (message: ToDriver) => void answer(message))
send({ id: 0, done: 'ready' })
