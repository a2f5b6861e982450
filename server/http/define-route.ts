import { Readable } from 'node:stream'
import { eventHandler, getQuery, setResponseHeaders, setResponseStatus, type EventHandler, type H3Event } from 'h3'
import type { z } from 'zod'
import { authenticate } from '#server/http/authenticate.ts'
import { parseJson, readRawBody } from '#server/http/raw-body.ts'
import { pathOf } from '#server/http/request-context.ts'
import { AppError } from '#server/domain/app-error.ts'
import type { Caller } from '#server/domain/access/resolve-caller.ts'
import { API, type Operation, type OperationKey, type Output, type Parsed } from '#shared/api-contract.ts'

/** An answer with a status or headers of its own. */
export interface Reply<T> { status: number, body: T, headers?: Record<string, string> }
const REPLY = Symbol('reply')

/** Answers with this status instead of the operation's first one. */
export const reply = <T>(status: number, body: T, headers?: Record<string, string>): Reply<T> => ({ [REPLY]: true, status, body, headers }) as Reply<T>
/** Answers text as it comes, as a file of this name. */
export const replyText = (pages: AsyncGenerator<string>, name: string): Reply<string> =>
  reply(200, Readable.from(pages, { objectMode: false }) as unknown as string, { 'content-type': 'text/plain; charset=utf-8', 'content-disposition': `attachment; filename="${name}"` })
const isReply = (value: unknown): value is Reply<unknown> => typeof value === 'object' && value !== null && REPLY in value

export type RouteInput<K extends OperationKey> = Parsed<K> & { caller: Caller, event: H3Event }

/** Default size of a JSON body: 1 MiB of payload and room for the fields around it. */
export const BODY_MAX_BYTES = 1024 * 1024 + 64 * 1024

/**
 * A route from its row in the contract: who calls, parse, run, answer. Validation errors are a 400 that names each field;
 * everything thrown becomes the error shape in error-handler.ts.
 */
export function defineRoute<K extends OperationKey>(key: K, run: (input: RouteInput<K>) => Promise<Output<K> | Reply<Output<K>>> | Output<K> | Reply<Output<K>>): EventHandler {
  const operation: Operation = API[key]
  const status = Number(Object.keys(operation.responses)[0])
  return eventHandler(async (event) => {
    const caller = operation.auth === 'caller' ? authenticate(event.node.req.headers, tokenOf(operation, event)) : undefined
    const input = {
      caller, event,
      params: operation.params && check(operation.params, pathParams(key, event), 'path'),
      query: operation.query && check(operation.query, getQuery(event), 'query'),
      body: operation.body && await readBody(event, operation),
    }
    const answer: unknown = await run(input as RouteInput<K>)
    setResponseStatus(event, isReply(answer) ? answer.status : status)
    if (isReply(answer) && answer.headers) setResponseHeaders(event, answer.headers)
    return isReply(answer) ? answer.body : answer
  })
}

/** A browser's EventSource can send no header. */
const tokenOf = ({ media }: Operation, event: H3Event): string | undefined => {
  const { token } = media === 'text/event-stream' ? getQuery(event) : {}
  return typeof token === 'string' && token !== '' ? token : undefined
}

async function readBody(event: H3Event, operation: Operation): Promise<unknown> {
  const raw = await readRawBody(event.node.req, operation.maxBodyBytes ?? BODY_MAX_BYTES)
  const value = parseJson(raw, event.node.req.headers['content-type'])
  if (value === undefined && !operation.bodyOptional) throw new AppError('INVALID_JSON', 'This path needs a JSON body.')
  return check(operation.body!, value ?? {}, 'body')
}

/** The dynamic segments by the names of the contract (route files at one position share one name, operations need not). */
function pathParams(key: OperationKey, event: H3Event): Record<string, string> {
  const given = pathOf(event).split('/')
  const names = key.slice(key.indexOf(' ') + 1).split('/')
  try {
    return Object.fromEntries(names.flatMap((name, index) => name.startsWith(':') ? [[name.slice(1), decodeURIComponent(given[index] ?? '')]] : []))
  }
  catch {
    throw new AppError('BAD_REQUEST', 'The path holds a malformed percent escape.')
  }
}

function check(schema: z.ZodType, value: unknown, where: 'path' | 'query' | 'body'): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.slice(0, 50).map(issue => ({
    field: issue.path.map(String).join('.') || where, message: issue.message, code: issue.code ?? 'invalid',
  }))
  throw new AppError('VALIDATION_ERROR', details.map(detail => `${detail.field}: ${detail.message}`).join('; ').slice(0, 2000), { details })
}
