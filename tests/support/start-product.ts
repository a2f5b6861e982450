import type { TestProject } from 'vitest/node'
import { onDatabase, startProduct, type Product } from './product.ts'
import { hasRedis, startTestRedis, type TestRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The product all tests of the HTTP surface speak to. */
    product: { url: string, metricsUrl: string, workerUrl: string, databaseUrl: string }
  }
}

export const ADMIN_KEY = 'tests-admin-7d1c9a5e3b8f4a2d6c0e9b7f5a3d1c8e'
export const WEBHOOK_SECRETS = { github: 'tests-github-It is a Secret', stripe: 'whsec_tests_stripe_0123456789', test: 'test-secret' }

/** One product on the run's PostgreSQL and, where there is one, a Redis server of its own. SendGrid stays without its secret. */
export default async function startSharedProduct(project: TestProject): Promise<() => Promise<void>> {
  const databaseUrl = Object.assign(new URL(project.getProvidedContext().templateUrl), { pathname: '/product' }).href
  let redis: TestRedis | undefined
  let product: Product | undefined
  const stop = async () => {
    await product?.stop()
    await redis?.stop()
  }
  try {
    if (hasRedis) redis = await startTestRedis()
    product = await startProduct({ code: true, env: {
      ...onDatabase(databaseUrl), ADMIN_API_KEY: ADMIN_KEY, GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRETS.github, STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRETS.stripe,
      ...(redis ? { REDIS_URL: redis.url } : { BESPIN_BELT: 'postgres' }),
    } })
  } catch (error) {
    await stop()
    throw error
  }
  const { url, metricsUrl, workerUrl } = product
  project.provide('product', { url, metricsUrl, workerUrl, databaseUrl })
  return stop
}
