import type { BoxLimits, BoxOutcome } from '../driver.ts'

/** One thing a sandbox promises, and the program that tries it (shim/try.h). */
export interface BoxQuestion {
  name: string
  /** Arguments of `try`; `port` is one that this machine listens on. */
  ask(port: number): string[]
  limits?: Partial<BoxLimits>
  /** What is wrong with the answer; null: nothing. */
  judge(outcome: BoxOutcome, limits: BoxLimits): string | null
}

const text = (outcome: BoxOutcome) => outcome.stdout.toString('utf8')
const seen = (outcome: BoxOutcome) => [`status ${outcome.status}`, outcome.exitCode !== null && `exit code ${outcome.exitCode}`, ...outcome.notes, JSON.stringify(text(outcome).slice(0, 200))].filter(Boolean).join('; ')
const expect = (right: boolean, outcome: BoxOutcome, what: string) => right ? null : `${what}, but: ${seen(outcome)}`
/** Error numbers of the kernel that count as a refusal, as the program prints them. */
const refusedAll = (outcome: BoxOutcome) => text(outcome).trim().split('\n').every(line => Number(line) < 0)
const prints = (wanted: string): BoxQuestion['judge'] => outcome => expect(outcome.status === 'ok' && text(outcome) === wanted, outcome, `should have printed ${JSON.stringify(wanted)}`)
const refuses: BoxQuestion['judge'] = outcome => expect(outcome.status === 'ok' && refusedAll(outcome), outcome, 'should have been refused')
const ends = (status: BoxOutcome['status']): BoxQuestion['judge'] => outcome => expect(outcome.status === status, outcome, `should have ended as ${status}`)

const STATUS_LINES = ['NoNewPrivs:\t1', 'Seccomp:\t2', 'CapEff:\t0000000000000000', 'CapPrm:\t0000000000000000', 'CapBnd:\t0000000000000000']
const ENVIRONMENT = ['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']
const READ_ONLY = ['/x', '/usr/x', '/etc/x', '/dev/x', '/usr/local/x', '/proc/sys/kernel/hostname', '/etc/.shim']
const MIB = 1024 * 1024

/** In the order they are asked; the first shows that a box can be made at all. */
export const BOX_QUESTIONS: BoxQuestion[] = [
  { name: 'a program runs', ask: () => ['hello'], judge: prints('hello\n') },
  { name: 'not root', ask: () => ['user'], judge: prints('65534\n') },
  {
    name: 'no rights, filter on', ask: () => ['read', '/proc/self/status'],
    judge: outcome => expect(STATUS_LINES.every(line => text(outcome).includes(`\n${line}\n`)), outcome, `should have ${STATUS_LINES.join(', ')}`),
  },
  { name: 'no network', ask: port => ['connect', String(port)], judge: refuses },
  { name: 'no virtual machine sockets', ask: () => ['vsock'], judge: refuses },
  { name: 'no namespaces of its own', ask: () => ['unshare'], judge: refuses },
  {
    name: 'empty environment', ask: () => ['environment'],
    judge: outcome => expect(text(outcome).trim().split('\n').every(line => ENVIRONMENT.includes(line.split('=')[0]!)), outcome, `should know only ${ENVIRONMENT.join(', ')}`),
  },
  { name: 'no open descriptors', ask: () => ['descriptors'], judge: prints('0\n1\n2\n') },
  { name: 'read-only root', ask: () => ['write', ...READ_ONLY], judge: refuses },
  { name: 'exit code', ask: () => ['exit', '137'], judge: outcome => expect(outcome.exitCode === 137 && outcome.signal === null, outcome, 'should have ended with code 137') },
  { name: 'signal', ask: () => ['signal', '9'], judge: outcome => expect(outcome.signal === 'SIGKILL' && outcome.exitCode === null, outcome, 'should have been ended by SIGKILL') },
  { name: 'limit of wall time', ask: () => ['sleep'], limits: { wallMs: 40 }, judge: ends('time_limit') },
  { name: 'limit of CPU time', ask: () => ['spin'], limits: { cpuMs: 40 }, judge: ends('cpu_limit') },
  { name: 'limit of memory', ask: () => ['memory'], limits: { memoryBytes: 24 * MIB }, judge: ends('memory_limit') },
  { name: 'limit of processes', ask: () => ['fork'], limits: { processes: 8 }, judge: prints('8\n') },
  {
    name: 'limit of output', ask: () => ['flood'], limits: { outputBytes: 1000 },
    judge: outcome => expect(outcome.status === 'output_limit' && outcome.stdout.length === 1000 && outcome.truncated.stdout, outcome, 'should have ended after 1000 bytes'),
  },
  {
    name: 'limit of disk', ask: () => ['disk', '/work/full'], limits: { diskBytes: MIB },
    judge: outcome => expect(outcome.status === 'disk_limit' && Number(text(outcome)) <= MIB, outcome, `should have ended before ${MIB} bytes`),
  },
  { name: 'limit of files', ask: () => ['files'], limits: { inodes: 50 }, judge: ends('disk_limit') },
]
