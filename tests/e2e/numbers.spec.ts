import type { Page } from 'playwright/test'
import { pourChanges } from './pour-changes.ts'
import { expect, expectAccessible, expectNoSidewaysScroll, makeDrill, makeJob, ownQueue, story, untilLive, untilState } from './story.ts'

const post = (origin: string, path: string, body: unknown = {}) => fetch(`${origin}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

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

story('5,000 changes a second leave the list of jobs smooth, nothing jumps, and what is new waits behind the pill', async ({ page, origin }) => {
  const ids = await Promise.all(Array.from({ length: 12 }, () => makeJob(origin)))
  await page.goto('/jobs')
  await untilLive(page)
  const rows = page.locator('[data-row]')
  await expect(rows.first()).toBeVisible()
  const before = await rows.evaluateAll(links => links.map(link => link.getAttribute('href')))
  await watchSmoothness(page)
  const pouring = pourChanges({ known: ids, perSecond: 5000, seconds: 5 })
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

story('a flood of changes leaves the overview and the queues answering', async ({ page, origin }) => {
  const ids = await Promise.all(Array.from({ length: 3 }, () => makeJob(origin)))
  for (const [path, title] of [['/', 'Overview'], ['/queues', 'Queues']] as const) {
    await page.goto(path)
    await untilLive(page)
    await watchSmoothness(page)
    const pouring = pourChanges({ known: ids, perSecond: 5000, seconds: 3 })
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

story('the overview draws how jobs went, says what comes next, and its numbers lead to the jobs behind them', async ({ page, origin }) => {
  const id = await makeDrill(origin, {}, { scheduled_at: new Date(Date.now() + 30_000).toISOString() })
  await makeJob(origin)
  await page.goto('/')
  await untilLive(page)
  for (const title of ['Throughput', 'Failures', 'Waiting time', 'Depth']) await expect(page.getByRole('region', { name: title, exact: true })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Throughput' }).locator('canvas')).toBeVisible()
  await expect(page.getByRole('table', { name: /^Throughput: jobs created and completed/ })).toBeAttached()
  await page.getByRole('link', { name: '24h, last 24 hours' }).click()
  await expect(page).toHaveURL(/range=24h/)
  await expect(page.getByRole('heading', { name: 'Over the last 24 hours' })).toBeVisible()
  await expectNoSidewaysScroll(page)
  await expectAccessible(page)
  await page.getByRole('region', { name: 'Next to happen' }).locator(`a[href="/jobs/${id}"]`).click()
  await page.waitForURL(`**/jobs/${id}`)
  await page.goBack()
  await page.getByRole('region', { name: 'Throughput' }).getByRole('link', { name: /^Completed/ }).click()
  await page.waitForURL('**/jobs?state=completed')
  await page.request.post(`/api/v1/jobs/${id}/cancel`)
})

story('a queue shows how it moves, by whom it is paused, and its own charts', async ({ page, origin }) => {
  const queue = ownQueue()
  await untilState(origin, await makeDrill(origin, {}, { queue_name: queue }), 'completed')
  await post(origin, `/api/v1/queues/${queue}/pause`, { reason: 'for now' })
  for (let n = 0; n < 3; n++) await makeDrill(origin, {}, { queue_name: queue })
  await page.goto('/queues')
  const row = page.getByRole('row').filter({ hasText: queue })
  await expect(row).toContainText(/Paused by open access .*: for now/)
  await expect(row.getByRole('link', { name: `3 waiting in ${queue}` })).toBeVisible()
  await row.getByRole('link', { name: queue, exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/queues/${queue}`)
  const numbers = page.getByRole('region', { name: 'Numbers' })
  await expect(numbers).toContainText(/Drained in\s*paused/)
  await expect(numbers).toContainText(/Longest wait\s*[\d.]+ (ms|s)/)
  await expect(page.getByRole('region', { name: 'Processing time' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Depth' }).getByRole('link', { name: /^Waiting 3/ })).toBeVisible()
  await expectNoSidewaysScroll(page)
  await expectAccessible(page)
})

story('a worker is drained with a reason, says who did it, and is resumed', async ({ page, origin }) => {
  await page.goto('/workers')
  await untilLive(page)
  const worker = page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) })
  await expect(worker).toContainText(/Memory.* MiB/)
  await page.getByRole('button', { name: /^Drain the worker/ }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('a new kernel')
  await page.keyboard.press('Enter')
  try {
    await expect(worker).toContainText(/Drained by open access .*\(a new kernel\)\. It has nothing left/)
    await expect(page.getByText('0 of 1 process takes work.')).toBeVisible()
    await expectAccessible(page)
    const id = await makeDrill(origin, {})
    await page.getByRole('button', { name: /^Resume the worker/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await expect(page.getByText('1 process takes work.')).toBeVisible()
    await untilState(origin, id, 'completed')
  }
  finally {
    const [found] = await (await page.request.get('/api/v1/workers')).json() as { id: string }[]
    await page.request.post(`/api/v1/workers/${found!.id}/resume`)
  }
})
