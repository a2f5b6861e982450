import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { getConfig } from '#server/config.ts'
import { readHealth, readLaneHealth } from '#server/domain/engine/read-health.ts'
import { registry } from '#server/infra/metrics.ts'
import { metricsAllowed } from '#server/infra/secrets.ts'
import type { ProvenRunner } from './prove-runner.ts'

/**
 * Answers /health, /health/live, /health/ready and /metrics on WORKER_PORT. The returned function closes the port. A worker
 * of the code lane, which may not ask about others, tells of its own `runner`.
 */
export async function serveWorkerPort(runner?: ProvenRunner): Promise<() => Promise<void>> {
  const { host, workerPort } = getConfig()
  const server = createServer((request, response) => {
    answer(request, runner).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body)
    }, () => response.writeHead(500).end())
  })
  server.listen(workerPort, host)
  await once(server, 'listening')
  return () => new Promise(resolve => server.close(() => resolve()))
}

async function answer({ url = '/', headers: { authorization } }: IncomingMessage, runner: ProvenRunner | undefined) {
  const path = url.split('?')[0]
  if (path === '/metrics') {
    if (!metricsAllowed(authorization)) return { status: 401, type: 'text/plain', body: 'Give METRICS_TOKEN as a bearer token.\n' }
    return { status: 200, type: registry.contentType, body: await registry.metrics() }
  }
  if (path === '/health/live') return json(200, { live: true })
  const health = await (runner ? readLaneHealth(runner) : readHealth())
  if (path === '/health') return json(health.database ? 200 : 503, health)
  if (path === '/health/ready') return json(health.database ? 200 : 503, { ready: health.database })
  return json(404, { error: 'Not found', code: 'NOT_FOUND', message: 'This port answers /health, /health/live, /health/ready and /metrics.' })
}

const json = (status: number, body: unknown) => ({ status, type: 'application/json', body: JSON.stringify(body) })
