import { expect, sendWebhook, story, untilLive } from './story.ts'

story('a webhook arrives while the list is open, and its receipt is read', async ({ page, origin }) => {
  await sendWebhook(origin, { event: 'earlier.event' })
  await page.goto('/receipts')
  await untilLive(page)
  await expect(page.locator('[data-row]').first()).toBeVisible()
  const id = await sendWebhook(origin, { event: 'order.shipped' })
  await page.getByRole('button', { name: /^Show \d+ new$/ }).click()
  const row = page.locator(`a[href="/receipts/${id}"]`)
  await expect(row).toContainText('order.shipped')
  await row.click()
  await expect(page.getByRole('heading', { level: 1, name: /order\.shipped/ })).toBeVisible()
  await expect(page.getByText('Verified', { exact: true }).first()).toBeVisible()
  await expect(page.getByText('x-webhook-signature').first()).toBeVisible()
  await expect(page.getByText('order.shipped').nth(1)).toBeVisible()
})

story('a webhook with a wrong signature is shown as rejected, with the reason', async ({ page, origin }) => {
  const id = await sendWebhook(origin, { event: 'forged', secret: 'not-the-secret' })
  await page.goto('/receipts?verified=false')
  await page.locator(`a[href="/receipts/${id}"]`).click()
  await expect(page.getByText('Rejected', { exact: true }).first()).toBeVisible()
  await expect(page.getByText(/rejected: .+triggers nothing/)).toBeVisible()
})

story('a source without its secret names the variable to set', async ({ page }) => {
  await page.goto('/receipts')
  await page.getByText(/without a secret: .*sendgrid/).click()
  await expect(page.getByText('SENDGRID_WEBHOOK_SECRET').first()).toBeVisible()
})
