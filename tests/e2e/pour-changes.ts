import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import type { JobChange } from '#shared/schemas/live.ts'
import type { StoryProduct } from './start-product.ts'

const CHANNEL = 'bespin_live'
/** NOTIFY refuses 8,000 bytes. */
const ITEMS = 25

async function openBus({ redisUrl, databaseUrl }: StoryProduct): Promise<{ publish(text: string): Promise<unknown>, close(): Promise<void> }> {
  if (redisUrl) {
    const redis = new Redis(redisUrl)
    return { publish: text => redis.publish(CHANNEL, text), close: async () => redis.disconnect() }
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  return { publish: text => client.query('select pg_notify($1, $2)', [CHANNEL, text]), close: () => client.end() }
}

/**
 * Says on the live bus what workers would say: `perSecond` changes for some seconds, one in ten of a job in `known`, the
 * others of jobs nobody has seen; once a second a message is missing. Answers how many changes were told.
 */
export async function pourChanges(product: StoryProduct, { known, perSecond, seconds }: { known: string[], perSecond: number, seconds: number }): Promise<number> {
  const bus = await openBus(product)
  const from = randomUUID()
  const start = performance.now()
  let [told, n, gaps] = [0, 0, 0]
  const change = (): JobChange => ({
    id: told % 10 === 0 && known.length > 0 ? known[(told / 10) % known.length]! : uuidv7(), organization_id: DEFAULT_ORGANIZATION_ID, state: 'running', run: 1, progress: (told++ % 97) / 100,
    queue_name: 'drill', job_type: 'drill', updated_at: new Date().toISOString(),
  })
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
    const messages: Promise<unknown>[] = []
    while (told < elapsed * perSecond) {
      if (gaps < Math.floor(elapsed)) { gaps++; n++ }
      messages.push(bus.publish(JSON.stringify({ from, n: ++n, topic: 'jobs', items: Array.from({ length: ITEMS }, change) })))
    }
    await Promise.all(messages)
    await sleep(5)
  }
  await bus.close()
  return told
}
