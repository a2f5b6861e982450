import { inspect } from 'node:util'

/** The text of whatever was thrown: an Error, a text, or anything else, also what refuses to become text. Never throws. */
export function describeError(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.message || thrown.name
    return typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2, breakLength: Infinity })
  }
  catch {
    return 'Something was thrown that cannot be described.'
  }
}
