/**
 * Photographs every page of a running server: `node scripts/screenshots.ts <folder> [address, default http://localhost:3002]`.
 * Two widths, both themes; prints what the browser complained about and any request that left the server's origin.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright'
import { findChromium } from './check/find-tools.ts'

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const
const THEMES = ['light', 'dark'] as const
const SETTLE_MS = 700

interface Shot { name: string, path: string }

/** The first id of a list, or null when the list is empty. */
async function firstId(address: string): Promise<string | null> {
  const answer: unknown = await (await fetch(address)).json()
  const rows = Array.isArray(answer) ? answer : (answer as { webhooks?: unknown[] }).webhooks ?? []
  return (rows[0] as { id?: string } | undefined)?.id ?? null
}

/** A queue to show, a paused one if there is one; null when there are none. */
async function firstQueue(origin: string): Promise<string | null> {
  const queues = await (await fetch(`${origin}/api/v1/queues`)).json() as { queue_name: string, paused: boolean }[]
  return (queues.find(queue => queue.paused) ?? queues[0])?.queue_name ?? null
}

/** Every page there is to see on this server. */
export async function listShots(origin: string): Promise<Shot[]> {
  const [job, failed, running, waiting, queue, receipt, rejected] = await Promise.all([
    firstId(`${origin}/api/v1/jobs?limit=1`), firstId(`${origin}/api/v1/jobs?limit=1&state=failed`),
    firstId(`${origin}/api/v1/jobs?limit=1&state=running`), firstId(`${origin}/api/v1/jobs?limit=1&state=scheduled`), firstQueue(origin),
    firstId(`${origin}/api/webhooks?limit=1&verified=true`), firstId(`${origin}/api/webhooks?limit=1&verified=false`),
  ])
  return [
    { name: 'overview', path: '/' },
    { name: 'jobs', path: '/jobs' },
    { name: 'jobs-failed', path: '/jobs?state=failed' },
    { name: 'job-new', path: '/jobs/new' },
    ...(job ? [{ name: 'job', path: `/jobs/${job}` }] : []),
    ...(failed ? [{ name: 'job-failed', path: `/jobs/${failed}` }] : []),
    ...(running ? [{ name: 'job-running', path: `/jobs/${running}` }] : []),
    ...(waiting ? [{ name: 'job-scheduled', path: `/jobs/${waiting}` }] : []),
    { name: 'queues', path: '/queues' },
    ...(queue ? [{ name: 'queue', path: `/queues/${queue}` }] : []),
    { name: 'queue-unknown', path: '/queues/no-such-queue' },
    { name: 'workers', path: '/workers' },
    { name: 'job-unknown', path: '/jobs/00000000-0000-7000-8000-000000000000' },
    { name: 'receipts', path: '/receipts' },
    ...(receipt ? [{ name: 'receipt', path: `/receipts/${receipt}` }, { name: 'receipt-bytes', path: `/receipts/${receipt}?view=hex` }] : []),
    ...(rejected ? [{ name: 'receipt-rejected', path: `/receipts/${rejected}` }] : []),
    { name: 'no-such-page', path: '/nowhere' },
    { name: 'docs', path: '/docs' },
  ]
}

function watch(page: Page, origin: string, tell: (text: string) => void): void {
  page.on('console', message => { if (message.type() === 'error' || message.type() === 'warning') tell(`console ${message.type()}: ${message.text()}`) })
  page.on('pageerror', error => tell(`page error: ${error.message}`))
  page.on('request', request => { if (/^(https?|wss?):/.test(request.url()) && new URL(request.url()).host !== new URL(origin).host) tell(`foreign request: ${request.url()}`) })
}

async function photograph(browser: Browser, options: { origin: string, folder: string, size: keyof typeof SIZES, theme: typeof THEMES[number], shots: Shot[] }): Promise<void> {
  const { origin, folder, size, theme, shots } = options
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: theme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  let current = ''
  watch(page, origin, text => console.log(`${size} ${theme} ${current}: ${text}`))
  for (const shot of shots) {
    current = shot.name
    await page.goto(origin + shot.path)
    await page.locator('h1').first().waitFor({ timeout: 15_000 })
    await page.waitForTimeout(shot.name === 'docs' ? SETTLE_MS * 4 : SETTLE_MS)
    await page.screenshot({ path: join(folder, `${shot.name}-${size}-${theme}.png`), fullPage: shot.name !== 'docs' })
  }
  await context.close()
}

async function main([folder, origin = 'http://localhost:3002']: string[]): Promise<void> {
  if (!folder) throw new Error('Say where to put the pictures: node scripts/screenshots.ts <folder> [address]')
  mkdirSync(folder, { recursive: true })
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  try {
    const shots = await listShots(origin)
    for (const size of ['desktop', 'phone'] as const) {
      for (const theme of THEMES) await photograph(browser, { origin, folder, size, theme, shots })
    }
    console.log(`${shots.length * 4} pictures in ${folder}`)
  }
  finally {
    await browser.close()
  }
}

if (import.meta.main) await main(process.argv.slice(2))
