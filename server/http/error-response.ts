import { AppError } from '#server/domain/app-error.ts'
import { ERROR_STATUS, type ErrorBody, type ErrorCode } from '#shared/schemas/error.ts'

const TITLES: Partial<Record<ErrorCode, string>> = {
  VALIDATION_ERROR: 'Invalid input', INVALID_JSON: 'Invalid JSON', NOT_FOUND: 'Not found', METHOD_NOT_ALLOWED: 'Method not allowed',
  PAYLOAD_TOO_LARGE: 'Payload too large', UNSUPPORTED_MEDIA_TYPE: 'Unsupported media type', UNAUTHORIZED: 'Unauthorized',
  AUTHENTICATION_FAILED: 'Authentication failed', INVALID_SIGNATURE: 'Invalid signature', SERVICE_UNAVAILABLE: 'Service unavailable',
  SOURCE_NOT_CONFIGURED: 'Source not configured', UPGRADE_REQUIRED: 'Upgrade required', INTERNAL_ERROR: 'Internal error',
}
const BY_STATUS: Record<number, ErrorCode> = { 400: 'BAD_REQUEST', 401: 'UNAUTHORIZED', 403: 'ACCESS_DENIED', 404: 'NOT_FOUND', 405: 'METHOD_NOT_ALLOWED', 413: 'PAYLOAD_TOO_LARGE', 415: 'UNSUPPORTED_MEDIA_TYPE', 426: 'UPGRADE_REQUIRED', 503: 'SERVICE_UNAVAILABLE' }
/** Codes of PostgreSQL, Prisma and node for "the database is not there". */
const AWAY = /^(08|57P|53300|ECONNREFUSED|ECONNRESET|ENOENT|ETIMEDOUT|P1001|P1002|P1008|P1017|P2024|P2028)/

/** Any thrown thing as an AppError: ours as it is, the framework's by status, the rest INTERNAL_ERROR without its text. */
export function toAppError(thrown: unknown): AppError {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if (error instanceof AppError) return error
    if (databaseIsAway(error)) {
      return new AppError('SERVICE_UNAVAILABLE', 'The database does not answer right now. Nothing was lost; try again in a moment.', { headers: { 'retry-after': '2' } })
    }
  }
  const { statusCode, statusMessage } = thrown as { statusCode?: number, statusMessage?: string }
  const code = statusCode === undefined ? undefined : BY_STATUS[statusCode]
  if (code === 'UPGRADE_REQUIRED') return new AppError(code, 'This path speaks WebSocket: open it with a WebSocket client.', { headers: { upgrade: 'websocket' } })
  if (code && code !== 'SERVICE_UNAVAILABLE') return new AppError(code, statusMessage || 'The request cannot be answered.')
  return new AppError('INTERNAL_ERROR', 'Something went wrong in the server. The log tells more under this request id.')
}

function databaseIsAway(error: Error): boolean {
  const code = (error as { code?: unknown }).code
  return (typeof code === 'string' && AWAY.test(code)) || /timeout exceeded when trying to connect|Connection terminated|Can't reach database server/.test(error.message)
}

/** The answer every client gets for an error. */
export function toErrorBody(error: AppError, request: { path: string, requestId: string }): ErrorBody {
  return {
    error: TITLES[error.code] ?? error.code.toLowerCase().replaceAll('_', ' ').replace(/^./, letter => letter.toUpperCase()),
    code: error.code, message: error.message, details: error.details, path: request.path,
    timestamp: new Date().toISOString(), request_id: request.requestId,
  }
}

export const statusOf = (error: AppError): number => ERROR_STATUS[error.code]
