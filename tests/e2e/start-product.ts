import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FullConfig } from 'playwright/test'
import { pidOfChild, startProduct, type Product } from '../support/product.ts'

export interface StoryProduct extends Pick<Product, 'url' | 'dataDir' | 'pidOf'> {
  /** The owner's connection to its PostgreSQL. */
  databaseUrl: string
  /** Undefined where there is no Redis. */
  redisUrl: string | undefined
}
type Address = Pick<Product, 'url' | 'dataDir'>

const ADDRESSES = 'BESPIN_STORY_PRODUCTS'

/**
 * One built product for each browser that runs at a time, everything its own: embedded PostgreSQL, private Redis where there
 * is one. They stay for the whole run. Answers how to stop them.
 */
export default async function startStoryProducts({ workers }: Pick<FullConfig, 'workers'>): Promise<() => Promise<void>> {
  const starts = await Promise.allSettled(Array.from({ length: workers }, () => startProduct({ code: true })))
  const products = starts.flatMap(start => start.status === 'fulfilled' ? [start.value] : [])
  const stop = async () => { await Promise.all(products.map(product => product.stop())) }
  const failed = starts.find(start => start.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  // The runner hands the environment on to the processes that run stories.
  process.env[ADDRESSES] = JSON.stringify(products.map(({ url, dataDir }): Address => ({ url, dataDir })))
  return stop
}

/** The product of the browser with this number; no two that run at the same time have the same one. */
export async function productOf(browser: number): Promise<StoryProduct> {
  const address = (JSON.parse(process.env[ADDRESSES] ?? '[]') as Address[])[browser]
  if (!address) throw new Error(`No product was started for browser ${browser}.`)
  const { ownerUrl, redisUrl } = JSON.parse(await readFile(join(address.dataDir, 'services.json'), 'utf8')) as { ownerUrl: string, redisUrl?: string }
  return { ...address, pidOf: name => pidOfChild(address.dataDir, name), databaseUrl: ownerUrl, redisUrl }
}
