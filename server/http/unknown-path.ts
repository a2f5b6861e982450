import { AppError } from '#server/domain/app-error.ts'
import { API } from '#shared/api-contract.ts'

interface Route { path: string, methods: string[], pattern: RegExp }

const ROUTES: Route[] = [...Map.groupBy(Object.keys(API).map(key => key.split(' ') as [string, string]), ([, path]) => path.replace(/:[^/]+/g, ':'))]
  .map(([shape, operations]) => ({
    path: operations[0]![1], methods: operations.map(([method]) => method),
    pattern: new RegExp(`^${shape.replace(/\/$/, '').replaceAll(':', '[^/]+')}/?$`),
  }))
const STATIC = new Map(ROUTES.filter(route => !route.path.includes(':')).map(route => [route.path, route]))

/** The route of the contract that a path belongs to; fixed paths before those with a name in them. */
function findRoute(path: string): Route | undefined {
  return STATIC.get(path) ?? ROUTES.find(route => route.pattern.test(path))
}

/** The path of the contract that a request fits, for metrics (`:id` instead of an id); undefined for pages and their files. */
export function routeLabel(path: string): string | undefined {
  return findRoute(path)?.path ?? (isApiPath(path) ? 'unknown' : undefined)
}

export const isApiPath = (path: string): boolean => path === '/api' || path.startsWith('/api/') || path === '/health' || path.startsWith('/health/')

/** The error for a path that no route answers, or not with this method (405 with `Allow`); null when one does. */
export function whyUnanswered(method: string, path: string): AppError | null {
  const allowed = findRoute(path)?.methods
  if (!allowed) return new AppError('NOT_FOUND', `There is nothing at ${path}. All paths: GET /api/openapi.json, or /docs in a browser.`)
  const head = allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed
  if (head.includes(method)) return null
  return new AppError('METHOD_NOT_ALLOWED', `${path} does not take ${method}; it takes ${head.join(', ')}.`, { headers: { allow: head.join(', ') } })
}
