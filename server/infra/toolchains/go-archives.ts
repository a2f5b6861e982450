import { rename, writeFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { dirname, join } from 'node:path'
import { runTool } from './run-tool.ts'

/** In a folder of archives: lists for the linker (everything) and for the compiler (what a program may import), and the cache they lie in. */
export const ALL_ARCHIVES = 'all.importcfg'
export const PUBLIC_ARCHIVES = 'public.importcfg'
export const BUILD_CACHE = 'cache'

/** No cgo, no network, no other toolchain than this one, nothing of the user's own settings. Must be the same when the cache is filled and when it is read. */
export const GO_ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '-trimpath', GOPROXY: 'off', GOTOOLCHAIN: 'local', GOENV: 'off', GOTELEMETRY: 'off', GOWORK: 'off' }

const NAMES_OF_ARCH: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }
/** Where a toolchain keeps compiler and linker. */
export const toolFolder = (prefix: string): string => join(prefix, 'pkg/tool', `linux_${NAMES_OF_ARCH[arch()] ?? arch()}`)

/** A cold standard library took 40 s on two busy cores. */
const TIMEOUT_MS = 600_000
/** As the go command: nobody outside the standard library imports these. */
const isPublic = (path: string): boolean => !/(^|\/)internal(\/|$)|^vendor\//.test(path)

/** What most programs use; compiled first, so that they need not wait for the rest. */
const USED_MOST = ['bufio', 'bytes', 'errors', 'flag', 'fmt', 'io', 'math/rand', 'os', 'path/filepath', 'sort', 'strconv', 'strings', 'sync', 'time']

/**
 * Compiles Go's standard library (none is shipped since Go 1.20) into `folder`, for programs that are compiled and linked without the
 * go command, and as a build cache for those that need it. Runs the toolchain itself, at the lowest priority. About 170 MB.
 * @param options.seenAt where boxes will see the folder: the lists name the archives by that path.
 * @param options.onUsable called when the packages that most programs use are there.
 */
export async function exportGoArchives(options: { binary: string, folder: string, seenAt: string, onUsable(): void, signal: AbortSignal }): Promise<void> {
  await exportPackages(options, ['-deps', ...USED_MOST])
  options.onUsable()
  await exportPackages(options, ['std'])
}

async function exportPackages(options: { binary: string, folder: string, seenAt: string, signal: AbortSignal }, packages: string[]): Promise<void> {
  const { binary, folder, seenAt, signal } = options
  const env = { ...GO_ENVIRONMENT, GOCACHE: join(folder, BUILD_CACHE), GOPATH: join(folder, 'none'), HOME: folder, PATH: `${dirname(binary)}:/usr/bin:/bin` }
  const stdout = await runTool({ argv: [binary, 'list', '-export', '-f', '{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}', ...packages], env, cwd: folder, timeoutMs: TIMEOUT_MS, signal })
  const archives = stdout.split('\n').filter(Boolean).map((line) => {
    const space = line.indexOf(' ')
    return { path: line.slice(0, space), file: line.slice(space + 1).replace(folder, seenAt) }
  })
  await writeList(join(folder, ALL_ARCHIVES), archives)
  await writeList(join(folder, PUBLIC_ARCHIVES), archives.filter(({ path }) => isPublic(path)))
}

/** Whole or not at all: a box may be reading the one before. */
async function writeList(path: string, archives: { path: string, file: string }[]): Promise<void> {
  await writeFile(`${path}.new`, archives.map(({ path, file }) => `packagefile ${path}=${file}\n`).join(''))
  await rename(`${path}.new`, path)
}
