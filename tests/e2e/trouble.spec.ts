import { Redis } from 'ioredis'
import { expect, expectAccessible, story } from './story.ts'

story('a Redis that may drop what it holds is told on the overview, with what to do, until it is set right', async ({ page, product }) => {
  const address = product.redisUrl
  story.skip(address === undefined, 'there is no Redis on this machine')
  const redis = new Redis(address!)
  try {
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await page.goto('/')
    const trouble = page.getByRole('alert').filter({ hasText: 'allkeys-lru' })
    await expect(trouble).toContainText('CONFIG SET maxmemory-policy noeviction')
    await expect(page.getByText('Belt needs a look').first()).toBeVisible()
    await expectAccessible(page)
    await redis.config('SET', 'maxmemory-policy', 'noeviction')
    await expect(trouble).toHaveCount(0, { timeout: 20_000 })
    await expect(page.getByText('Everything is up')).toBeVisible()
  }
  finally {
    await redis.config('SET', 'maxmemory-policy', 'noeviction')
    redis.disconnect()
  }
})
