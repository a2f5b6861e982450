import { expect, expectAccessible, expectNoSidewaysScroll, makeDrill, makeJob, ownQueue, story, untilLive, untilState } from './story.ts'

const post = (origin: string, path: string, body: unknown = {}) => fetch(`${origin}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

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
  const worker = page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }), hasText: 'random-text' })
  await expect(worker).toContainText(/Memory.* MiB/)
  await worker.getByRole('button', { name: /^Drain the worker/ }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('a new kernel')
  await page.keyboard.press('Enter')
  try {
    await expect(worker).toContainText(/Drained by open access .*\(a new kernel\)\. It has nothing left/)
    await expect(page.getByText('1 of 2 processes take work.')).toBeVisible()
    await expectAccessible(page)
    const id = await makeDrill(origin, {})
    await worker.getByRole('button', { name: /^Resume the worker/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await expect(page.getByText('2 processes take work.')).toBeVisible()
    await untilState(origin, id, 'completed')
  }
  finally {
    const found = await (await page.request.get('/api/v1/workers')).json() as { id: string }[]
    for (const { id } of found) await page.request.post(`/api/v1/workers/${id}/resume`)
  }
})
