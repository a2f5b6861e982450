import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { askEngine, lastLine, type ContainerEngine } from './container-engine.ts'
import { frameReader, type EntryHello, type EntryResult } from './frames.ts'

/** How long an engine may take to make a container, and to clear one away. */
const START_MS = 60_000
const END_MS = 5_000
const KEPT_COMPLAINTS = 16 * 1024

export type OutputListener = (stream: 'stdout' | 'stderr', bytes: Buffer) => void

export interface RunAnswer {
  result: EntryResult | null
  /** Why there is no result. */
  failure: string | null
  /** Of the engine's command; null: it was ended by a signal. */
  exitCode: number | null
  collected: Buffer | null
  /** Why nothing was collected. */
  missed: string | null
}

/** A container whose first process waits for what to run; it runs one program and is gone. */
export interface StartedContainer {
  name: string
  /** Rejects when the engine could not make it, with what the engine said. */
  ready: Promise<EntryHello>
  /** Settled when nothing of it is left. */
  gone: Promise<void>
  isGone(): boolean
  run(input: Buffer, onOutput: OutputListener): Promise<RunAnswer>
  /** Ends every process in it: by closing its input, and through the engine when that does not help. */
  end(): void
}

/** What the first process of a container says, put together from its frames. */
function conversation() {
  const hello = Promise.withResolvers<EntryHello>()
  const answer = Promise.withResolvers<RunAnswer>()
  const collected: Buffer[] = []
  let missed: string | null = null
  let failure: string | null = null
  let listener: OutputListener = () => {}
  const settle = (result: EntryResult | null, exitCode: number | null) =>
    answer.resolve({ result, exitCode, missed, failure, collected: collected.length ? Buffer.concat(collected) : null })
  const fail = (why: string) => { failure ??= why }
  const read = frameReader((type, bytes) => {
    if (type === 'H') hello.resolve(JSON.parse(bytes.toString()) as EntryHello)
    else if (type === 'O' || type === 'X') listener(type === 'O' ? 'stdout' : 'stderr', bytes)
    else if (type === 'C') collected.push(bytes)
    else if (type === 'M') missed = bytes.toString()
    else if (type === 'N') fail(bytes.toString())
    else if (type === 'R') settle(JSON.parse(bytes.toString()) as EntryResult, 0)
    else throw new Error(`a frame of the unknown type ${type}`)
  })
  return {
    hello: hello.promise, answer: answer.promise, read, fail,
    listen: (to: OutputListener) => { listener = to },
    /** The line is closed: what was not said will not be said any more. */
    close(code: number | null, complaint: string) {
      if (complaint) fail(complaint)
      hello.reject(new Error(failure ?? `the container ended before it began (code ${code})`))
      settle(null, code)
    },
  }
}

/** Starts a container. Its input is the line of life: when this process dies, however, the container ends itself. */
export function startContainer(engine: ContainerEngine, name: string, flags: string[]): StartedContainer {
  const child = spawn(engine.command[0]!, [...engine.command.slice(1), ...flags],
    // Podman's monitor leaves a mark where it was started when memory runs out.
    { env: engine.env, cwd: tmpdir(), stdio: ['pipe', 'pipe', 'pipe'] })
  const talk = conversation()
  const gone = Promise.withResolvers<undefined>()
  let [complaints, isGone] = ['', false]

  const end = () => {
    child.stdin.destroy()
    setTimeout(() => { if (!isGone) void askEngine(engine, ['kill', name]).then(() => child.kill('SIGKILL')) }, END_MS).unref()
  }
  const giveUp = (why: string) => {
    talk.fail(why)
    end()
  }
  const late = setTimeout(() => giveUp(`the engine did not start a container within ${START_MS / 1000} s`), START_MS)
  const close = (code: number | null, complaint: string) => {
    clearTimeout(late)
    isGone = true
    talk.close(code, complaint)
    gone.resolve(undefined)
  }
  // Writing to a container that is gone fails; how it ended is told by its end.
  child.stdin.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => {
    try { talk.read(chunk) }
    catch { giveUp('the first process of the container does not speak as this version of Bespin does: build the image again') }
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaints = (complaints + text).slice(-KEPT_COMPLAINTS) })
  child.on('error', error => close(null, error.message))
  child.on('close', code => close(code, lastLine(complaints)))
  talk.hello.then(() => clearTimeout(late), () => {})
  return {
    name, end, ready: talk.hello, gone: gone.promise, isGone: () => isGone,
    run: (input, listener) => {
      talk.listen(listener)
      child.stdin.write(input)
      return talk.answer
    },
  }
}
