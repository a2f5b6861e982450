import type { Attack, Expectation } from '../vocabulary.ts'

export const MIB = 1024 * 1024
type More = Omit<Partial<Attack>, 'expect'> & { expect?: Expectation }

/** A program that says HELD when everything it tried was refused; `expect` adds to that. */
export const probe = (language: string) => (id: string, why: string, code: string, { expect, ...more }: More = {}): Attack =>
  ({ id, language, code, why, ...more, expect: { stdout_excludes: ['BREACH'], stdout_includes: ['HELD'], ...expect } })

/** A program whose end is what counts; it need not come to say anything. */
export const ending = (language: string) => (id: string, why: string, code: string, { expect, ...more }: More): Attack =>
  ({ id, language, code, why, ...more, expect: { stdout_excludes: ['BREACH'], ...expect } })

/** Before Python programs that make system calls by number. */
export const SYSTEM_CALLS = `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def sc(n, *a):
    ctypes.set_errno(0)
    r = libc.syscall(ctypes.c_long(n), *[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
    return r, ctypes.get_errno()
`
/** Ends that a limit may take, when what counts is that something ended it, or that it gave up. */
export const ANY_END = ['ok', 'nonzero_exit', 'signaled', 'time_limit', 'cpu_limit', 'output_limit', 'disk_limit', 'memory_limit']
