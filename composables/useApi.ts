import type { Input, OperationKey, Output } from '#shared/api-contract.ts'
import { networkError, readApiError, unreadable } from './api-error.ts'
import { parseExact, toJson } from './exact-json.ts'

export interface Answer<T> {
  data: T
  status: number
  /** Mark of the next page of a list, from `X-Next-Cursor`. */
  nextCursor: string | null
  headers: Headers
}
type Options = { signal?: AbortSignal }
/** The input may be left out when nothing in it is required. */
type Rest<K extends OperationKey> = Record<never, never> extends Input<K> ? [input?: Input<K> & Options] : [input: Input<K> & Options]
interface Loose { params?: Record<string, unknown>, query?: Record<string, unknown>, body?: unknown, signal?: AbortSignal }

const TIMEOUT_MS = 20_000

function addressOf(template: string, input: Loose): string {
  const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(input.params?.[name])))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  return query.size > 0 ? `${path}?${query}` : path
}

async function send(method: string, address: string, input: Loose): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = input.signal ? AbortSignal.any([input.signal, timeout]) : timeout
  const json = input.body === undefined ? {} : { body: toJson(input.body), headers: { 'content-type': 'application/json' } }
  try {
    return await fetch(address, { method, signal, ...json })
  }
  catch (error) {
    if (input.signal?.aborted) throw error
    throw networkError()
  }
}

/**
 * Calls one operation of `shared/api-contract.ts` by its key: `api('GET /api/v1/jobs', { query })`.
 * Resolves with the answer, also when a status above 399 carries data (health says 503 with its parts);
 * rejects with an ApiError, or with the AbortError of the given signal.
 */
async function api<K extends OperationKey>(key: K, ...[input]: Rest<K>): Promise<Answer<Output<K>>> {
  const loose = (input ?? {}) as Loose // keyed access below is the same for every operation
  const [method = 'GET', template = ''] = key.split(' ')
  const response = await send(method, addressOf(template, loose), loose)
  const data = await readBody(response)
  const failed = response.ok ? null : readApiError(data, response.status)
  if (failed) throw failed
  return { data: data as Output<K>, status: response.status, nextCursor: response.headers.get('x-next-cursor'), headers: response.headers }
}

async function readBody(response: Response): Promise<unknown> {
  // "No content" is no JSON.
  if (response.status === 204) return null
  try {
    return parseExact(await response.text())
  }
  catch (error) {
    if (error instanceof SyntaxError) throw unreadable(response.status, response.headers.get('x-request-id'))
    throw error instanceof DOMException && error.name === 'AbortError' ? error : networkError()
  }
}

/** The one way from a page to the server. */
export const useApi = () => api
