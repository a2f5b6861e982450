import { spawnSync } from 'node:child_process'
import { findOnPath } from '../launch/path-search.ts'

/** The browser of the page tests: CHROMIUM_PATH, else Chromium or Chrome on PATH; first the one without windows, which starts and draws quicker. */
export const findChromium = () => process.env.CHROMIUM_PATH ?? findOnPath('chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
/** The server of the belt tests. */
export const findRedis = () => findOnPath('redis-server', 'valkey-server')

/** Whether boxes of bubblewrap can be made here; a text: why not. */
export function whyNoBoxes(): string | undefined {
  const bwrap = findOnPath('bwrap')
  if (!bwrap) return 'bwrap is not on PATH (Debian: apt-get install bubblewrap)'
  const tried = spawnSync(bwrap, ['--unshare-user', '--unshare-pid', '--ro-bind', '/', '/', '--proc', '/proc', 'true'], { encoding: 'utf8', timeout: 10_000 })
  return tried.status === 0 ? undefined : `${bwrap} cannot make a box here (${tried.stderr.trim() || tried.error?.message})`
}

/** What this machine lacks and which tests do not run because of it. */
export function missingTools(): string[] {
  const missing: string[] = []
  if (!findRedis()) missing.push('redis-server or valkey-server is not on PATH: the tests of the Redis belt are skipped (Debian: apt-get install redis-server)')
  if (!findChromium()) missing.push('chromium is not on PATH: the browser tests are skipped (Debian: apt-get install chromium-headless-shell, or chromium; or set CHROMIUM_PATH)')
  const noBoxes = whyNoBoxes()
  if (noBoxes) missing.push(`${noBoxes}: the tests of the sandbox are skipped`)
  return missing
}
