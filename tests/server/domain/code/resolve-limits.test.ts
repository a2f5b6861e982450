import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveLimits } from '#server/domain/code/resolve-limits.ts'
import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import { EffectiveLimits } from '#shared/schemas/code.ts'

const proof = { enforcement: { wall_ms: 'shim', cpu_ms: 'polling', memory_bytes: 'cgroup v2', processes: 'rlimit', output_bytes: 'shim', disk_bytes: 'tmpfs', inodes: 'tmpfs' } } as const
const limit = (name: typeof CODE_LIMIT_NAMES[number]) => fc.integer({ min: CODE_LIMITS[name].min, max: CODE_LIMITS[name].max })
const values = fc.record(Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, limit(name)]))) as fc.Arbitrary<CodeLimitValues>

describe('limits in force', () => {
  it('are what was asked for, or the default, and never above the cap; whatever is not granted is said', () => {
    fc.assert(fc.property(values, values, fc.subarray([...CODE_LIMIT_NAMES]), (caps, wishes, named) => {
      const asked = Object.fromEntries(named.map(name => [name, wishes[name]]))
      const { effective, notes } = resolveLimits({ asked, caps, proof })
      expect(EffectiveLimits.parse(effective)).toEqual(effective)
      for (const name of CODE_LIMIT_NAMES) {
        const wish = asked[name]
        expect(effective[name]).toMatchObject({ value: Math.min(wish ?? CODE_LIMITS[name].default, caps[name]), requested: wish !== undefined })
        expect(notes.some(note => note.startsWith(`${name} `))).toBe(wish !== undefined && wish > caps[name])
      }
    }))
  })

  it('of compiling are held like those of running', () => {
    const { effective, compile } = resolveLimits({ asked: { compile_wall_ms: 5000 }, caps: Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, CODE_LIMITS[name].max])) as CodeLimitValues, proof })
    expect(effective.compile_memory_bytes.enforced_by).toBe('cgroup v2')
    expect(compile).toMatchObject({ wallMs: 5000, memoryBytes: CODE_LIMITS.compile_memory_bytes.default })
  })
})
