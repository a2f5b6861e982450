import { JUDGED, NEWEST_KNOWN, PASSED_OVER, REFUSED, UNKNOWN } from './seccomp/system-call-numbers.ts'

export type FilterArch = 'x64' | 'arm64'

// struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]. A call takes an int from the low half of its argument.
const NUMBER = 0
const ARCH = 4
const argument = (index: number) => 16 + 8 * index
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 }
const [LOAD, EQUAL, GREATER, NOT_LESS, ANY_BIT, AND, RETURN] = [0x20, 0x15, 0x25, 0x35, 0x45, 0x54, 0x06]
const ERRNO = 0x00050000
/** What the filter can answer, each once, at its end: jumps of a filter only lead forward. */
const ANSWERS = { allow: 0x7fff0000, kill: 0x80000000, eperm: ERRNO | 1, enosys: ERRNO | 38, eprotonosupport: ERRNO | 93, eafnosupport: ERRNO | 97, done: ERRNO }
type Answer = keyof typeof ANSWERS

const X32_BIT = 0x40000000
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10]
const SOCKET_TYPE_MASK = 0xf
const [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_PACKET] = [1, 2, 3, 10]
const [TCP, UDP] = [6, 17]
const [SOL_SOCKET, SO_SNDBUF, SO_RCVBUF] = [1, 7, 8]
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c]

interface Instruction { code: number, k: number, yes?: Answer | number, no?: Answer | number }

/**
 * The program that judges each system call of a box, as bytes of `struct sock_filter` (u16 code, u8 jt, u8 jf, u32 k, little
 * endian), for bubblewrap's --seccomp. Refuses whatever reaches past the box or has been a way into the kernel; the rest
 * runs: threads, child processes, Unix and Internet sockets (of a network without interfaces).
 * @param options.memfd false where no memory cgroup counts what a memfd holds, or what waits in a socket.
 */
export function buildFilter(options: { arch: FilterArch, memfd: boolean }): Buffer {
  const number = (pair: readonly [number, number | null]) => pair[options.arch === 'x64' ? 0 : 1]
  const present = (table: Record<string, readonly [number, number | null]>) => Object.values(table).map(number).filter(nr => nr !== null)
  const whenCall = (pair: readonly [number, number | null], judge: Instruction[]): Instruction[] => [
    { code: EQUAL, k: number(pair)!, yes: 0, no: judge.length },
    ...judge,
  ]
  const instructions: Instruction[] = [
    { code: LOAD, k: ARCH },
    { code: EQUAL, k: AUDIT_ARCH[options.arch], no: 'kill' },
    { code: LOAD, k: NUMBER },
    { code: NOT_LESS, k: X32_BIT, yes: 'enosys' },
    { code: GREATER, k: NEWEST_KNOWN, yes: 'enosys' },
    ...present(REFUSED).map(nr => ({ code: EQUAL, k: nr, yes: 'eperm' as const })),
    ...present(UNKNOWN).map(nr => ({ code: EQUAL, k: nr, yes: 'enosys' as const })),
    ...present(PASSED_OVER).map(nr => ({ code: EQUAL, k: nr, yes: 'done' as const })),
    ...(options.memfd ? [] : [{ code: EQUAL, k: number(JUDGED.memfd_create)!, yes: 'enosys' as const }, ...whenCall(JUDGED.setsockopt, keepBuffers())]),
    ...whenCall(JUDGED.clone, [{ code: LOAD, k: argument(0) }, { code: ANY_BIT, k: NEW_NAMESPACES, yes: 'eperm', no: 'allow' }]),
    ...whenCall(JUDGED.ioctl, [{ code: LOAD, k: argument(1) }, { code: EQUAL, k: TIOCSTI, yes: 'eperm' }, { code: EQUAL, k: TIOCLINUX, yes: 'eperm', no: 'allow' }]),
    ...whenCall(JUDGED.personality, [{ code: LOAD, k: argument(0) }, { code: EQUAL, k: 0, yes: 'allow' }, { code: EQUAL, k: 0xffffffff, yes: 'allow', no: 'eperm' }]),
    ...whenCall(JUDGED.socket, judgeSocket()),
    ...whenCall(JUDGED.socketpair, judgeSocket()),
  ]
  return assemble(instructions)
}

/** Other protocols than TCP and UDP (SCTP, MPTCP, ICMP and so on) would load or reach rarely used parts of the kernel. */
const judgeSocket = (): Instruction[] => [
  { code: LOAD, k: argument(0) },
  { code: EQUAL, k: AF_INET, yes: 6 },
  { code: EQUAL, k: AF_INET6, yes: 5 },
  { code: EQUAL, k: AF_UNIX, no: 'eafnosupport' },
  { code: LOAD, k: argument(1) },
  { code: AND, k: SOCKET_TYPE_MASK },
  { code: EQUAL, k: SOCK_RAW, yes: 'eperm' },
  { code: EQUAL, k: SOCK_PACKET, yes: 'eperm', no: 'allow' },
  { code: LOAD, k: argument(1) },
  { code: AND, k: SOCKET_TYPE_MASK },
  { code: EQUAL, k: SOCK_STREAM, yes: 1 },
  { code: EQUAL, k: SOCK_DGRAM, no: 'eperm' },
  { code: LOAD, k: argument(2) },
  { code: EQUAL, k: 0, yes: 'allow' },
  { code: EQUAL, k: TCP, yes: 'allow' },
  { code: EQUAL, k: UDP, yes: 'allow', no: 'eprotonosupport' },
]

/** The size of a socket's buffers is a wish: it is taken and not granted, so that a box without a memory cgroup can tell what they hold. */
const keepBuffers = (): Instruction[] => [
  { code: LOAD, k: argument(1) },
  { code: EQUAL, k: SOL_SOCKET, no: 'allow' },
  { code: LOAD, k: argument(2) },
  { code: EQUAL, k: SO_SNDBUF, yes: 'done' },
  { code: EQUAL, k: SO_RCVBUF, yes: 'done', no: 'allow' },
]

/** A jump by name leads to that answer behind the program, one by number skips so many instructions, none goes on. */
function assemble(program: Instruction[]): Buffer {
  const names = Object.keys(ANSWERS) as Answer[]
  const bytes = Buffer.alloc((program.length + names.length) * 8)
  const jump = (to: Answer | number | undefined, from: number) => {
    const distance = typeof to === 'string' ? program.length + names.indexOf(to) - from - 1 : to ?? 0
    if (distance > 255) throw new RangeError('the filter is too long for its jumps')
    return distance
  }
  const answers = names.map((name): Instruction => ({ code: RETURN, k: ANSWERS[name] }))
  for (const [index, { code, k, yes, no }] of [...program, ...answers].entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes[index * 8 + 2] = jump(yes, index)
    bytes[index * 8 + 3] = jump(no, index)
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4)
  }
  return bytes
}
