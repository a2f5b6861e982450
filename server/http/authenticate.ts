import type { IncomingHttpHeaders } from 'node:http'
import { resolveCaller, type Caller } from '#server/domain/access/resolve-caller.ts'
import { originAllowed, sameOrigin } from '#server/http/origins.ts'

const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] as const

/** The dev server hands requests on to its own worker and says so; behind any other proxy the values are not this machine's alone. */
const LOOPBACK_VALUE = /^(::1|(::ffff:)?127\.[\d.]+|\[::1\]|localhost)(:\d+)?$/i
const isDevProxy = (name: string, value = '') => name === 'x-forwarded-proto' || LOOPBACK_VALUE.test(value)

/** Reads who a request is from its headers (and, on realtime routes, `?token=`). Throws as resolveCaller does. */
export function authenticate(headers: IncomingHttpHeaders, token?: string): Caller {
  const one = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const origin = one('origin')
  const bearer = one('authorization')?.match(/^Bearer +(.+)$/i)?.[1]
  return resolveCaller({
    bearer: bearer ?? token, apiKey: one('x-api-key'), adminKey: one('x-admin-key'),
    hostname: (one('host') ?? '').replace(/:\d+$/, ''),
    // A page that CORS lets in (development: any localhost port) is not foreign; every other one is.
    foreignOrigin: origin !== undefined && !sameOrigin(origin, one('host')) && !originAllowed(origin, one('host')) ? origin : undefined,
    forwarded: FORWARDING.some(name => headers[name] !== undefined && !(import.meta.dev && isDevProxy(name, one(name)))),
  })
}
