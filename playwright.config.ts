import { defineConfig } from 'playwright/test'
import { findChromium } from './scripts/check/find-tools.ts'

// The stories of a person at the dashboard, in real Chromium against the built product (tests/e2e/start-product.ts).
// Two sizes, and one theme each, so that both themes are walked.
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.spec.ts',
  globalSetup: './tests/e2e/start-product.ts',
  // One at a time: all stories share one product, whose lists they count.
  workers: 1,
  timeout: 45_000,
  expect: { timeout: 10_000 },
  forbidOnly: process.env.BESPIN_SKIPS_FAIL === '1',
  outputDir: 'test-results',
  use: {
    launchOptions: { executablePath: findChromium(), args: ['--no-sandbox', '--disable-dev-shm-usage'] },
    screenshot: 'only-on-failure', trace: 'off', locale: 'en-GB', timezoneId: 'Europe/Berlin',
  },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' } },
    { name: 'phone', use: { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true } },
  ],
})
