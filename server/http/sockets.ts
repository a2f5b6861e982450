import { randomUUID } from 'node:crypto'
import { AppError } from '#server/domain/app-error.ts'
import type { Caller } from '#server/domain/access/resolve-caller.ts'
import { authenticate } from '#server/http/authenticate.ts'
import { statusOf, toAppError, toErrorBody } from '#server/http/error-response.ts'
import { originAllowed } from '#server/http/origins.ts'

/** Turns an error into the answer to an upgrade: the same shape as over HTTP. */
function refusal(request: Request, thrown: unknown): Response {
  const error = toAppError(thrown)
  const id = randomUUID()
  const body = JSON.stringify(toErrorBody(error, { path: new URL(request.url).pathname, requestId: id }))
  return new Response(body, {
    status: statusOf(error),
    headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)), 'x-request-id': id, 'connection': 'close', ...error.headers },
  })
}

/** Refuses the upgrade of a path that no WebSocket lives at. */
export const refuseUpgrade = (request: Request): Response =>
  refusal(request, new AppError('NOT_FOUND', 'No WebSocket lives at this path. There are /api/ws/jobs, /api/ws?job_id= and /api/v1/live.'))

/**
 * The upgrade hook of a WebSocket route: checks the origin, then who calls, then what `admit` wants; its answer becomes
 * the peer's context. Everything thrown refuses the upgrade with the error's status.
 */
export function upgradeWith<C extends Record<string, unknown>>(admit: (options: { caller: Caller, url: URL }) => C | Promise<C>) {
  return async (request: Request): Promise<Response | { context: Record<string, unknown> }> => {
    try {
      const headers = Object.fromEntries(request.headers)
      if (!originAllowed(headers.origin, headers.host)) {
        throw new AppError('ACCESS_DENIED', `Pages of ${headers.origin} may not open WebSockets here. Add the origin to BESPIN_ALLOWED_ORIGINS if they should.`)
      }
      const url = new URL(request.url)
      const caller = authenticate(headers, url.searchParams.get('token') ?? undefined)
      return { context: { ...await admit({ caller, url }) } }
    }
    catch (thrown) {
      return refusal(request, thrown)
    }
  }
}
