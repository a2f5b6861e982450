import type { ErrorBody, ErrorDetail } from '#shared/schemas/error.ts'

/** What a page shows when a call failed. `code` is the server's, or NETWORK (no answer) or UNREADABLE (an answer that is not ours). */
export interface ApiError {
  code: ErrorBody['code'] | 'NETWORK' | 'UNREADABLE'
  /** HTTP status; 0 when nothing answered. */
  status: number
  message: string
  details: ErrorDetail[]
  requestId: string | null
}

const isErrorBody = (body: unknown): body is ErrorBody =>
  typeof body === 'object' && body !== null && 'code' in body && 'message' in body && 'request_id' in body

/** The error an answer carries, or null when it is not an error of the contract's shape. */
export function readApiError(body: unknown, status: number): ApiError | null {
  if (!isErrorBody(body)) return null
  return { code: body.code, status, message: body.message, details: body.details ?? [], requestId: body.request_id }
}

/** An answer that is neither data nor an error of ours: a proxy's page, a cut connection. */
export function unreadable(status: number, requestId: string | null): ApiError {
  const message = `The server answered ${status} with something that is not JSON. A proxy in between may be failing; try again.`
  return { code: 'UNREADABLE', status, message, details: [], requestId }
}

/** Nothing answered. */
export function networkError(): ApiError {
  return { code: 'NETWORK', status: 0, message: 'The server does not answer. Check that it runs and that this machine reaches it, then try again.', details: [], requestId: null }
}

export const isApiError = (error: unknown): error is ApiError =>
  typeof error === 'object' && error !== null && 'requestId' in error && 'code' in error
