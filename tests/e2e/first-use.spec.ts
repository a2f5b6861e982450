import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startProduct, type Product } from '../support/product.ts'
import { expect, expectAccessible, story as anyStory, untilLive } from './story.ts'

/** A product nobody has used yet, on the belt that needs nothing. */
const story = anyStory.extend<{ fresh: Product }>({
  // Playwright reads the names of what a fixture needs from this pattern; here it is none.
  // eslint-disable-next-line no-empty-pattern
  fresh: [async ({}, use) => {
    const product = await startProduct({ env: { BESPIN_BELT: 'postgres' } })
    await use(product)
    await product.stop()
  }, { timeout: 60_000 }],
  origin: async ({ fresh }, use) => { await use(fresh.url) },
})

story('empty pages teach a command that works as copied, and show what it makes', async ({ page }) => {
  for (const [path, title, made] of [['/jobs', 'No jobs yet', '/jobs/'], ['/receipts', 'No receipts yet', '/receipts/']] as const) {
    await page.goto(path)
    await untilLive(page)
    await expect(page.getByText(title)).toBeVisible()
    await expectAccessible(page)
    const command = await page.locator('pre, code').filter({ hasText: 'curl' }).first().innerText()
    await promisify(execFile)('bash', ['-c', command])
    await expect(page.locator(`a[href^="${made}"][data-row]`)).toHaveCount(1)
  }
})
