import type { Page } from 'playwright/test'
import { pourChanges } from './pour-changes.ts'
import { expect, makeJob, story, untilLive } from './story.ts'

/** Watches the page from inside: the longest pause between two frames, and the longest wait of a key for the page, ms. */
const watchSmoothness = (page: Page) => page.evaluate(() => {
  const seen = (globalThis as unknown as { smooth: { gap: number, delay: number } }).smooth = { gap: 0, delay: 0 }
  let last = performance.now()
  const frame = () => {
    const now = performance.now()
    seen.gap = Math.max(seen.gap, now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  addEventListener('keydown', (event) => { seen.delay = Math.max(seen.delay, performance.now() - event.timeStamp) }, true)
})
const readSmoothness = (page: Page) => page.evaluate(() => (globalThis as unknown as { smooth: { gap: number, delay: number } }).smooth)

/** No page may stand still longer than this: a hang, whatever the machine. */
const HANG_MS = 1000

story('5,000 changes a second leave the list of jobs smooth, nothing jumps, and what is new waits behind the pill', async ({ page, origin, product }) => {
  const ids = await Promise.all(Array.from({ length: 12 }, () => makeJob(origin)))
  await page.goto('/jobs')
  await untilLive(page)
  const rows = page.locator('[data-row]')
  await expect(rows.first()).toBeVisible()
  const before = await rows.evaluateAll(links => links.map(link => link.getAttribute('href')))
  await watchSmoothness(page)
  const pouring = pourChanges(product, { known: ids, perSecond: 5000, seconds: 5 })
  for (let n = 0; n < 12; n++) {
    // Real ones, too: what was missed is fetched again, and must not push the rows away.
    if (n % 3 === 0) await makeJob(origin)
    await page.keyboard.press('j')
    await page.waitForTimeout(250)
  }
  await expect(rows.nth(11)).toBeFocused()
  expect(await pouring).toBeGreaterThan(15_000)
  const { gap, delay } = await readSmoothness(page)
  story.info().annotations.push({ type: 'smoothness', description: `longest frame ${Math.round(gap)} ms, longest wait of a key ${Math.round(delay)} ms` })
  expect(gap).toBeLessThan(HANG_MS)
  expect(delay).toBeLessThan(HANG_MS)
  await expect(page.getByRole('button', { name: 'Show 999+ new' })).toBeVisible()
  expect(await rows.evaluateAll(links => links.map(link => link.getAttribute('href')))).toEqual(before)
  await page.getByRole('checkbox', { name: /^Choose [0-9a-f]/ }).first().check()
  await expect(page.getByRole('button', { name: /Live updates: Paused/ })).toBeVisible()
})

story('a flood of changes leaves the overview and the queues answering', async ({ page, origin, product }) => {
  const ids = await Promise.all(Array.from({ length: 3 }, () => makeJob(origin)))
  for (const [path, title] of [['/', 'Overview'], ['/queues', 'Queues']] as const) {
    await page.goto(path)
    await untilLive(page)
    await watchSmoothness(page)
    const pouring = pourChanges(product, { known: ids, perSecond: 5000, seconds: 3 })
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press('Shift')
      await page.waitForTimeout(250)
    }
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
    await pouring
    const { gap, delay } = await readSmoothness(page)
    expect(gap, path).toBeLessThan(HANG_MS)
    expect(delay, path).toBeLessThan(HANG_MS)
  }
})
