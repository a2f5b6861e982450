import { dirname } from 'node:path'
import { ALL_ARCHIVES, BUILD_CACHE, GO_ENVIRONMENT, PUBLIC_ARCHIVES, toolFolder } from '#server/infra/toolchains/go-archives.ts'
import { ARTIFACT_PATH, type Step, type Submission } from './language.ts'

export const goFolders = ['/usr/local/go/bin', '/usr/lib/go-*/bin', '/usr/lib/go/bin', '~/sdk/go*/bin', '/opt/go*/bin']

/** `$1` folder of the tools, `$2` folder of the archives; then the sources. */
const COMPILE_AND_LINK = `set -e; tools=$1; archives=$2; shift 2
"$tools/compile" -o /tmp/main.a -p main -complete -pack -trimpath /work -importcfg "$archives/${PUBLIC_ARCHIVES}" "$@"
exec "$tools/link" -o ${ARTIFACT_PATH} -importcfg "$archives/${ALL_ARCHIVES}" -buildmode=exe -s -w /tmp/main.a`

/** `$1` the go command, `$2` a build cache that may be missing: then everything is built anew, which takes long. */
const GO_BUILD = `[ -d "$2" ] && export GOCACHE="$2"; [ -f go.mod ] || printf 'module main\\n' > go.mod
exec "$1" build -trimpath '-ldflags=-s -w' -o ${ARTIFACT_PATH} .`
/** The go command's index of the standard library names paths of where the cache was filled: without it, it looks. */
const BUILD_ENVIRONMENT = { ...GO_ENVIRONMENT, GOCACHE: '/tmp/go-build', GOPATH: '/tmp/go', GODEBUG: 'goindex=0' }
/** Where the image of the container driver keeps its build cache. */
const CACHE_OF_IMAGE = '/opt/go-build-cache'

/** The source and every further `.go` file of its folder, tests left out, as the go command does it. */
function packageFiles({ source, files }: Submission): string[] {
  return [source, ...files.map(file => file.name)].filter(name => /^[^/]*\.go$/.test(name) && !name.endsWith('_test.go')).map(name => `./${name}`)
}

/** A module of several packages goes through the go command (offline, no cgo); everything else through compiler and linker alone. */
export function goBuildSteps(submission: Submission): Step {
  const { toolchain: { binary, prepared }, files } = submission
  const isModule = files.some(file => file.name === 'go.mod')
  if (prepared && !isModule) {
    const prefix = dirname(dirname(binary))
    return { mounts: [prepared], argv: ['/bin/sh', '-c', COMPILE_AND_LINK, 'build', toolFolder(prefix), prepared.target, ...packageFiles(submission)] }
  }
  const cache = prepared ? `${prepared.target}/${BUILD_CACHE}` : CACHE_OF_IMAGE
  return { mounts: prepared ? [prepared] : [], argv: ['/bin/sh', '-c', GO_BUILD, 'build', binary, cache], env: BUILD_ENVIRONMENT }
}
