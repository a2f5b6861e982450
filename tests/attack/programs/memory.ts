import type { Attack } from '../vocabulary.ts'
import { ANY_END, ending, MIB, probe } from './attack-shape.ts'

const python = ending('python')
const limits = { memory_bytes: 128 * MIB, wall_ms: 6000 }
const expect = { status: ANY_END, max_wall_ms: 8000, host_after: ['follow_up_ok', 'worker_alive'] }
/** Of a program that must not get to its end. */
const killed = { ...expect, status: ['memory_limit'], oom_killed: true }

/** Memory by every way that a limit on the resident set of one process would not see. */
export const MEMORY: Attack[] = [
  python('memory-at-once', 'One large piece, touched as fast as the machine can.',
    'b = bytearray(1 << 30)\nfor i in range(0, len(b), 4096): b[i] = 1\nprint("BREACH: 1 GiB")\n', { quick: true, limits, expect: { ...expect, status: ['memory_limit', 'nonzero_exit'] } }),
  python('memory-populated', 'Mapped with every page filled by one call, by many threads.',
    'import mmap,threading\nheld = []\ndef eat():\n    while True: held.append(mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000))\nts = [threading.Thread(target=eat) for _ in range(4)]\n[t.start() for t in ts]; [t.join() for t in ts]\n',
    { limits, expect: { ...expect, status: ['memory_limit', 'nonzero_exit', 'ok'] } }),
  python('memory-shared-between-children', 'Shared memory is counted once for all, and once is enough.',
    'import mmap,os,time\nheld = [mmap.mmap(-1, 64 << 20) for _ in range(8)]\nfor m in held:\n    if os.fork() == 0:\n        for k in range(0, len(m), 4096): m[k] = 1\n        time.sleep(3); os._exit(0)\nok = sum(os.wait()[1] == 0 for _ in held)\nprint("BREACH: 512 MiB shared" if ok == 8 else "HELD")\n', { limits, expect }),
  python('memory-through-pipes', 'What lies in pipes belongs to no process.',
    'import os,fcntl\nt = 0; held = []\ntry:\n    while t < 600 << 20:\n        r, w = os.pipe(); held.append((r, w))\n        try: fcntl.fcntl(w, 1031, 1 << 20)\n        except OSError: pass\n        os.set_blocking(w, False)\n        try:\n            while True: t += os.write(w, b"x" * 65536)\n        except BlockingIOError: pass\n    print("BREACH: 600 MiB in pipes")\nexcept OSError as e: print("HELD", e.errno, t >> 20)\n', { limits, expect }),
  python('memory-through-pipes-of-many', 'The same from many processes, each with descriptors of its own.',
    `import os,fcntl,time
report = os.pipe()
def fill():
    t = 0
    try:
        while True:
            r, w = os.pipe()
            try: fcntl.fcntl(w, 1031, 1 << 20)
            except OSError: pass
            os.set_blocking(w, False)
            try:
                while True: t += os.write(w, b"x" * 65536)
            except BlockingIOError: pass
    except OSError: pass
    os.write(report[1], t.to_bytes(8, "little")); time.sleep(30)
n = 0
for _ in range(30):
    try:
        if os.fork() == 0: fill()
        n += 1
    except OSError: break
total = sum(int.from_bytes(os.read(report[0], 8), "little") for _ in range(n))
print("BREACH: %d MiB in pipes" % (total >> 20) if total > 400 << 20 else "HELD %d" % (total >> 20))
`, { limits, expect }),
  python('memory-through-unix-sockets', 'What waits in sockets belongs to no process either.',
    `import os,socket,time
report = os.pipe()
def fill():
    t = 0; held = []
    try:
        while True:
            a, b = socket.socketpair(); held += [a, b]
            for s in (a, b):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20); s.setblocking(False)
                try:
                    while True: t += s.send(b"x" * 65536)
                except BlockingIOError: pass
    except OSError: pass
    os.write(report[1], t.to_bytes(8, "little")); time.sleep(30)
n = 0
for _ in range(8):
    if os.fork() == 0: fill()
    n += 1
total = sum(int.from_bytes(os.read(report[0], 8), "little") for _ in range(n))
print("BREACH: %d MiB in sockets" % (total >> 20) if total > 256 << 20 else "HELD %d" % (total >> 20))
`, { limits, expect }),
  python('memory-through-tcp', 'Connections of the box with itself hold megabytes each.',
    `import socket
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(1024)
t = 0; held = []
try:
    while t < 600 << 20:
        c = socket.create_connection(l.getsockname()); s, _ = l.accept(); held += [c, s]
        for e in (c, s):
            e.setblocking(False)
            try:
                while True: t += e.send(b"x" * 262144)
            except BlockingIOError: pass
    print("BREACH: 600 MiB in connections")
except OSError as e: print("HELD", e.errno, t >> 20)
`, { limits, expect }),
  python('memory-through-udp', 'Datagrams that nobody reads.',
    `import os,socket,time
report = os.pipe()
def fill():
    t = 0; held = []
    try:
        while True:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20); s.bind(("127.0.0.1", 0)); held.append(s)
            for _ in range(12): s.sendto(b"x" * 32000, s.getsockname())
    except OSError: pass
    for s in held:
        s.setblocking(False)
        try:
            while True: t += len(s.recv(65536))
        except OSError: pass
    os.write(report[1], t.to_bytes(8, "little")); time.sleep(30)
n = 0
for _ in range(6):
    if os.fork() == 0: fill()
    n += 1
total = sum(int.from_bytes(os.read(report[0], 8), "little") for _ in range(n))
print("BREACH: %d MiB waited" % (total >> 20) if total > 256 << 20 else "HELD %d" % (total >> 20))
`, { limits, expect }),
  python('memory-on-every-tmpfs', '/tmp, /work and /dev/shm together are bounded, whatever is written where.',
    'import os\nt = 0\nfor d in ("/tmp", "/work", "/dev/shm"):\n    try:\n        f = open(d + "/fill", "wb", buffering=0)\n        while t < 600 << 20: t += f.write(b"x" * (1 << 20))\n    except OSError: pass\nprint("BREACH: 600 MiB of files" if t >= 600 << 20 else "HELD")\n', { limits, expect }),
  ending('c')('memory-page-tables', 'Reading a page here and there costs no resident memory, but the tables that lead there do.',
    `#include <stdio.h>
#include <sys/mman.h>
int main(void) {
  unsigned long sum = 0, mapped = 0;
  for (int i = 0; i < 2048; i++) {
    volatile char *p = mmap(0, 1UL << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) break;
    for (unsigned long at = 0; at < 1UL << 30; at += 1UL << 21) sum += p[at];
    mapped++;
  }
  printf(mapped >= 512 ? "BREACH: %lu GiB mapped\\n" : "HELD %lu\\n", mapped + sum * 0);
}
`, { limits, expect }),
  ending('go')('memory-page-tables-go', 'The same where the address space is not limited.',
    `package main
import ("fmt"; "syscall")
func main() {
	sum, mapped := 0, 0
	for i := 0; i < 4096; i++ {
		b, err := syscall.Mmap(-1, 0, 1<<30, syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
		if err != nil { break }
		for at := 0; at < 1<<30; at += 1 << 21 { sum += int(b[at]) }
		mapped++
	}
	if mapped >= 512 { fmt.Println("BREACH: mapped GiB", mapped, sum) } else { fmt.Println("HELD", mapped) }
}
`, { limits, expect }),
  ending('javascript')('memory-js-heap', 'A heap that grows past its share says why it ended.',
    'const a = []; for (;;) a.push(new Array(1e5).fill({ x: 1 }))\n', { limits: { ...limits, memory_bytes: 200 * MIB }, expect: { ...expect, status: ['memory_limit', 'signaled', 'nonzero_exit'] } }),
  ending('javascript')('memory-js-wasm', 'Memory of WebAssembly lies outside the heap.',
    'const m = []; for (let i = 0; i < 20; i++) { const w = new WebAssembly.Memory({ initial: 1024 }); new Uint8Array(w.buffer).fill(1); m.push(w) }\nconsole.log("BREACH: 1280 MiB")\n', { limits: { ...limits, memory_bytes: 256 * MIB }, expect: { ...expect, status: ['memory_limit', 'signaled', 'nonzero_exit'] } }),
  python('memory-behind-slow-looks', 'Mappings without number make it slow to see what is shared; what grows meanwhile is seen all the same.',
    `import mmap,os,time,ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
base = bytearray(30 << 20)
for i in range(0, len(base), 4096): base[i] = 1
region = libc.mmap(None, ctypes.c_size_t(30000 * 4096), 3, 0x22, -1, 0)
for i in range(0, 30000, 2): libc.mprotect(ctypes.c_void_p(region + i * 4096), 4096, 1)
r, w = os.pipe(); done = os.pipe()
for _ in range(20):
    if os.fork() == 0:
        os.read(r, 1)
        big = mmap.mmap(-1, 100 << 20, flags=0x22)
        ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(big)), 1, 100 << 20)
        os.write(done[1], b"x"); time.sleep(30); os._exit(0)
time.sleep(0.5)
os.write(w, b"x" * 20)
for k in range(6): os.read(done[0], 1)
print("BREACH: 600 MiB")
`, { limits: { ...limits, wall_ms: 10_000 }, expect: { ...expect, status: ['memory_limit', 'time_limit'], max_wall_ms: 12_000 } }),
  python('memory-without-first-thread', 'A process whose first thread is gone shows no memory where one would look for it.',
    `import ctypes,threading,time,os
def eat():
    time.sleep(0.3)
    held = []
    for _ in range(12):
        b = bytearray(24 << 20); held.append(b)
        for i in range(0, len(b), 4096): b[i] = 1
    time.sleep(0.5); os.write(1, b"BREACH: 288 MiB"); os._exit(0)
threading.Thread(target=eat).start()
ctypes.CDLL(None).pthread_exit(None)
`, { limits, expect: { ...expect, status: ['memory_limit'] } }),
  python('memory-stack', 'Recursion without end is a crash of the program and of nothing else.',
    'import sys,threading\nsys.setrecursionlimit(10**9)\nthreading.stack_size(512 << 20)\ndef f(n): return f(n + 1) + 1\nt = threading.Thread(target=f, args=(0,)); t.start(); t.join()\n', { limits, expect: { ...expect, status: ['signaled', 'memory_limit', 'nonzero_exit', 'ok'] } }),
  python('memory-terminals', 'Terminals of the box are few or cost little; the machine keeps its own.',
    'import os,time\nn = 0\ntry:\n    while n < 5000:\n        m, s = os.openpty(); os.set_blocking(m, False); n += 1\n        try:\n            while True: os.write(m, b"x" * 4096)\n        except BlockingIOError: pass\nexcept OSError: pass\nprint("BREACH: %d terminals" % n if n > 1100 else "HELD %d" % n)\n', { limits, expect }),
  probe('python')('memory-cow-not-overcounted', 'Forked pages that nobody wrote to count once: an honest program with children is not killed for them.',
    'import os,time\nb = bytearray(60 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\nfor _ in range(6):\n    if os.fork() == 0: time.sleep(0.6); os._exit(0)\nprint(["BAD", "HELD"][sum(os.wait()[1] == 0 for _ in range(6)) == 6])\n',
    { limits, expect: { status: ['ok'] } }),
  python('memory-grown-slowly', 'A limit that is passed slowly is passed.',
    'import time\na = []\nwhile True:\n    a.append(bytearray(b"x") * (2 << 20)); time.sleep(0.005)\n', { limits, expect: { ...killed, status: ['memory_limit'] } }),
]
