import AxeBuilder from '@axe-core/playwright'
import { test as base, expect, type Page } from 'playwright/test'
import type { z } from 'zod'
import type { JobState } from '#shared/job-states.ts'
import type { DrillPayload } from '#shared/schemas/drill.ts'
import type { CreateJobBody } from '#shared/schemas/job.ts'
import { genericWebhook, uniqueBody } from '../factories/webhook.ts'
import { productOf, type StoryProduct } from './start-product.ts'

export { expect }

interface Running {
  /** The product of this browser alone: stories side by side do not see each other. */
  product: StoryProduct
}
interface Story {
  /** The product's address. */
  origin: string
  /** Console messages a story expects; everything else the browser complains about fails it. */
  expected: RegExp | null
  /** Fails the story on a console error or warning, an exception, or a request that leaves the product. */
  quiet: undefined
}

/** A test of the dashboard: `page.goto('/jobs')` works, and the browser has nothing to complain about. */
export const story = base.extend<Story, Running>({
  // eslint-disable-next-line no-empty-pattern -- the runner reads what a fixture needs from this pattern
  product: [async ({}, use, { parallelIndex }) => { await use(await productOf(parallelIndex)) }, { scope: 'worker' }],
  origin: async ({ product }, use) => { await use(product.url) },
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

/** Creates a job that behaves as its payload says (type `drill`), with other fields of the API as given. Answers its id. */
export async function makeDrill(origin: string, payload: z.input<typeof DrillPayload>, fields: Partial<z.input<typeof CreateJobBody>> = {}): Promise<string> {
  const body = JSON.stringify({ job_type: 'drill', payload, ...fields })
  const answer = await fetch(`${origin}/api/v1/jobs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await answer.json() as { id: string }).id
}

/** A queue that no other story uses. */
export const ownQueue = () => `story-${crypto.randomUUID().slice(0, 8)}`

/** Waits until a job is in this state, as the API tells it. */
export async function untilState(origin: string, id: string, state: JobState): Promise<void> {
  await expect.poll(async () => (await (await fetch(`${origin}/api/v1/jobs/${id}`)).json() as { state: JobState }).state).toBe(state)
}

/** Sends a webhook as another service would. Answers the receipt's id. */
export async function sendWebhook(origin: string, { event = 'order.paid', secret = 'test-secret' } = {}): Promise<string> {
  const { headers, body } = genericWebhook({ body: uniqueBody({ event }), secret })
  const answer = await fetch(`${origin}/api/webhooks/test`, { method: 'POST', headers, body: body as string })
  return (await answer.json() as { id: string }).id
}

/** Waits until the page hears the server. */
export const untilLive = (page: Page) => expect(page.getByRole('button', { name: 'Live updates: Live' })).toBeVisible()
