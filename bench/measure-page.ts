import { gzipSync } from 'node:zlib'
import { chromium, type Response } from 'playwright'
import { findChromium } from '../scripts/check/find-tools.ts'
import { collectFigures } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { startProduct } from './product.ts'

const SETTLE_MS = 2000

/** The overview's first load in a real browser with an empty cache: how many bytes of script, gzipped. */
export const measurePage: Measurement = {
  letter: 'f', name: 'page', title: 'First load of the overview',
  async run(options) {
    const executablePath = findChromium()
    if (!executablePath) return { figures: [], notes: ['SKIPPED: chromium is not on PATH (or set CHROMIUM_PATH)'], broken: [] }
    const product = await startProduct(options)
    const figures = collectFigures()
    try {
      for (let round = 0; round < options.rounds; round++) {
        const { needed, prefetched, files, shownMs } = await loadOnce(product.url, executablePath)
        figures.add('script, gzip', needed, { unit: 'KB', atMost: 200 })
        figures.add('script files', files, { unit: 'files' })
        figures.add('fetched ahead for other pages when idle, gzip', prefetched, { unit: 'KB' })
        figures.add('until the heading shows', shownMs, { unit: 'ms' })
      }
    }
    finally {
      await product.stop()
    }
    return { figures: figures.all(), notes: ['1 KB = 1000 bytes'], broken: [] }
  },
}

interface PageLoad { needed: number, prefetched: number, files: number, shownMs: number }

async function loadOnce(url: string, executablePath: string): Promise<PageLoad> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  try {
    const page = await browser.newPage()
    const scripts = new Map<string, Response>()
    page.on('response', (response) => { if (isScript(response)) scripts.set(response.url(), response) })
    const startedAt = performance.now()
    await page.goto(url)
    await page.locator('h1').first().waitFor()
    const shownMs = performance.now() - startedAt
    await page.waitForTimeout(SETTLE_MS)
    const hints = new Set(await page.locator('link[rel=prefetch]').evaluateAll(links => links.map(link => (link as HTMLLinkElement).href)))
    const inline = await page.locator('script:not([src])').evaluateAll(nodes => nodes.map(node => node.textContent ?? '').join(''))
    const ahead = [...scripts.values()].filter(response => hints.has(response.url()))
    const needed = [...scripts.values()].filter(response => !hints.has(response.url()))
    return {
      needed: await kilobytes(needed) + gzipSync(inline).length / 1000, prefetched: await kilobytes(ahead), files: needed.length, shownMs,
    }
  }
  finally {
    await browser.close()
  }
}

async function kilobytes(responses: Response[]): Promise<number> {
  const bodies = await Promise.all(responses.map(response => response.body()))
  return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0) / 1000
}

const isScript = (response: Response): boolean => response.ok() && /javascript/.test(response.headers()['content-type'] ?? '')
