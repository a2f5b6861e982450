import { makeMixedHistory } from './mixed-history.ts'
import { expect, makeDrill, ownQueue, story, untilLive } from './story.ts'

const SEARCH = 'payload.user.id:42 error:"longer than its timeout" created:yesterday'

story('an operator finds the job that timed out yesterday, sees why, mends it, retries its group and watches it drain, without a mouse', async ({ page, origin, product }) => {
  const queue = ownQueue()
  const before = (await (await fetch(`${origin}/api/v1/jobs/stats`)).json() as { states: { failed: number } }).states.failed
  const { wanted, timedOut, failed } = await makeMixedHistory(product.databaseUrl, queue)
  await Promise.all([1, 2, 3].map(id => makeDrill(origin, { user: { id }, fail_times: 9, retryable: false }, { queue_name: queue })))
  const { keyboard } = page
  await page.goto('/')
  await untilLive(page)
  const tile = page.getByRole('region', { name: 'Jobs by state' }).getByRole('link', { name: /^Failed/ })
  await expect(tile).toContainText(String(before + failed + 3))

  // Find it.
  await keyboard.press('/')
  await keyboard.type(SEARCH)
  await keyboard.press('Enter')
  await expect(page.locator('[data-row]')).toHaveCount(1)
  await keyboard.press('j')
  await keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/jobs/${wanted}$`))
  await expect(page.getByTestId('sentence')).toContainText('The job ran longer than its timeout of 1 s.')

  // See why: what differs from the last one that went well.
  await keyboard.press('d')
  await expect(page.getByRole('status').filter({ hasText: 'They differ in' })).toBeVisible()
  await expect(page.getByText('payload/sleep_ms')).toBeVisible()
  await keyboard.press('b')
  await expect(page.getByTestId('sentence')).toBeVisible()

  // Mend the payload.
  await keyboard.press('e')
  await expect(page.getByLabel('Payload, JSON')).toBeFocused()
  await keyboard.press('ControlOrMeta+a')
  await keyboard.type('{"user":{"id":42},"template":"report","sleep_ms":20}')
  await expect(page.getByText('/sleep_ms')).toBeVisible()
  await keyboard.press('ControlOrMeta+Enter')
  await expect(page.getByTestId('sentence')).toContainText('Completed')

  // Back at the same list, at the same row; from there to all that failed so.
  await keyboard.press('b')
  await expect(page).toHaveURL(/q=payload/)
  await expect(page.locator('[data-row]')).toHaveCount(1)
  await keyboard.press('j')
  await keyboard.press('Enter')
  await expect(page.getByTestId('sentence')).toContainText('longer than its timeout')
  await keyboard.press('s')
  await expect(page.getByRole('link', { name: `${timedOut} jobs in the dead letter` })).toBeVisible()

  // Retry the whole group.
  await keyboard.press('r')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: /^Retry/ })).toBeEnabled()
  await expect(dialog.getByLabel('Reason')).toBeFocused()
  await keyboard.type('the report service is back')
  await keyboard.press('Enter')
  await expect(dialog).toBeHidden()

  // Watch it drain: all but the one that was mended as a new job, which times out as before.
  await expect(page.getByRole('link', { name: '1 job in the dead letter' })).toBeVisible({ timeout: 20_000 })
  await keyboard.press('g')
  await keyboard.press('q')
  await expect(page.getByRole('row').filter({ hasText: queue })).toContainText('empty')
  await keyboard.press('g')
  await keyboard.press('o')
  await expect(tile).toContainText(String(before + failed - timedOut + 1 + 3))
})

story('who comes back from a row is at that row again, and keys work at once after a dialog is left', async ({ page, origin }) => {
  const queue = ownQueue()
  await Promise.all([1, 2, 3].map(() => makeDrill(origin, {}, { queue_name: queue })))
  await page.goto(`/jobs?queue_name=${queue}`)
  await expect(page.locator('[data-row]')).toHaveCount(3)
  const second = page.locator('[data-row]').nth(1)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(second).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sentence')).toBeVisible()
  await page.keyboard.press('b')
  await expect(second).toBeFocused()
  await page.keyboard.press('ControlOrMeta+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.waitForTimeout(600)
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
})
