/** First of all handlers: request id, security headers, CORS, and the JSON answer for what no page can be. */
import { eventHandler, sendNoContent, setResponseHeader, setResponseHeaders, type H3Event } from 'h3'
import { AppError } from '#server/domain/app-error.ts'
import { originAllowed, sameOrigin } from '#server/http/origins.ts'
import { pathOf, requestId } from '#server/http/request-context.ts'
import { isApiPath, whyUnanswered } from '#server/http/unknown-path.ts'

const SECURITY_HEADERS = { 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin' }

export default eventHandler((event) => {
  const { method = 'GET' } = event.node.req
  const path = pathOf(event)
  setResponseHeaders(event, { ...SECURITY_HEADERS, 'x-request-id': requestId(event) })
  if (isApiPath(path)) {
    setResponseHeader(event, 'cache-control', 'no-store')
    if (answersPreflight(event)) return sendNoContent(event)
    const error = whyUnanswered(method, path)
    if (error) throw error
    // Node leaves the body out of an answer to HEAD by itself; the router only needs to find the GET route.
    if (method === 'HEAD') event.node.req.method = 'GET'
  }
  else if (method !== 'GET' && method !== 'HEAD') {
    throw new AppError('NOT_FOUND', `There is nothing at ${path} that takes ${method}. All paths: GET /api/openapi.json, or /docs in a browser.`)
  }
})

/** Sets the CORS headers for a page of another origin that may call; true when the request was only asking for them. */
function answersPreflight(event: H3Event): boolean {
  const { origin, host } = event.node.req.headers
  if (origin === undefined || sameOrigin(origin, host) || !originAllowed(origin, host)) return false
  setResponseHeaders(event, { 'access-control-allow-origin': origin, 'vary': 'Origin', 'access-control-expose-headers': 'X-Request-ID, X-Next-Cursor, X-Search, X-Search-Scans, Link, Retry-After' })
  if (event.node.req.method !== 'OPTIONS' || !event.node.req.headers['access-control-request-method']) return false
  setResponseHeaders(event, {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'authorization, content-type, x-api-key, x-request-id, x-webhook-signature, x-webhook-event',
    'access-control-max-age': 600,
  })
  return true
}
