import { getConfig } from '#server/config.ts'

const LOCAL_PAGE = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

/**
 * Whether pages of `origin` may call (CORS) and open WebSockets: our own origin, the configured ones, and in development
 * any localhost port. Clients that send no Origin are not pages and pass.
 */
export function originAllowed(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || sameOrigin(origin, host)) return true
  const { allowedOrigins, mode } = getConfig()
  if (allowedOrigins.includes(origin) || allowedOrigins.includes('*')) return true
  return mode === 'development' && LOCAL_PAGE.test(origin)
}

/** True when a page of `origin` was served under `host`. */
export const sameOrigin = (origin: string, host: string | undefined): boolean => host !== undefined && /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, '') === host
