// Installs what is missing, so that `make dev` and `make test` work on a fresh checkout. Runs on Node 20 or newer with
// nothing installed: plain JavaScript, no packages.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const at = (...parts) => join(ROOT, ...parts)
const STAMP = at('node_modules', '.bespin-installed')
const NPM_RECORD = at('node_modules', '.package-lock.json')
const OWN_NODE = at('node_modules', 'node', 'bin', 'node')

const say = text => console.log(`[bespin] ${text}`)
function stop(text) {
  console.error(`[bespin] ${text}`)
  process.exit(1)
}

/** `a` is at least `b`, for versions such as 22.19.0. */
function isAtLeast(a, b) {
  const [left, right] = [a, b].map(version => version.replace(/^v/, '').split('.').map(Number))
  for (let i = 0; i < 3; i++) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) > (right[i] ?? 0)
  return true
}

/** Version text of a Node program, or undefined when it does not run. */
function versionOf(node) {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  }
  catch {
    return undefined
  }
}

const QUIET = { ...process.env, NUXT_TELEMETRY_DISABLED: '1', CHECKPOINT_DISABLE: '1', PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' }

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: QUIET })
  if (error?.code === 'ENOENT') stop(`${command} is missing. Install Node 20 or newer together with npm, then run this again.`)
  if (status !== 0) stop(`"${command} ${args.join(' ')}" failed; its messages are above. It needs the network (npm registry); run this again when that works.`)
}

/** Exactly what the lockfile says, by `npm ci` where it can. */
function installPackages() {
  // npm ci empties the folder first, and through a link it would empty somebody else's.
  if (lstatSync(at('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) stop('node_modules is a link to packages of another lockfile. Remove the link, or bring the packages there up to date.')
  say('installing packages; the first time takes a minute or two')
  const flags = ['--no-audit', '--no-fund', '--loglevel=error']
  const { status, stderr, error } = spawnSync('npm', ['ci', ...flags], { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8', env: QUIET })
  if (status === 0) return
  // A lockfile written against a registry mirror can lack optional packages of other platforms. npm ci refuses it then;
  // npm install takes every version that is locked and, with --no-save, leaves the lockfile alone.
  if (error || !/in sync/.test(stderr)) process.stderr.write(stderr ?? '')
  run('npm', ['install', '--no-save', ...flags])
}

const lockHash = () => createHash('sha256').update(readFileSync(at('package-lock.json'))).digest('hex')

/** Installed for exactly this lockfile: by our stamp, else by npm's own record being the newer file. */
function isInstalled() {
  if (!existsSync(NPM_RECORD)) return false
  if (existsSync(STAMP)) return readFileSync(STAMP, 'utf8').trim() === lockHash()
  return statSync(NPM_RECORD).mtimeMs >= statSync(at('package-lock.json')).mtimeMs
}

/** Node 24 comes with the packages. Where its download was blocked, the machine's own will do from 22.19 on. */
function ensureNode() {
  if (versionOf(OWN_NODE)) return
  if (existsSync(at('node_modules', 'node', 'package.json'))) {
    spawnSync('npm', ['rebuild', 'node'], { cwd: ROOT, stdio: 'ignore' })
    if (versionOf(OWN_NODE)) return
  }
  if (isAtLeast(process.version, '22.19.0')) {
    // A dangling link first in PATH would hide the Node that works.
    rmSync(at('node_modules', '.bin', 'node'), { force: true })
    return
  }
  stop(`Node 24 could not be installed through npm, and this Node (${process.version}) is too old. Run "npm rebuild node" with the network on, or install Node 22.19 or newer.`)
}

function needsPrepare() {
  const client = at('server', 'generated', 'prisma', 'client.ts')
  if (!existsSync(client) || !existsSync(at('.nuxt', 'tsconfig.server.json'))) return true
  return statSync(at('prisma', 'schema.prisma')).mtimeMs > statSync(client).mtimeMs
}

if (!isAtLeast(process.version, '20.0.0')) stop(`Node 20 or newer is needed to set up Bespin; this is ${process.version}.`)
if (!isInstalled()) installPackages()
writeFileSync(STAMP, `${lockHash()}\n`)
ensureNode()
if (needsPrepare()) {
  say('generating the database client and types')
  run('npm', ['run', '--silent', 'prepare'])
}
