import AxeBuilder from '@axe-core/playwright'
import { test as base, expect, type Page } from 'playwright/test'
import { genericWebhook, uniqueBody } from '../factories/webhook.ts'

export { expect }

interface Story {
  /** The product's address. */
  origin: string
  /** Console messages a story expects; everything else the browser complains about fails it. */
  expected: RegExp | null
  /** Fails the story on a console error or warning, an exception, or a request that leaves the product. */
  quiet: undefined
}

/** A test of the dashboard: `page.goto('/jobs')` works, and the browser has nothing to complain about. */
export const story = base.extend<Story>({
  origin: [process.env.STORY_URL ?? '', { option: true }],
  baseURL: async ({ origin }, use) => { await use(origin) },
  expected: [null, { option: true }],
  quiet: [async ({ page, origin, expected }, use) => {
    const complaints: string[] = []
    const complain = (text: string) => { if (!expected?.test(text)) complaints.push(text) }
    page.on('console', message => ['error', 'warning'].includes(message.type()) && complain(`console ${message.type()}: ${message.text()}`))
    page.on('pageerror', error => complain(`exception: ${error.message}`))
    const isForeign = (url: string) => /^(https?|wss?):/.test(url) && new URL(url).host !== new URL(origin).host
    page.on('request', request => isForeign(request.url()) && complain(`foreign request: ${request.url()}`))
    page.on('websocket', socket => isForeign(socket.url()) && complain(`foreign socket: ${socket.url()}`))
    await use(undefined)
    expect(complaints).toEqual([])
  }, { auto: true }],
})

/** What axe finds on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  // Badges fade in and out; a colour measured halfway is nobody's.
  await page.evaluate(() => Promise.all(document.getAnimations().filter(one => one.effect?.getTiming().iterations !== Infinity).map(one => one.finished.catch(() => {}))))
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join(' | ')}`)).toEqual([])
}

/** No page may be wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0)
}

/** Creates a job as another program would. Answers its id. */
export async function makeJob(origin: string, length = 20): Promise<string> {
  const answer = await fetch(`${origin}/api/jobs/random-text?length=${length}`, { method: 'POST' })
  return (await answer.json() as { id: string }).id
}

/** Sends a webhook as another service would. Answers the receipt's id. */
export async function sendWebhook(origin: string, { event = 'order.paid', secret = 'test-secret' } = {}): Promise<string> {
  const { headers, body } = genericWebhook({ body: uniqueBody({ event }), secret })
  const answer = await fetch(`${origin}/api/webhooks/test`, { method: 'POST', headers, body: body as string })
  return (await answer.json() as { id: string }).id
}

/** Waits until the page hears the server. */
export const untilLive = (page: Page) => expect(page.getByRole('button', { name: 'Live updates: Live' })).toBeVisible()
