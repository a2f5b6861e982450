/** The user of the code workers on Redis: their lane's keys, and the channels they speak and listen on. */
import { createHash, createHmac } from 'node:crypto'
import type { Say } from './say.ts'

const NAME = 'bespin_code'
/** Its lane is `{bespin:code-execution}`, as the belt writes it. */
const KEYS = '~{bespin:code-execution}*'
const SPEAKS_ON = ['&bespin_live', '&bespin_output', '&bespin_wakes']
/** What a BullMQ worker calls; nothing that shows, or reaches, keys of others. */
const COMMANDS = ['-@all', '+@read', '+@write', '+@connection', '-@dangerous', '-scan', '-randomkey', '-dbsize', '-function', '+eval', '+evalsha', '+script|load', '+info', '+publish']
/** It hears what the engine tells workers, and cannot say it. Selectors are there from Redis 7 on. */
const HEARS = '(-@all +subscribe +unsubscribe &bespin_control)'

/** The same secret gives the same password on every machine, so that launchers do not lock out each other's workers. */
const passwordOf = (secret: string): string => createHmac('sha256', secret).update('redis:bespin_code').digest('base64url')

/**
 * Makes the user, and makes it again whenever Redis comes back without it; the connection stays for that.
 * @returns the address with that user, or undefined when it cannot be made (said why), and how to end.
 */
export async function keepCodeUser(options: { redisUrl: string, secret: string, say: Say }): Promise<{ codeRedisUrl?: string, close(): void }> {
  const { redisUrl, secret, say } = options
  const { Redis } = await import('ioredis')
  const password = passwordOf(secret)
  const hash = createHash('sha256').update(password).digest('hex')
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1, connectTimeout: 5000, commandTimeout: 5000, retryStrategy: attempt => Math.min(attempt * 100, 1000) })
  redis.on('error', () => undefined)
  const make = () => redis.acl('SETUSER', NAME, 'reset', 'on', `#${hash}`, KEYS, ...SPEAKS_ON, ...COMMANDS, HEARS)
  try {
    await make()
  }
  catch (error) {
    redis.disconnect()
    say(`the user ${NAME} cannot be made on Redis (${error instanceof Error ? error.message : String(error)}): the code worker uses the login of REDIS_URL, and isolation is reduced`)
    return { close: () => undefined }
  }
  redis.on('ready', () => void make().catch(() => undefined))
  const url = Object.assign(new URL(redisUrl), { username: NAME, password })
  return { codeRedisUrl: url.href, close: () => redis.disconnect() }
}
