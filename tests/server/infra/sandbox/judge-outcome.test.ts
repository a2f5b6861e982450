import { describe, expect, it } from 'vitest'
import { judgeOutcome, type Evidence } from '../../../../server/infra/sandbox/judge-outcome.ts'
import { ENDED_BY, type ShimReport } from '../../../../server/infra/sandbox/wire.ts'
import { LIMITS } from './driver-contract.ts'

const NOTHING = Buffer.alloc(0)
const by = (name: typeof ENDED_BY[number]) => ({ endedBy: ENDED_BY.indexOf(name) })
const usage = { oomKills: 0, peakBytes: 5, cpuMs: 3, processesRefused: 0 }
const judge = (report: Partial<ShimReport> | null, rest: Partial<Evidence> = {}) => judgeOutcome({
  limits: LIMITS, complaint: '', elapsedMs: 1, stdout: NOTHING, stderr: NOTHING,
  ...(report && { report: { startError: 0, waitStatus: 0, endedBy: 0, wallUs: 1000, cpuUs: 1000, peakBytes: 1, diskFull: 0, stdoutCut: 0, stderrCut: 0, collect: 0, ...report } }),
  ...rest,
})

describe('how a box is said to have ended', () => {
  it('is by the first of memory, disk, output, CPU, wall, signal and exit that holds', () => {
    const all = { waitStatus: 9, stdoutCut: 1, ...by('disk') }
    expect(judge(all, { usage: { ...usage, oomKills: 1 }, endedFor: 'cpu' }).status).toBe('memory_limit')
    expect(judge(all, { endedFor: 'cpu' }).status).toBe('disk_limit')
    expect(judge({ ...all, ...by('wall') }, { endedFor: 'cpu' }).status).toBe('output_limit')
    expect(judge({ waitStatus: 9, ...by('wall') }, { endedFor: 'cpu' }).status).toBe('cpu_limit')
    expect(judge({ waitStatus: 9, ...by('wall') }).status).toBe('time_limit')
    expect(judge({ waitStatus: 9 }).status).toBe('signaled')
    expect(judge({ waitStatus: 9 << 8 }).status).toBe('nonzero_exit')
    expect(judge({}).status).toBe('ok')
  })
  it('is a limit when the kernel ended it for one', () => {
    expect(judge({ waitStatus: 25 })).toMatchObject({ status: 'disk_limit', signal: 'SIGXFSZ' })
    expect(judge({ waitStatus: 24 })).toMatchObject({ status: 'cpu_limit', signal: 'SIGXCPU' })
  })
  it('is a full disk only when the program gave up over it', () => {
    expect(judge({ diskFull: 1, waitStatus: 1 << 8 }).status).toBe('disk_limit')
    const ok = judge({ diskFull: 1 })
    expect(ok.status).toBe('ok')
    expect(ok.notes).toEqual([`the disk was full: the limit is ${LIMITS.diskBytes} bytes`])
  })
  it('is never the program\'s fault when the box failed', () => {
    expect(judge(null, { complaint: 'bwrap: no' })).toMatchObject({ status: 'internal_error', exitCode: null, notes: ['the box failed: bwrap: no'] })
    expect(judge(null)).toMatchObject({ status: 'internal_error', notes: ['the box ended without telling how'] })
    expect(judge({ startError: 2 })).toMatchObject({ status: 'internal_error', exitCode: null, notes: ['the program could not be started: ENOENT'] })
    expect(judge({ waitStatus: 9, ...by('abort') })).toMatchObject({ status: 'internal_error', signal: null })
  })
  it('is memory when even the one that would tell was ended for it, or nothing could be started in it', () => {
    expect(judge(null, { usage: { ...usage, oomKills: 2 } })).toMatchObject({ status: 'memory_limit', oomKilled: true })
    expect(judge({ startError: 12 }).status).toBe('memory_limit')
  })
  it('is cancelled whatever else holds', () => {
    expect(judge({ waitStatus: 9, ...by('memory') }, { endedFor: 'abort' }).status).toBe('canceled')
  })
  it('counts CPU that nobody waited for, but not what building the box took', () => {
    expect(judge({ cpuUs: 1000 }, { usage: { ...usage, cpuMs: 8 } }).cpuMs).toBe(1)
    expect(judge({ cpuUs: 1000 }, { usage: { ...usage, cpuMs: 300 } }).cpuMs).toBe(300)
  })
  it('names the refused process with its limit', () => {
    expect(judge({}, { usage: { ...usage, processesRefused: 3 } }).notes).toEqual([`a process or thread was refused: the limit is ${LIMITS.processes}`])
  })
})
