import type { Attack } from '../vocabulary.ts'
import { ending, probe, SYSTEM_CALLS } from './attack-shape.ts'

const python = probe('python')
/** A table of calls, each of which must fail. */
const refused = (calls: string) => `${SYSTEM_CALLS}
for name, nr, args in [${calls}]:
    r, e = sc(nr, *args)
    if r >= 0: print("BREACH:", name, r)
print("HELD")
`
const x64 = { arch: 'x64' as const, quick: true }

/** The kernel: rights, namespaces, calls that control the machine or have been ways into it. */
export const KERNEL: Attack[] = [
  python('namespaces-new', 'No namespace of one\'s own, by any call.', `${SYSTEM_CALLS}
import struct
for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00000080, 0x7e020000):
    for name, call in (("unshare", (272, flag)), ("clone", (56, flag | 17, 0, 0, 0, 0)), ("clone, high half set", (56, (1 << 40) | flag | 17, 0, 0, 0, 0))):
        if flag == 0x80 and name != "unshare": continue
        r, e = sc(*call)
        if r == 0 and name != "unshare": os._exit(0)
        if r >= 0: print("BREACH:", name, hex(flag))
    b = struct.pack("<QQQQQQQQQQQ", flag, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0)
    r, e = sc(435, b, len(b))
    if r == 0: os._exit(0)
    if r > 0: print("BREACH: clone3", hex(flag))
for ns in os.listdir("/proc/self/ns"):
    for pid in ("1", "self"):
        try: f = os.open("/proc/%s/ns/%s" % (pid, ns), os.O_RDONLY)
        except OSError: continue
        if sc(308, f, 0)[0] >= 0: print("BREACH: setns", ns)
print("HELD")
`, x64),
  python('io-uring', 'Rings of calls that no filter sees cannot be made.', refused('("setup", 425, (8, b"\\0" * 120)), ("enter", 426, (0, 0, 0, 0, 0, 0)), ("register", 427, (0, 0, 0, 0))'), x64),
  python('tracing', 'No process reads or steers another: not the watcher, not even its own children.', `${SYSTEM_CALLS}
import time
child = os.fork()
if child == 0: time.sleep(5); os._exit(0)
for name, nr, args in [("traceme", 101, (0, 0, 0, 0)), ("attach", 101, (16, child, 0, 0)), ("seize", 101, (0x4206, child, 0, 0)), ("attach first", 101, (16, 1, 0, 0)), ("vm_readv", 310, (child, b"\\0" * 16, 1, b"\\0" * 16, 1, 0)), ("kcmp", 312, (os.getpid(), child, 0, 0, 0)), ("pidfd_getfd", 438, (0, 0, 0))]:
    r, e = sc(nr, *args)
    if r >= 0: print("BREACH:", name)
for pid in ("1",):
    for f in ("mem", "environ", "auxv", "maps", "stack", "syscall", "io", "personality"):
        try: open("/proc/%s/%s" % (pid, f), "rb").read(1); print("BREACH: reads", f)
        except OSError: pass
os.kill(child, 9)
print("HELD")
`, x64),
  python('keyrings', 'Keys, which are shared by user and not by box, cannot be made, found or read.', refused('("join", 250, (1, 0)), ("session", 250, (0, -3, 1)), ("user ring", 250, (0, -4, 1)), ("search", 250, (10, -4, b"user", b"x", 0)), ("read", 250, (11, -4, 0, 0)), ("add", 248, (b"user", b"bespin", b"x", 1, -4)), ("request", 249, (b"user", b"bespin", 0, -4))'), x64),
  python('bpf-and-events', 'No programs in the kernel, no watching of it.', refused('("bpf map", 321, (0, b"\\0" * 64, 64)), ("bpf load", 321, (5, b"\\0" * 64, 64)), ("perf", 298, (b"\\1\\0\\0\\0\\x70\\0\\0\\0" + b"\\0" * 104, 0, -1, -1, 0)), ("userfaultfd", 323, (0,)), ("userfaultfd user", 323, (1,)), ("fanotify", 300, (0, 0)), ("lookup_dcookie", 212, (0, 0, 0))'), x64),
  python('terminal-input', 'No words are put into anybody\'s terminal.', `import fcntl,os,termios
m, s = os.openpty()
for request in (0x5412, 0x541c):
    for f in (0, 1, 2, s):
        try: fcntl.ioctl(f, request, b"x"); print("BREACH:", hex(request), f)
        except OSError: pass
try: os.open("/dev/tty", os.O_RDWR); print("BREACH: a terminal")
except OSError: pass
import ctypes
c = ctypes.CDLL(None, use_errno=True)
if c.syscall(ctypes.c_long(16), ctypes.c_long(s), ctypes.c_long((1 << 32) | 0x5412), b"x") == 0: print("BREACH: high half")
print("HELD")
`, x64),
  ending('c')('calls-of-32-bits', 'Calls by the entrance of old programs, where other numbers hold, end the program.',
    '#include <stdio.h>\nint main(void) {\n  long r = 20;\n  __asm__ volatile("int $0x80" : "+a"(r) : : "memory");\n  printf("BREACH: %ld\\n", r);\n}\n', { arch: 'x64', expect: { status: ['signaled', 'nonzero_exit'] } }),
  python('calls-of-x32', 'Numbers with the bit of the third kind of programs are unknown.', refused('("getpid", 0x40000000 + 39, ()), ("ptrace", 0x40000000 + 521, (0, 0, 0, 0)), ("unshare", 0x40000000 + 272, (0x10000000,)), ("mount", 0x40000000 + 165, (b"none", b"/tmp", b"tmpfs", 0, 0)), ("ioctl", 0x40000000 + 514, (0, 0x5412, b"x"))'), x64),
  python('calls-not-looked-at', 'Calls that are newer than the filter are unknown to it, whatever the kernel knows.', `${SYSTEM_CALLS}
for nr in range(468, 600):
    r, e = sc(nr, 0, 0, 0, 0, 0)
    if e != 38: print("BREACH: call", nr, "answers", r, e)
print("HELD")
`, x64),
  python('handles', 'Files cannot be opened by their numbers past the walls.', refused('("name_to_handle", 303, (-100, b"/usr", b"\\x80\\0\\0\\0" + b"\\0" * 200, b"\\0" * 8, 0)), ("open_by_handle", 304, (3, b"\\x08\\0\\0\\0\\1\\0\\0\\0\\2\\0\\0\\0\\0\\0\\0\\0", 0))'), x64),
  python('machine-control', 'Nothing that steers the machine: clocks, modules, swap, names, reboot, quotas.', refused('("reboot", 169, (0xfee1dead, 672274793, 0, 0)), ("settimeofday", 164, (b"\\0" * 16, 0)), ("clock_settime", 227, (0, b"\\0" * 16)), ("adjtimex", 159, (b"\\0" * 208,)), ("clock_adjtime", 305, (0, b"\\0" * 208)), ("init_module", 175, (b"", 0, b"")), ("finit_module", 313, (0, b"", 0)), ("delete_module", 176, (b"x", 0)), ("kexec_file", 320, (0, 0, 0, 0, 0)), ("swapon", 167, (b"/tmp/x", 0)), ("sethostname", 170, (b"x", 1)), ("setdomainname", 171, (b"x", 1)), ("iopl", 172, (3,)), ("ioperm", 173, (0, 1, 1)), ("acct", 163, (b"/tmp/x",)), ("quotactl", 179, (0, 0, 0, 0)), ("quotactl_fd", 443, (0, 0, 0, 0)), ("syslog", 103, (3, b"\\0" * 100, 100)), ("vhangup", 153, ()), ("nfsservctl", 180, (0, 0, 0)), ("modify_ldt", 154, (1, b"\\0" * 16, 16)), ("personality", 135, (0x0040000,)), ("mbind", 237, (0, 0, 0, 0, 0, 0)), ("move_pages", 279, (0, 0, 0, 0, 0, 0))'), x64),
  python('capabilities', 'No right of an administrator, none that could be taken, and no way back.', `import ctypes,os
status = dict(l.split(":", 1) for l in open("/proc/self/status").read().splitlines() if ":" in l)
for n in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    if int(status[n], 16): print("BREACH:", n, status[n].strip())
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2": print("BREACH: walls are down")
libc = ctypes.CDLL(None)
def put(path, text):
    f = os.open(path, os.O_WRONLY)
    try: os.write(f, text)
    finally: os.close(f)
if libc.prctl(38, 0, 0, 0, 0) == 0: print("BREACH: new privileges again")
if libc.prctl(47, 2, 21, 0, 0) == 0: print("BREACH: ambient right")
for f in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.setresuid(0, 0, 0), lambda: os.chroot("/tmp"), lambda: put("/proc/self/uid_map", b"0 0 1"), lambda: put("/proc/self/setgroups", b"allow")):
    try: f(); print("BREACH: became more")
    except OSError: pass
print("HELD")
`, { quick: true }),
  python('sync-the-machine', 'A program cannot make the machine write out everything, over and over.', `${SYSTEM_CALLS}
import time
t = time.monotonic()
for _ in range(2000): sc(162); sc(306, 0)
print("HELD" if time.monotonic() - t < 2 else "BREACH: %.1f s" % (time.monotonic() - t))
`, { ...x64, limits: { wall_ms: 20_000 } }),
  python('own-filter', 'A further filter of its own takes none of ours away.', `${SYSTEM_CALLS}
import struct
allow = struct.pack("<HBBI", 6, 0, 0, 0x7fff0000)
buf = ctypes.create_string_buffer(allow)
prog = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(buf))
sc(317, 1, 0, prog)
if sc(272, 0x10000000)[0] >= 0: print("BREACH: a namespace")
if sc(101, 0, 0, 0, 0)[0] >= 0: print("BREACH: traced")
print("HELD")
`, x64),
  python('program-from-memory', 'A program that lies in memory alone stands behind the same walls.', `${SYSTEM_CALLS}
try: f = os.memfd_create("p")
except OSError: print("HELD"); raise SystemExit
os.write(f, open("/bin/sh", "rb").read())
if os.fork() == 0: os.execv("/proc/self/fd/%d" % f, ["sh", "-c", "unshare -U true 2>/dev/null && echo BREACH; [ $(id -u) = 65534 ] || echo BREACH"])
os.wait()
print("HELD")
`),
]
