import { z } from 'zod'

/** The closed list of error codes and the HTTP status each one means. */
export const ERROR_STATUS = {
  VALIDATION_ERROR: 400,
  INVALID_JSON: 400,
  BAD_REQUEST: 400,
  AUTHENTICATION_FAILED: 401,
  UNAUTHORIZED: 401,
  INVALID_SIGNATURE: 401,
  ACCESS_DENIED: 403,
  FEATURE_DISABLED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  LEASE_EXPIRED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UPGRADE_REQUIRED: 426,
  RATE_LIMIT_EXCEEDED: 429,
  QUOTA_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
  SOURCE_NOT_CONFIGURED: 503,
} as const
export type ErrorCode = keyof typeof ERROR_STATUS
export const ERROR_CODES = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]

export const ErrorDetail = z.object({ field: z.string(), message: z.string(), code: z.string() })
export type ErrorDetail = z.infer<typeof ErrorDetail>

/** Every error answer of every path. */
export const ErrorBody = z.object({
  error: z.string(),
  code: z.enum(ERROR_CODES),
  message: z.string(),
  details: z.array(ErrorDetail),
  path: z.string(),
  timestamp: z.string(),
  request_id: z.string(),
})
export type ErrorBody = z.infer<typeof ErrorBody>
