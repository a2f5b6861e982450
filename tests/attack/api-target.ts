import type { Execution, Runtimes } from '#shared/schemas/execution.ts'
import { boxProcesses, untilSteady } from './box-processes.ts'
import { observeRefusal, observeResult, type Target } from './target.ts'
import type { Observation } from './vocabulary.ts'

/** The longest that the API lets an answer wait, and a program of the suite may take in all. */
const WAIT_SECONDS = 60
const PATIENCE_MS = 300_000
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

interface Answer { data?: Partial<Execution>, error?: string, message?: string }

/** A running product, spoken to as any client does. Throws, with its reason, where no code can be run. */
export async function openApiTarget(url: string, key: string | undefined): Promise<Target> {
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(new URL(path, url), { ...init, headers })
    return { status: answer.status, body: await answer.json() as Answer }
  }
  const { status, body } = await ask('/api/v1/public/runtimes')
  const runtimes = body.data as unknown as Runtimes | undefined
  if (status !== 200 || !runtimes) throw new Error(`${url} answered ${status}: ${JSON.stringify(body).slice(0, 300)}`)
  if (!runtimes.available) throw new Error(`${url} runs no code: ${runtimes.reason} ${runtimes.remedy ?? ''}`)
  const { isolation } = runtimes
  const here = LOOPBACK.test(new URL(url).hostname)
  if (here) await untilSteady()
  const steady = here ? boxProcesses().size : 0
  return {
    mode: `${new URL(url).host}, ${isolation?.driver ?? 'unknown'}, cgroups ${isolation?.cgroups ?? 'unknown'}`,
    languages: new Set(runtimes.runtimes.flatMap(({ language, aliases }) => [language, ...aliases])),
    here, steady,
    submit: payload => submit(ask, payload),
    close: () => Promise.resolve(),
  }
}

type Ask = (path: string, init?: RequestInit) => Promise<{ status: number, body: Answer }>

async function submit(ask: Ask, payload: unknown): Promise<Observation> {
  const { status, body } = await ask(`/api/v1/public/execute?wait=${WAIT_SECONDS}`, { method: 'POST', body: JSON.stringify(payload) })
  if (status >= 400) {
    const refusal = `${status} ${body.message ?? body.error ?? JSON.stringify(body)}`
    if (status < 500) return observeRefusal(refusal)
    return { ...observeRefusal(refusal), request: 'accepted', status: 'internal_error' }
  }
  let { data } = body
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end && !isOver(data);) {
    data = (await ask(`/api/v1/public/jobs/${data?.job_id}?wait=${WAIT_SECONDS}`)).body.data ?? data
  }
  return observeExecution(data)
}

const isOver = (data: Answer['data']) => data?.outcome !== undefined && data.outcome !== 'queued' && data.outcome !== 'running'

function observeExecution(data: Answer['data']): Observation {
  if (!data || !isOver(data)) return { ...observeRefusal('it did not end'), request: 'accepted', status: 'unfinished' }
  const { run, compile, compile_cached, isolation = { driver: '', cgroups: 'none' as const, mode: 'cold' as const }, message = '' } = data
  return observeResult({ status: data.outcome!, message, run, compile, compile_cached, isolation }, null)
}
