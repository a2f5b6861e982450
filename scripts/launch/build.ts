import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ROOT } from './root.ts'
import { signalQuietly } from './process-identity.ts'
import { LaunchError } from './say.ts'
import type { Session } from './session.ts'

const SOURCES = [
  'app.vue', 'app.config.ts', 'error.vue', 'nuxt.config.ts', 'package-lock.json', 'prisma/schema.prisma',
  'assets', 'components', 'composables', 'layouts', 'middleware', 'modules', 'pages', 'plugins', 'public', 'server', 'shared', 'stores',
]
/** Made by `npm ci`, not written by anybody. */
const GENERATED = join('server', 'generated')

/** Builds the web process when there is no build, or (not in production) when a source is newer than it. */
export async function ensureBuild(session: Session): Promise<void> {
  const { config, say } = session
  const builtAt = timeOfBuild()
  if (builtAt && config.mode === 'production') return
  const newest = SOURCES.map(source => newestFile(source)).reduce((a, b) => (b.time > a.time ? b : a))
  if (builtAt && newest.time <= builtAt) return
  say(builtAt ? `${newest.path} is newer than the build; building (about half a minute)` : 'building the web process (about half a minute)')
  const startedAt = new Date()
  if (await runBuild(session) !== 0) throw new LaunchError('The build failed; its messages are above.')
  // The stamp carries the time the build began: what was saved while it ran may not be in it.
  writeFileSync(stampPath(), '')
  utimesSync(stampPath(), startedAt, startedAt)
}

async function runBuild(session: Session): Promise<number | null> {
  const nuxt = join(dirname(createRequire(import.meta.url).resolve('nuxt/package.json')), 'bin', 'nuxt.mjs')
  const env = { ...session.env, NODE_ENV: 'production', NUXT_TELEMETRY_DISABLED: '1' }
  const build = spawn(process.execPath, [nuxt, 'build'], { cwd: ROOT, detached: true, stdio: ['ignore', 'inherit', 'inherit'], env })
  if (build.pid) session.shared.register.started('build', build.pid)
  const killer = setInterval(() => session.stopping && build.pid && signalQuietly(-build.pid, 'SIGKILL'), 200)
  const [code] = await once(build, 'exit') as [number | null]
  clearInterval(killer)
  session.shared.register.ended('build')
  return code
}

const stampPath = (): string => join(ROOT, '.output', 'sources-of')

function timeOfBuild(): number | undefined {
  const made = join(ROOT, '.output', 'nitro.json')
  if (!existsSync(made) || !existsSync(join(ROOT, '.output/server/index.mjs'))) return undefined
  const times = [made, stampPath()].filter(path => existsSync(path)).map(path => statSync(path).mtimeMs)
  return Math.min(...times)
}

function newestFile(path: string): { path: string, time: number } {
  const full = join(ROOT, path)
  if (path === GENERATED || !existsSync(full)) return { path, time: 0 }
  const stat = statSync(full)
  if (!stat.isDirectory()) return { path, time: stat.mtimeMs }
  return readdirSync(full).map(name => newestFile(join(path, name))).reduce((a, b) => (b.time > a.time ? b : a), { path, time: 0 })
}
