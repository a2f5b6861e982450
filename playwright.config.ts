import { defineConfig } from 'playwright/test'
import { findChromium } from './scripts/check/find-tools.ts'

// The stories of a person at the dashboard, in real Chromium against the built product.
// Two sizes, and one theme each, so that both themes are walked.
const DESKTOP = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' as const }
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' as const, hasTouch: true }
const ALONE = 'flood.spec.ts'
/** Stories of the keyboard alone, which a phone has not. */
const KEYBOARD_ONLY = 'operator-trial.spec.ts'

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.spec.ts',
  // Each has a product of its own, whose lists it counts.
  workers: 2,
  globalSetup: './tests/e2e/start-product.ts',
  // Story by story and not file by file, so that both end at the same time.
  fullyParallel: true,
  timeout: 45_000,
  expect: { timeout: 10_000 },
  forbidOnly: process.env.BESPIN_SKIPS_FAIL === '1',
  outputDir: 'test-results',
  use: {
    launchOptions: { executablePath: findChromium(), args: ['--no-sandbox', '--disable-dev-shm-usage'] },
    screenshot: 'only-on-failure', trace: 'off', locale: 'en-GB', timezoneId: 'Europe/Berlin',
  },
  projects: [
    { name: 'desktop', testIgnore: ALONE, use: DESKTOP },
    { name: 'phone', testIgnore: [ALONE, KEYBOARD_ONLY], use: PHONE },
    // How long a page stands still is only its own doing while nothing else runs.
    { name: 'desktop alone', testMatch: ALONE, use: DESKTOP, dependencies: ['desktop', 'phone'] },
    { name: 'phone alone', testMatch: ALONE, use: PHONE, dependencies: ['desktop alone'] },
  ],
})
