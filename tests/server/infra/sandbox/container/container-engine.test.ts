import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createContainerDriver } from '#server/infra/sandbox/container/container-driver.ts'
import { engineEnvironment } from '#server/config/engine-environment.ts'
import { engineCandidates } from '#server/infra/sandbox/container/container-engine.ts'

const folder = (programs: Record<string, string>): string => {
  const path = mkdtempSync(join(tmpdir(), 'bespin-engine-'))
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(path, name), 0o755)
  }
  return path
}
const driverWith = (PATH: string, command?: string) =>
  createContainerDriver({ command, image: 'bespin-sandbox', env: { PATH } })
const hello = { argv: ['true'], env: {}, mounts: [], files: [], stdin: Buffer.alloc(0), limits: { wallMs: 1000, cpuMs: 1000, memoryBytes: 64 << 20, processes: 8, outputBytes: 1000, diskBytes: 1 << 20, inodes: 100 } }

describe('without an engine', () => {
  it('refuses with what to install', async () => {
    const proof = await driverWith(folder({})).probe()
    expect(proof).toMatchObject({ ok: false, reason: 'neither docker nor podman is on PATH', remedy: expect.stringContaining('BESPIN_CONTAINER_COMMAND') })
  })
  it('refuses with what the engine said when it does not answer', async () => {
    const path = folder({ docker: '[ "$1" = --version ] && echo "Docker version 28" && exit; echo "Cannot connect to the Docker daemon" >&2; exit 1' })
    expect(await driverWith(path).probe()).toMatchObject({ ok: false, reason: 'docker: Cannot connect to the Docker daemon' })
  })
  it('refuses a command that is not there', async () => {
    expect(await driverWith(folder({}), '/nowhere/podman --runtime runc').probe()).toMatchObject({ ok: false, reason: expect.stringContaining('/nowhere/podman') })
  })
  it('answers a run with internal_error and the reason, and does not throw', async () => {
    expect(await driverWith(folder({})).run(hello)).toMatchObject({ status: 'internal_error', notes: ['neither docker nor podman is on PATH'] })
  })
})

describe('with an engine that', () => {
  const ENGINE = 'case "$1" in --version) echo "podman version 5";; ps) ;; image) echo "Error: no such image" >&2; exit 125;; run) echo "Error: no" >&2; exit 125;; esac'

  it('has no image: refuses with the command that builds it', async () => {
    expect(await driverWith(folder({ podman: ENGINE })).probe()).toMatchObject({
      ok: false, reason: expect.stringContaining('no such image'), remedy: expect.stringContaining('podman build --tag bespin-sandbox --file deploy/sandbox/Dockerfile .'),
    })
  })
  it('cannot make containers: a run says what the engine said', async () => {
    expect(await driverWith(folder({ podman: ENGINE })).run(hello)).toMatchObject({ status: 'internal_error', notes: ['Error: no'] })
  })
  it('gives a container without limits: nothing runs in it', async () => {
    const words = '{"protocol":1,"pid":1,"uid":65534,"machine":"x86_64","cgroups":"v2","memory":-1,"pids":9}'
    const unlimited = `${ENGINE.replace('run) echo "Error: no" >&2; exit 125', `run) printf 'H\\000\\000\\000\\${words.length.toString(8)}%s' '${words}'; cat > /dev/null`)}`
    const { status, notes } = await driverWith(folder({ podman: unlimited }) + ':/usr/bin:/bin').run(hello)
    expect([status, notes[0]]).toEqual(['internal_error', 'the container may use -1 bytes of memory instead of 67108864'])
  })
})

describe('the engine\'s command', () => {
  it('is the one that was named, with its arguments', () => {
    expect(engineCandidates(' podman  --runtime runc ', '/usr/bin')).toEqual([['podman', '--runtime', 'runc']])
  })
  it('is docker before podman, where both are on PATH', () => {
    expect(engineCandidates(undefined, folder({ podman: '', docker: '' }))).toEqual([['docker'], ['podman']])
  })
  it('learns nothing of the worker\'s environment but how to reach its engine', () => {
    expect(engineEnvironment({ PATH: '/bin', DOCKER_HOST: 'unix:///x', DATABASE_CODE_URL: 'postgres://secret', REDIS_URL: 'redis://secret' })).toEqual({ PATH: '/bin', DOCKER_HOST: 'unix:///x' })
  })
})

const hasCompiler = spawnSync('gcc', ['--version']).status === 0
describe.skipIf(!hasCompiler)('the first process of a container (needs gcc)', () => {
  it('compiles without a warning', () => {
    const sources = join(import.meta.dirname, '../../../../../server/infra/sandbox/container/entry')
    const files = readdirSync(sources).filter(name => name.endsWith('.c')).map(name => join(sources, name))
    const build = () => execFileSync('gcc', ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-o', join(folder({}), 'entry'), ...files], { stdio: 'pipe' })
    expect(build).not.toThrow()
  })
})
