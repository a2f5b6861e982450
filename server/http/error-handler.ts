import type { H3Event } from 'h3'
import { logger } from '#server/infra/logger.ts'
import { statusOf, toAppError, toErrorBody } from '#server/http/error-response.ts'
import { pathOf, requestId } from '#server/http/request-context.ts'

/** Nitro's error handler: every error of every path leaves in the one error shape, never with a stack or as HTML. */
export default function answerError(thrown: Error, event: H3Event): void {
  const error = toAppError(thrown)
  if (error.code === 'INTERNAL_ERROR') {
    const cause = thrown.cause instanceof Error ? thrown.cause : thrown
    logger().error({ request_id: requestId(event), path: pathOf(event), error: cause.message, stack: cause.stack }, 'request failed')
  }
  const response = event.node.res
  if (response.headersSent) { response.end(); return }
  const body = JSON.stringify({ ...toErrorBody(error, { path: pathOf(event), requestId: requestId(event) }), ...error.extra })
  response.statusCode = statusOf(error)
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.setHeader('x-request-id', requestId(event))
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
  response.end(body)
}
