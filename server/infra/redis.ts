import { Redis } from 'ioredis'
import { getConfig } from '#server/config.ts'
import { logger } from '#server/infra/logger.ts'

/**
 * A new Redis connection. `producer`: commands fail at once while Redis is away (nobody waits for the belt);
 * `consumer`: commands wait for it to come back, as workers and subscribers must.
 */
export function openRedis(kind: 'producer' | 'consumer'): Redis {
  const { redisUrl } = getConfig()
  if (!redisUrl) throw new Error('No Redis is configured: set REDIS_URL or REDIS_ADDR.')
  const connection = new Redis(redisUrl, {
    maxRetriesPerRequest: kind === 'consumer' ? null : 1,
    connectTimeout: 5000,
    commandTimeout: kind === 'producer' ? 5000 : undefined,
    retryStrategy: attempt => Math.min(attempt * 100, 2000),
  })
  let down = false
  connection.on('error', (error: Error) => {
    if (!down) logger().warn({ kind, error: error.message }, 'Redis is away')
    down = true
  })
  connection.on('ready', () => {
    // The very first commands may wait for the connection; after that a producer's fail at once.
    connection.options.enableOfflineQueue = kind === 'consumer'
    if (down) logger().info({ kind }, 'Redis is back')
    down = false
  })
  return connection
}
