import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')

describe('what ships', () => {
  const isShipped = (name: string) => !/^(tests|docs|bench)\/|\.md$|\.(png|svg|ico|woff2)$|^package-lock\.json$/.test(name)
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(name => name && isShipped(name))
  const holders = (pattern: RegExp) => files.filter(name => pattern.test(read(name)))

  it.each([
    ['a privileged container', /privileged["']?\s*[:=]\s*["']?true|(?<!never with )--privileged/],
    ['a box on the host\'s network', /--share-net|(--net(work)?[= ]|network_mode:\s*["']?|hostNetwork:\s*)(host|true)/],
    ['the host\'s devices in a box', /--dev-bind/],
    ['the engine\'s socket in a container', /(docker|podman|containerd)\.sock["']?:|source=[^,\s]*(docker|podman)\.sock/],
    ['a container without a seccomp profile', /seccomp[=:]unconfined/],
    ['Linux\' all-powerful capability', /cap[_-]add\W+(\[\s*)?["']?(ALL|(CAP_)?SYS_ADMIN)/],
  ])('never asks for %s', (_, pattern) => expect(holders(pattern)).toEqual([]))
  it('is looked at as a whole', () => expect(files.length).toBeGreaterThan(300))
})

describe.each(['docker-compose.yml', 'docker-compose.prod.yml'])('the code worker of %s', (name) => {
  const worker = (parse(read(name), { merge: true }) as { services: Record<string, Record<string, unknown>> }).services['code-worker']

  it('is the stage with the languages, read-only, without capabilities, with bounds', () => {
    expect(worker).toMatchObject({
      build: { target: 'code-worker' }, command: ['node', 'scripts/launch.ts', 'code'], read_only: true, cap_drop: ['ALL'],
      security_opt: expect.arrayContaining(['no-new-privileges:true', 'seccomp=./deploy/code-worker/seccomp.json', 'systempaths=unconfined']),
      pids_limit: expect.any(Number), mem_limit: expect.any(String),
    })
  })
  it('publishes no port', () => expect(worker).not.toHaveProperty('ports'))
})

it('the code worker in production gets neither the admin key nor a webhook secret nor the data of the others', () => {
  const worker = (parse(read('docker-compose.prod.yml'), { merge: true }) as { services: Record<string, { environment: object, volumes: string[] }> }).services['code-worker']
  expect(Object.keys(worker!.environment).toSorted()).toEqual(['BESPIN_MODE', 'BESPIN_SECRET_KEY', 'DATABASE_URL', 'HOST', 'JWT_SECRET', 'LOG_LEVEL', 'REDIS_URL'])
  expect(worker!.volumes).toEqual(['code-data:/data'])
})

describe('the Dockerfile', () => {
  const stages = read('Dockerfile').split(/^FROM /m)
  it('builds the product without compilers when no target is named', () => {
    expect(stages.at(-1)).toMatch(/^product AS runtime\nUSER node$/m)
  })
  it('gives the code worker bubblewrap, Python, Go and compilers, and a user that is not root', () => {
    const stage = stages.find(text => text.startsWith('product AS code-worker'))
    for (const part of ['bubblewrap', 'python3', 'gcc', '/usr/local/go']) expect(stage).toContain(part)
    expect(stage?.match(/^USER .*$/gm)?.at(-1)).toBe('USER node')
  })
})

describe('the seccomp profile of the code worker', () => {
  const profile = JSON.parse(read('deploy/code-worker/seccomp.json')) as { defaultAction: string, syscalls: { names: string[], action: string }[] }
  const allowed = new Set(profile.syscalls.flatMap(rule => rule.names))

  it('refuses what it does not name, and never the other way round', () => {
    expect([profile.defaultAction, ...new Set(profile.syscalls.map(rule => rule.action))]).toEqual(['SCMP_ACT_ERRNO', 'SCMP_ACT_ALLOW'])
  })
  it.each(['clone', 'unshare', 'mount', 'umount2', 'pivot_root', 'sethostname', 'seccomp', 'prctl'])('lets bubblewrap call %s', name => expect(allowed).toContain(name))
  it.each(['keyctl', 'add_key', 'bpf', 'ptrace', 'process_vm_writev', 'io_uring_setup', 'perf_event_open', 'kexec_load', 'init_module', 'userfaultfd', 'setns', 'open_by_handle_at', 'clock_settime'])('does not let anything call %s', name => expect(allowed).not.toContain(name))
})

describe('the manifest for Kubernetes', () => {
  const documents = parseAllDocuments(read('deploy/code-worker/kubernetes.yaml')).map(document => document.toJS() as { kind: string, spec: never })
  it('parses, and has what it says', () => expect(documents.map(document => document.kind)).toEqual(['ServiceAccount', 'Deployment', 'NetworkPolicy']))
  it('mounts no token, is not root and may gain nothing', () => {
    const { spec } = (documents[1]!.spec as { template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } } }).template
    expect(spec).toMatchObject({ automountServiceAccountToken: false, hostUsers: false, securityContext: { runAsNonRoot: true } })
    expect(spec.containers[0]).toMatchObject({ securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } })
  })
  it('lets nothing out but to PostgreSQL, Redis and the name service', () => {
    const policy = documents[2]!.spec as { policyTypes: string[], egress: { ports: { port: number }[] }[] }
    expect(policy.policyTypes).toContain('Egress')
    expect(policy.egress.flatMap(rule => rule.ports.map(({ port }) => port)).toSorted((a, b) => a - b)).toEqual([53, 53, 5432, 6379])
  })
})
