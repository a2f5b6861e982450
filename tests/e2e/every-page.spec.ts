import { expect, expectAccessible, expectNoSidewaysScroll, makeJob, sendWebhook, story, untilLive } from './story.ts'

const PAGES: [name: string, path: (ids: Record<'job' | 'receipt' | 'rejected', string>) => string][] = [
  ['the overview', () => '/'],
  ['the jobs list', () => '/jobs'],
  ['the jobs list without a match', () => '/jobs?state=expired'],
  ['new job', () => '/jobs/new'],
  ['a job', ids => `/jobs/${ids.job}`],
  ['the receipts list', () => '/receipts'],
  ['a receipt', ids => `/receipts/${ids.receipt}`],
  ['a rejected receipt', ids => `/receipts/${ids.rejected}`],
]

for (const [name, path] of PAGES) {
  story(`${name} has one title, fits the window, and axe finds nothing`, async ({ page, origin }) => {
    const ids = { job: await makeJob(origin), receipt: await sendWebhook(origin), rejected: await sendWebhook(origin, { secret: 'wrong' }) }
    await page.goto(path(ids))
    await untilLive(page)
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
    await page.waitForLoadState('networkidle')
    await expectNoSidewaysScroll(page)
    await expectAccessible(page)
  })
}

story('the palette and, on a phone, the drawer are accessible and lead on', async ({ page, viewport }) => {
  await page.goto('/')
  await untilLive(page)
  await page.getByRole('button', { name: 'Command palette' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  if ((viewport?.width ?? 0) >= 768) return
  await page.getByRole('button', { name: 'Open navigation' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('dialog').getByRole('link', { name: 'Receipts' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Receipts' })).toBeVisible()
})

story.describe('what is not there', () => {
  story.use({ expected: /Failed to load resource: the server responded with a status of 404/ })

  story('is said with what to do and the request id', async ({ page }) => {
    await page.goto(`/jobs/${crypto.randomUUID()}`)
    await expect(page.getByText('There is no such job').first()).toBeVisible()
    await expect(page.getByText(/request/i).first()).toBeVisible()
    await expect(page.getByRole('button', { name: /again|retry/i })).toBeVisible()
    await expectAccessible(page)
  })

  story('is a page of its own for an unknown address', async ({ page }) => {
    await page.goto('/nowhere/at/all')
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expectAccessible(page)
  })
})

story('the overview says what is up and leads to what failed', async ({ page, origin }) => {
  await makeJob(origin)
  await page.goto('/')
  for (const part of [/PostgreSQL|Database/, /Belt/i, /Workers?/]) await expect(page.getByText(part).first()).toBeVisible()
  await page.getByRole('link', { name: /^Failed/ }).first().click()
  await page.waitForURL('**/jobs?state=failed')
})

story('the API reference opens and asks no foreign host', async ({ page }) => {
  await page.goto('/docs')
  await expect(page.getByRole('heading', { name: 'Bespin' })).toBeVisible({ timeout: 20_000 })
  await expect(page.getByText('/api/openapi.json').first()).toBeVisible()
})
