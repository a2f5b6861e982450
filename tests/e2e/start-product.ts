import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProduct, type Product } from '../support/product.ts'

export interface StoryProduct extends Product {
  /** The owner's connection to its PostgreSQL. */
  databaseUrl: string
  /** Undefined where there is no Redis. */
  redisUrl: string | undefined
}

/** A built product with everything its own: embedded PostgreSQL, private Redis where there is one. */
export async function startStoryProduct(): Promise<StoryProduct> {
  const product = await startProduct()
  const { ownerUrl, redisUrl } = JSON.parse(await readFile(join(product.dataDir, 'services.json'), 'utf8')) as { ownerUrl: string, redisUrl?: string }
  return { ...product, databaseUrl: ownerUrl, redisUrl }
}
