import { beforeAll } from 'vitest'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { Execution } from '#shared/schemas/execution.ts'
import { call, product } from './shared-product.ts'
import { until } from './until.ts'

/** Waits until a code worker has proved its sandbox. */
export const codeWorkerReady = () =>
  until(async () => (await call('GET /api/v1/public/status')).body.status === 'operational', { seconds: 60, what: 'a code worker with a proven sandbox' })

/** The same before the tests of a file. */
export const useCodeWorker = (): void => beforeAll(codeWorkerReady, 70_000)

type Submission = Omit<CodeExecutionPayload, 'language'> & { language?: string }
/** Runs Bash, which every machine has, and answers the job once it is over. */
export async function run(submission: Submission): Promise<Execution> {
  const { status, body, text } = await call('POST /api/v1/public/execute', { query: { wait: 30 }, body: { language: 'bash', ...submission } })
  if (status !== 201) throw new Error(text)
  return body.data as Execution
}
/** Submits Bash and answers the id of its job. */
export async function submit(submission: Submission): Promise<string> {
  const { status, body, text } = await call('POST /api/v1/public/execute', { body: { language: 'bash', ...submission } })
  if (status !== 201) throw new Error(text)
  return (body.data as Execution).job_id
}

export interface StreamEvent { event: string, data: Record<string, unknown> }
/** Reads the events of a stream to its end. `onEvent` hears each as it comes. */
export async function readStream(path: string, onEvent: (event: StreamEvent) => void = () => {}): Promise<StreamEvent[]> {
  const response = await fetch(new URL(path, product().url), { signal: AbortSignal.timeout(30_000) })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const events: StreamEvent[] = []
  let rest = ''
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks.filter(each => !each.startsWith(':'))) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block)!
      events.push({ event: event!, data: JSON.parse(data!) as Record<string, unknown> })
      onEvent(events.at(-1)!)
    }
  }
  return events
}
