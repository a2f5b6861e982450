import type { Attack } from '../vocabulary.ts'
import { ending, probe } from './attack-shape.ts'

const python = probe('python')
const concurrent = { group: 'concurrent-walls', together: true, limits: { wall_ms: 20_000 } }

/** One program and another: what they could tell each other or take from each other. */
export const BETWEEN_JOBS: Attack[] = [
  ending('python')('concurrent-1', 'A program that runs beside another: it listens, writes and waits.',
    `import socket,os,time
a = socket.socket(socket.AF_UNIX); a.bind("\\0bespin-neighbour"); a.listen(1)
p = socket.socket(socket.AF_UNIX); p.bind("/tmp/neighbour.sock"); p.listen(1)
t = socket.socket(); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind(("127.0.0.1", 47114)); t.listen(1)
for d in ("/tmp", "/dev/shm", "/work"): open(d + "/neighbour-7d1f", "w").write("LEAK-7d1f")
for s in (a, p, t): s.setblocking(False)
time.sleep(4)
for s in (a, p, t):
    try: s.accept(); print("BREACH: somebody came")
    except OSError: pass
print("waited")
`, { ...concurrent, step: 1, expect: { status: ['ok'], stdout_equals: 'waited\n' } }),
  python('concurrent-2', 'It is neither seen nor reached nor ended by its neighbour.',
    `import os,socket,signal
for p in os.listdir("/proc"):
    if p.isdigit() and int(p) > 1 and int(p) != os.getpid(): print("BREACH: process", p, open("/proc/%s/cmdline" % p).read())
for at in ("\\0bespin-neighbour", "/tmp/neighbour.sock"):
    try: socket.socket(socket.AF_UNIX).connect(at); print("BREACH:", repr(at))
    except OSError: pass
try: socket.create_connection(("127.0.0.1", 47114), timeout=1); print("BREACH: TCP")
except OSError: pass
for d in ("/tmp", "/dev/shm", "/work"):
    if os.path.exists(d + "/neighbour-7d1f"): print("BREACH: file in", d)
for pid in range(2, 4000):
    if pid != os.getpid():
        try: os.kill(pid, signal.SIGKILL); print("BREACH: killed", pid)
        except OSError: pass
print("HELD")
`, { ...concurrent, step: 2 }),
  ending('python')('watch-1', 'A program that looks at what others open.',
    `import ctypes,os,time
libc = ctypes.CDLL(None, use_errno=True)
f = libc.inotify_init1(os.O_NONBLOCK)
seen = 0
if f >= 0:
    for d in (b"/usr/bin", b"/bin", b"/etc", b"/.shim", b"/usr/bin/python3", b"/bin/sh", b"/bin/cat", b"/bin/ls"): libc.inotify_add_watch(f, d, 0xfff)
    libc.read(f, ctypes.create_string_buffer(65536), 65536)
    time.sleep(4)
    seen = libc.read(f, ctypes.create_string_buffer(65536), 65536)
print("BREACH: saw what a neighbour opened" if seen > 0 else "HELD")
`, { group: 'concurrent-watch', together: true, step: 1, limits: { wall_ms: 20_000 }, expect: { stdout_includes: ['HELD'] } }),
  probe('bash')('watch-2', 'What it opens is nobody else\'s business.', 'for i in 1 2 3; do /bin/cat /etc/passwd >/dev/null; ls / >/dev/null; sleep 0.3; done; echo HELD\n', { group: 'concurrent-watch', together: true, step: 2, limits: { wall_ms: 20_000 } }),
  ending('python')('locks-1', 'A program that locks a file which all boxes see.',
    'import fcntl,time\nf = open("/usr/bin/env", "rb")\ntry: fcntl.flock(f, fcntl.LOCK_EX); time.sleep(4)\nexcept OSError: pass\nprint("locked")\n', { group: 'file-lock-shared', together: true, step: 1, limits: { wall_ms: 20_000 }, optional: 'locks on shared files are seen across boxes', expect: { status: ['ok'] } }),
  python('locks-2', 'Locks on shared files tell one program of another.',
    'import fcntl\nf = open("/usr/bin/env", "rb")\ntry: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError: print("BREACH: a neighbour holds it")\nexcept OSError: pass\nprint("HELD")\n', { group: 'file-lock-shared', together: true, step: 2, limits: { wall_ms: 20_000 }, optional: 'locks on shared files are seen across boxes' }),
  ending('python')('left-over-1', 'A program that leaves behind whatever outlives a process.',
    'import os,ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmget(0x7d1f, 4096, 0o1666); libc.semget(0x7d1f, 1, 0o1666); libc.msgget(0x7d1f, 0o1666)\ntry: libc.mq_open(b"/bespin-7d1f", os.O_CREAT | os.O_RDWR, 0o666, None)\nexcept Exception: pass\nfor d in ("/dev/shm", "/tmp", "/dev/mqueue", "/var/tmp", os.path.expanduser("~"), "/work/__pycache__"):\n    try: os.makedirs(d, exist_ok=True); open(d + "/left-7d1f", "w").write("x")\n    except OSError: pass\nprint("left")\n', { group: 'left-over', step: 1, expect: { status: ['ok'] } }),
  python('left-over-2', 'The next one finds none of it.',
    'import os,ctypes\nlibc = ctypes.CDLL(None)\nif libc.shmget(0x7d1f, 4096, 0) >= 0 or libc.semget(0x7d1f, 1, 0) >= 0 or libc.msgget(0x7d1f, 0) >= 0: print("BREACH: System V")\nfor d in ("/dev/shm", "/tmp", "/dev/mqueue", "/var/tmp", os.path.expanduser("~"), "/work/__pycache__"):\n    if os.path.exists(d + "/left-7d1f"): print("BREACH:", d)\nif sorted(os.listdir("/work")) != ["main.py"] or os.listdir("/dev/shm"): print("BREACH:", os.listdir("/work"), os.listdir("/dev/shm"))\nprint("HELD")\n', { group: 'left-over', step: 2 }),
  ending('c')('change-own-program-1', 'A compiled program that changes its own file changes nothing of what was kept of it.',
    '#include <fcntl.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) {\n  puts("as compiled");\n  fflush(stdout);\n  unlink("/work/.program");\n  int f = open("/work/.program", O_WRONLY | O_CREAT | O_TRUNC, 0755);\n  write(f, "#!/bin/sh\\necho BREACH\\n", 22);\n  int g = open("/proc/self/exe", O_WRONLY);\n  if (g >= 0) puts("BREACH: writes itself");\n}\n', { group: 'change-own-program', step: 1, setup: { repeats: 3 }, expect: { status: ['ok'], stdout_equals: 'as compiled\n' } }),
  probe('python')('same-random-numbers', 'Two runs of one program draw other numbers.', 'import os,random\nseen = {random.random(), int.from_bytes(os.urandom(8), "little"), hash("x"), id(object())}\nprint("HELD" if len(seen) == 4 else "BREACH")\n'),
]
