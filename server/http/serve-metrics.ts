import { createServer } from 'node:http'
import type { Config } from '#server/config.ts'
import { logger } from '#server/infra/logger.ts'
import { registry } from '#server/infra/metrics.ts'
import { metricsAllowed } from '#server/infra/secrets.ts'

/** Answers /metrics on METRICS_PORT. The returned function closes the port. */
export function serveMetrics({ host, metricsPort }: Pick<Config, 'host' | 'metricsPort'>): () => Promise<void> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end('This port answers /metrics.\n')
    if (!metricsAllowed(request.headers.authorization)) return void response.writeHead(401).end('Give METRICS_TOKEN as a bearer token.\n')
    registry.metrics().then(
      text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  server.on('error', error => logger().error({ metricsPort, error: error.message }, 'the metrics port could not be opened'))
  server.listen(metricsPort, host)
  return () => new Promise(resolve => server.close(() => resolve()))
}
