import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProduct } from '../support/product.ts'

/** One product for all stories, with everything its own: embedded PostgreSQL, private Redis where there is one. */
export default async function startForStories(): Promise<() => Promise<void>> {
  const product = await startProduct()
  const { ownerUrl, redisUrl } = JSON.parse(await readFile(join(product.dataDir, 'services.json'), 'utf8')) as { ownerUrl: string, redisUrl?: string }
  Object.assign(process.env, { STORY_URL: product.url, STORY_DATABASE: ownerUrl, STORY_DATA: product.dataDir, ...(redisUrl && { STORY_REDIS: redisUrl }) })
  return async () => { await product.stop() }
}
