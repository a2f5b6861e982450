import { createHash, timingSafeEqual } from 'node:crypto'
import { getConfig } from '#server/config.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compares two secrets in constant time, whatever their lengths. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** Whether a request may read the metrics: anyone while METRICS_TOKEN is unset, else who sends it as a bearer token. */
export function metricsAllowed(authorization: string | undefined): boolean {
  const { metricsToken } = getConfig()
  return metricsToken === undefined || sameSecret(authorization ?? '', `Bearer ${metricsToken}`)
}
