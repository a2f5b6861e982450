import { expect, expectAccessible, expectNoSidewaysScroll, makeDrill, makeJob, ownQueue, sendWebhook, story, untilLive, untilState } from './story.ts'

const PAGES: [name: string, path: (ids: Record<'job' | 'failed' | 'running' | 'queue' | 'receipt' | 'rejected', string>) => string][] = [
  ['the overview', () => '/'],
  ['the jobs list', () => '/jobs'],
  ['the jobs list without a match', () => '/jobs?state=expired'],
  ['new job', () => '/jobs/new'],
  ['a job', ids => `/jobs/${ids.job}`],
  ['a failed job', ids => `/jobs/${ids.failed}`],
  ['two runs compared', ids => `/jobs/${ids.failed}/compare`],
  ['a payload being edited', ids => `/jobs/${ids.failed}/edit`],
  ['a running job', ids => `/jobs/${ids.running}`],
  ['the dead letter of a queue', ids => `/jobs?state=failed&queue_name=${ids.queue}`],
  ['the queues', () => '/queues'],
  ['the code page', () => '/code'],
  ['the limits of a program', () => '/code?tab=limits'],
  ['a paused queue', ids => `/queues/${ids.queue}`],
  ['the workers', () => '/workers'],
  ['the actions', () => '/actions'],
  ['the receipts list', () => '/receipts'],
  ['a receipt', ids => `/receipts/${ids.receipt}`],
  ['a rejected receipt', ids => `/receipts/${ids.rejected}`],
]

/** One of each thing a page can show, but for a running job. */
async function setStage(origin: string) {
  const queue = ownQueue()
  const failed = await makeDrill(origin, { fail_times: 1000, log: ['about to fail'] }, { queue_name: queue, max_retries: 1, backoff: { kind: 'fixed', base_ms: 50 } })
  await untilState(origin, failed, 'failed')
  await fetch(`${origin}/api/v1/queues/${queue}/pause`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ reason: 'for the picture' }) })
  return { job: await makeJob(origin), failed, queue, receipt: await sendWebhook(origin), rejected: await sendWebhook(origin, { secret: 'wrong' }) }
}

/** Set once for each browser, whose product stays the same. */
let stage: ReturnType<typeof setStage> | undefined
async function withRunningJob(origin: string, work: (running: string) => Promise<void>): Promise<void> {
  const running = await makeDrill(origin, { sleep_ms: 60_000, progress: true, log: ['begun'] })
  await untilState(origin, running, 'running')
  try { await work(running) }
  finally { await fetch(`${origin}/api/v1/jobs/${running}/cancel`, { method: 'POST' }) }
}

for (const [name, path] of PAGES) {
  story(`${name} has one title, fits the window, and axe finds nothing`, async ({ page, origin }) => {
    const ids = await (stage ??= setStage(origin))
    await withRunningJob(origin, async (running) => {
      await page.goto(path({ ...ids, running }))
      await untilLive(page)
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
      await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
      await expectNoSidewaysScroll(page)
      await expectAccessible(page)
    })
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
  for (const part of [/PostgreSQL|Database/, /Belt/i, /Workers?/]) await expect(page.getByRole('region', { name: 'Parts of the system' }).getByText(part).first()).toBeVisible()
  await page.getByRole('link', { name: /^Failed/ }).first().click()
  await page.waitForURL('**/jobs?state=failed')
})

story('the API reference opens and asks no foreign host', async ({ page }) => {
  await page.goto('/docs')
  await expect(page.getByRole('heading', { name: 'Bespin' })).toBeVisible({ timeout: 20_000 })
  await expect(page.getByText('/api/openapi.json').first()).toBeVisible()
})
