import { defineNitroPlugin } from 'nitropack/runtime'
import type { H3Event } from 'h3'
import { getConfig } from '#server/config.ts'
import { logger } from '#server/infra/logger.ts'
import { collectProcessMetrics, httpDuration, httpRequests } from '#server/infra/metrics.ts'
import { pathOf, requestId } from '#server/http/request-context.ts'
import { routeLabel } from '#server/http/unknown-path.ts'
import { serveMetrics } from '#server/http/serve-metrics.ts'

/** One log line and two measurements per request; the metrics port. */
export default defineNitroPlugin((nitro) => {
  collectProcessMetrics()
  const closeMetrics = serveMetrics(getConfig())
  nitro.hooks.hook('close', closeMetrics)
  nitro.hooks.hook('request', (event) => {
    const began = performance.now()
    event.node.res.once('close', () => observe(event, performance.now() - began))
  })
})

function observe(event: H3Event, ms: number): void {
  const path = pathOf(event)
  const label = routeLabel(path)
  // Pages and their files are not worth a line each.
  if (label === undefined) return
  const status = event.node.res.statusCode
  httpRequests.inc({ method: event.method, path: label, status: String(status) })
  httpDuration.observe({ method: event.method, path: label }, ms)
  const level = status >= 500 ? 'error' : path.startsWith('/health') || path === '/api/health' ? 'debug' : 'info'
  logger()[level]({ request_id: requestId(event), method: event.method, path, status, ms: Math.round(ms * 10) / 10 }, 'request')
}
