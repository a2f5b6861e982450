import type { z } from 'zod'
import { AppError } from '#server/domain/app-error.ts'

/** A VALIDATION_ERROR about one field. */
export function invalidField(field: string, message: string, code = 'invalid'): AppError {
  return new AppError('VALIDATION_ERROR', `${field}: ${message}`, { details: [{ field, message, code }] })
}

/** What a schema had against a value as a VALIDATION_ERROR; `prefix` is the field that holds the value. */
export function fromIssues(issues: z.core.$ZodIssue[], prefix?: string): AppError {
  const details = issues.slice(0, 50).map(issue => ({
    field: [...(prefix === undefined ? [] : [prefix]), ...issue.path.map(String)].join('.') || 'body', message: issue.message, code: issue.code ?? 'invalid',
  }))
  return new AppError('VALIDATION_ERROR', details.map(detail => `${detail.field}: ${detail.message}`).join('; ').slice(0, 2000), { details })
}
