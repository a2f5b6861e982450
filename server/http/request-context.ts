import { randomUUID } from 'node:crypto'
import type { H3Event } from 'h3'

const SAFE_ID = /^[\w.:-]{1,100}$/

/** The id of a request: the caller's `X-Request-ID` when it is harmless, else a new one; the same for the whole request. */
export function requestId(event: H3Event): string {
  const context = event.context as { bespinRequestId?: string }
  if (!context.bespinRequestId) {
    const given = event.node.req.headers['x-request-id']
    context.bespinRequestId = typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID()
  }
  return context.bespinRequestId
}

/** The path of a request without its query, for answers and logs. */
export const pathOf = (event: H3Event): string => (event.node.req.url ?? '/').split('?')[0]!.slice(0, 2048)
