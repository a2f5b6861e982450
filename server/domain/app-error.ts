import type { ErrorCode, ErrorDetail } from '#shared/schemas/error.ts'

/** An error that a caller can do something about. The message says what is wrong and what to do. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetail[]
  readonly headers: Record<string, string>
  /** Further fields of the answer's body. */
  readonly extra: Record<string, unknown>

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetail[], headers?: Record<string, string>, extra?: Record<string, unknown> } = {}) {
    super(message)
    this.name = 'AppError'
    this.code = code
    this.details = options.details ?? []
    this.headers = options.headers ?? {}
    this.extra = options.extra ?? {}
  }
}
