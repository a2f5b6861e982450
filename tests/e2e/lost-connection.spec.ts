import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import type { StoryProduct } from './start-product.ts'
import { expect, makeJob, story, untilLive } from './story.ts'

const killWeb = async (product: StoryProduct) => process.kill(await product.pidOf('web'), 'SIGKILL')

/** A job that comes into being while the page cannot hear of it: the record gets it without the web process. */
async function makeJobUnheard({ databaseUrl }: StoryProduct): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const id = uuidv7()
  await client.query('BEGIN')
  await client.query(
    `INSERT INTO jobs (id, organization_id, queue_name, job_type, state, payload, max_retries, timeout_seconds, created_at, updated_at)
     VALUES ($1, $2, 'random-text', 'random-text', 'pending', '{"length": 11}', 3, 300, now(), now())`, [id, DEFAULT_ORGANIZATION_ID])
  await client.query(
    `INSERT INTO due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated) VALUES ($1, $2, 'random-text', 'random-text', 0, true, false)`,
    [id, DEFAULT_ORGANIZATION_ID])
  await client.query('COMMIT')
  await client.end()
  return id
}

story.describe('a lost connection', () => {
  // The browser itself writes these when a server is away.
  story.use({ expected: /WebSocket connection to .* failed|Failed to load resource/ })

  story.afterEach(async ({ request }) => {
    await expect.poll(() => request.get('/health/ready').then(answer => answer.status(), () => 0), { timeout: 30_000 }).toBe(200)
  })

  story('is shown, and the page catches up with what happened meanwhile, without a reload', async ({ page, origin, product }) => {
    await makeJob(origin)
    await page.goto('/jobs')
    await untilLive(page)
    await page.evaluate(() => { (window as { neverReloaded?: boolean }).neverReloaded = true })
    await killWeb(product)
    await expect(page.getByRole('button', { name: /Live updates: (Reconnecting|Offline)/ })).toBeVisible()
    const id = await makeJobUnheard(product)
    await expect(page.getByRole('button', { name: 'Live updates: Live' })).toBeVisible({ timeout: 30_000 })
    const row = page.locator(`a[href="/jobs/${id}"]`)
    const pill = page.getByRole('button', { name: /^Show \d+ new$/ })
    await expect(row.or(pill).first()).toBeVisible()
    if (await pill.isVisible()) await pill.click()
    await expect(row).toHaveAccessibleName(/completed/)
    expect(await page.evaluate(() => (window as { neverReloaded?: boolean }).neverReloaded)).toBe(true)
  })

  story('on the page of a job ends with the job\'s end shown', async ({ page, product }) => {
    const id = await makeJobUnheard(product)
    await page.goto(`/jobs/${id}`)
    await untilLive(page)
    await killWeb(product)
    await expect(page.getByRole('status').filter({ hasText: 'random-text is completed' })).toBeAttached({ timeout: 30_000 })
  })
})

story('updates pause and resume on demand', async ({ page, origin }) => {
  await makeJob(origin)
  await page.goto('/jobs')
  await untilLive(page)
  await page.getByRole('button', { name: 'Live updates: Live' }).click()
  await expect(page.getByRole('button', { name: /Live updates: Paused/ })).toBeVisible()
  const id = await makeJob(origin)
  await page.waitForTimeout(500)
  await expect(page.locator(`a[href="/jobs/${id}"]`)).toHaveCount(0)
  await page.getByRole('button', { name: /Live updates: Paused/ }).click()
  await untilLive(page)
  const row = page.locator(`a[href="/jobs/${id}"]`)
  const pill = page.getByRole('button', { name: /^Show \d+ new$/ })
  await expect(row.or(pill).first()).toBeVisible()
})
