import type { Input, OperationKey } from '#shared/api-contract.ts'
import { API } from '#shared/api-contract.ts'
import { request } from 'node:http'

export interface Answer<T = Record<string, unknown>> { status: number, headers: Headers, body: T, text: string }

/** One request as it is, with the answer's body read as JSON where it is JSON. */
export async function send<T = Record<string, unknown>>(base: string, path: string, init: RequestInit = {}): Promise<Answer<T>> {
  const response = await fetch(new URL(path, base), { redirect: 'manual', signal: AbortSignal.timeout(20_000), ...init })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, headers: response.headers, text, body: (isJson && text ? JSON.parse(text) : undefined) as T }
}

/** What is sent: the operation's input, and headers beside it. */
export type Sent<K extends OperationKey> = Partial<Input<K>> & { headers?: Record<string, string> }
type CallInput = { params?: Record<string, string>, query?: Record<string, unknown>, body?: unknown }

/**
 * Calls an operation of the contract table by its key. The answer is held against the shape which the table promises for its
 * status, so that every call of every test also tests the contract.
 */
export async function call<K extends OperationKey>(base: string, key: K, { headers = {}, ...input }: Sent<K>): Promise<Answer> {
  const [method, template] = key.split(' ') as [string, string]
  const { params = {}, query = {}, body } = input as CallInput
  const url = new URL(template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? '')), base)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  const answer = await send(base, url.href, {
    method, headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const shape = (API[key] as { responses: Record<number, { parse: (value: unknown) => unknown }> }).responses[answer.status]
  shape?.parse(answer.body)
  return answer
}

/** A request through Node's own client, for what `fetch` refuses to send (a foreign Host, raw header bytes). */
export function rawRequest(base: string, path: string, options: { method?: string, headers?: Record<string, string | string[]>, body?: Buffer | string } = {}): Promise<Answer> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method: options.method ?? 'GET', headers: options.headers, timeout: 20_000 }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const headers = new Headers(Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]))
        resolve({ status: incoming.statusCode ?? 0, headers, text, body: headers.get('content-type')?.includes('json') && text ? JSON.parse(text) : undefined })
      })
    })
    outgoing.on('error', reject).on('timeout', () => outgoing.destroy(new Error('no answer within 20 s')))
    outgoing.end(options.body)
  })
}
