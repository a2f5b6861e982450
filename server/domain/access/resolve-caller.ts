import { AppError } from '#server/domain/app-error.ts'
import { getConfig } from '#server/config.ts'
import { sameSecret } from '#server/infra/secrets.ts'

/** The organization everything belongs to until others are made. */
export const DEFAULT_ORGANIZATION_ID = '00000000-0000-7000-8000-000000000001'

/** Who calls: everything a route does is done for this organization. */
export interface Caller {
  organizationId: string
  isAdmin: boolean
  via: 'open-access' | 'admin-key'
  /** Who did it, in the words of a timeline. */
  actor: string
}

/** What a request shows of who it is; read by server/http, judged here. */
export interface Credentials {
  bearer?: string
  apiKey?: string
  adminKey?: string
  /** `Host`, without the port. */
  hostname: string
  /** `Origin`, when the request came from a page of another origin. */
  foreignOrigin?: string
  /** True when any header says that a proxy stands between. */
  forwarded: boolean
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i

/** Who the caller is. Throws UNAUTHORIZED (no credential where one is needed) or AUTHENTICATION_FAILED (a wrong one). */
export function resolveCaller(credentials: Credentials): Caller {
  const { adminKey, bearer, apiKey } = credentials
  if (adminKey !== undefined) return resolveAdmin(adminKey)
  if (bearer !== undefined || apiKey !== undefined) {
    throw new AppError('AUTHENTICATION_FAILED', 'This key is not known here. Check it for typing errors, or leave it out where open access is on.')
  }
  if (mayUseOpenAccess(credentials)) return { organizationId: DEFAULT_ORGANIZATION_ID, isAdmin: false, via: 'open-access', actor: 'open access' }
  throw new AppError('UNAUTHORIZED', 'A credential is needed: send the administrator\'s key as X-Admin-Key. Open access (without a key) works only from this machine, without a proxy in between.')
}

function resolveAdmin(given: string): Caller {
  const expected = getConfig().secrets.adminKey
  if (!expected) throw new AppError('AUTHENTICATION_FAILED', 'No administrator key is configured: set ADMIN_API_KEY and restart.')
  if (!sameSecret(given, expected)) throw new AppError('AUTHENTICATION_FAILED', 'The administrator key is wrong.')
  return { organizationId: DEFAULT_ORGANIZATION_ID, isAdmin: true, via: 'admin-key', actor: 'admin key' }
}

/** Open access is for people on this machine: a loopback name, no page of elsewhere, no proxy in between. */
function mayUseOpenAccess({ hostname, foreignOrigin, forwarded }: Credentials): boolean {
  return getConfig().openAccess && foreignOrigin === undefined && !forwarded && LOOPBACK.test(hostname)
}
