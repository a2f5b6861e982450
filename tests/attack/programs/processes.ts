import type { Attack } from '../vocabulary.ts'
import { ANY_END, ending, probe } from './attack-shape.ts'

const python = probe('python')
const bash = probe('bash')
const bashEnds = ending('bash')
const pythonEnds = ending('python')

/** Processes: bombs, what will not die, what counts as CPU time. */
export const PROCESSES: Attack[] = [
  bashEnds('fork-bomb-bash', 'The classic bomb is held to the limit of processes and gone with its job.',
    'b() { b | b & }; b; sleep 20\n', { quick: true, limits: { wall_ms: 1500 }, expect: { status: ANY_END, max_wall_ms: 5000, host_after: ['follow_up_ok', 'no_orphans'] } }),
  pythonEnds('fork-bomb-exponential', 'Every child forks too, and starts a new session.',
    'import os\nwhile True:\n    try:\n        os.fork(); os.setsid()\n    except OSError: pass\n', { limits: { wall_ms: 2500 }, expect: { status: ['time_limit', 'cpu_limit', 'memory_limit'], max_wall_ms: 4000, host_after: ['follow_up_ok', 'no_orphans'] } }),
  python('kill-everything', 'kill(-1) reaches nothing outside the box, and not the one who watches it.',
    'import os,signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nfor s in (15, 1, 2, 10, 19, 9):\n    try: os.kill(-1, s)\n    except OSError: pass\n    try: os.kill(1, s)\n    except OSError: pass\nprint("HELD")\n',
    { quick: true, expect: { status: ['ok'], host_after: ['follow_up_ok', 'worker_alive'] } }),
  bashEnds('daemon-survives', 'A double fork in a session of its own ends with the job, though it holds no stream.',
    '(setsid bash -c \'trap "" HUP TERM INT; exec >/dev/null 2>&1 </dev/null; (sleep 600; echo late > /tmp/late) & sleep 600\' &) ; echo gone\n',
    { quick: true, expect: { status: ['ok'], stdout_equals: 'gone\n', max_wall_ms: 3000, host_after: ['no_orphans'] } }),
  bashEnds('child-holds-stdout', 'The end of the program is the end, whoever still holds its output.',
    'sleep 60 & echo main\n', { expect: { status: ['ok'], stdout_equals: 'main\n', max_wall_ms: 3000, host_after: ['no_orphans'] } }),
  pythonEnds('sigterm-ignored', 'Signals that can be ignored are no way to end a program.',
    'import signal,time\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nprint("deaf", flush=True)\nwhile True: time.sleep(1)\n',
    { quick: true, limits: { wall_ms: 1000 }, expect: { status: ['time_limit'], timed_out: true, stdout_equals: 'deaf\n', max_wall_ms: 2500, host_after: ['no_orphans'] } }),
  bashEnds('stopped-family', 'Processes that stopped themselves are ended all the same.',
    'for i in 1 2 3 4 5; do (kill -STOP $BASHPID; echo woken) & done; sleep 0.2; echo asleep; kill -STOP $$\n',
    { limits: { wall_ms: 1000 }, expect: { status: ['time_limit'], stdout_equals: 'asleep\n', max_wall_ms: 2500, host_after: ['no_orphans'] } }),
  pythonEnds('zombies', 'Children that nobody waits for are no trouble.',
    'import os\nfor i in range(40):\n    if os.fork() == 0: os._exit(0)\nprint("left 40")\n', { expect: { status: ['ok'], stdout_equals: 'left 40\n', host_after: ['no_orphans'] } }),
  bashEnds('cpu-short-children', 'CPU time of children that are gone counts as well.',
    'while :; do /bin/true; done\n', { limits: { cpu_ms: 1000, wall_ms: 8000 }, expect: { status: ['cpu_limit', 'time_limit'], max_cpu_ms: 3000, max_wall_ms: 9000 } }),
  pythonEnds('cpu-unwaited-children', 'CPU time of children that the kernel clears away unseen is bounded by wall time at least.',
    'import os,signal,time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    for _ in range(2):\n        if os.fork() == 0:\n            end = time.process_time() + 0.004\n            while time.process_time() < end: pass\n            os._exit(0)\n    time.sleep(0.004)\n',
    { limits: { cpu_ms: 1000, wall_ms: 4000 }, expect: { status: ['cpu_limit', 'time_limit'], max_wall_ms: 5000, host_after: ['no_orphans'] } }),
  pythonEnds('cpu-exec-loop', 'A program that becomes itself again keeps what it has used.',
    'import os,sys\nfor i in range(3000000): pass\nos.execv(sys.executable, [sys.executable, "/work/main.py"])\n',
    { limits: { cpu_ms: 1000, wall_ms: 8000 }, expect: { status: ['cpu_limit', 'time_limit'], max_cpu_ms: 3000, max_wall_ms: 9000 } }),
  pythonEnds('main-thread-leaves', 'A process whose first thread has ended is neither gone nor free of its limits.',
    'import ctypes,threading,time\nthreading.Thread(target=lambda: time.sleep(100)).start()\nprint("left", flush=True)\nctypes.CDLL(None).pthread_exit(None)\n',
    { limits: { wall_ms: 1500 }, expect: { status: ['time_limit', 'signaled', 'nonzero_exit'], max_wall_ms: 3000, host_after: ['no_orphans'] } }),
  pythonEnds('clone-into-parent', 'A sibling that ends with 0 is not taken for the program, which ends with 5.',
    `import ctypes,os,time
libc = ctypes.CDLL(None)
CLONE = 56 if os.uname().machine == "x86_64" else 220
r = libc.syscall(ctypes.c_long(CLONE), ctypes.c_long(0x8000 | 17), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0))
if r == 0: os._exit(0)
time.sleep(0.3); print("main", flush=True); os._exit(5)
`, { expect: { status: ['nonzero_exit'], exit_code: 5, stdout_equals: 'main\n', host_after: ['no_orphans'] } }),
  python('raise-priority', 'No program gets before the others, nor before the machine.',
    `import os
for name, act in (("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) - 1)), ("fifo", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))), ("rr", lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(50)))):
    try: act(); print("BREACH:", name)
    except OSError: pass
import ctypes
if ctypes.CDLL(None).syscall(ctypes.c_long(251 if os.uname().machine == "x86_64" else 30), ctypes.c_long(1), ctypes.c_long(0), ctypes.c_long(1 << 13)) == 0: print("BREACH: real-time I/O")
print("HELD")
`, { quick: true }),
  pythonEnds('abort-without-core', 'A crash says which signal, and leaves no core.',
    'import os,resource\nprint("HELD" if max(resource.getrlimit(resource.RLIMIT_CORE)) <= 1 else "BREACH", flush=True)\nos.abort()\n', { expect: { status: ['signaled'], signal: 'SIGABRT', stdout_equals: 'HELD\n' } }),
  bash('visible-environment-of-others', 'The first process of the box shows neither its memory nor its descriptors nor its root.',
    'for f in /proc/1/environ /proc/1/mem /proc/1/maps /proc/1/fd/3 /proc/1/fd/4 /proc/1/root/etc/passwd /proc/1/cwd/x; do (head -c 1 "$f" >/dev/null) 2>/dev/null && echo "BREACH: $f"; (: >> "$f") 2>/dev/null && echo "BREACH: writes $f"; done; ls /proc/1/fd 2>/dev/null | grep -q . && echo "BREACH: descriptors of the first process"; echo HELD\n', { quick: true }),
  pythonEnds('oom-score-lowered', 'When the machine itself is short of memory, a program goes before everything else, and cannot change that.',
    'n = int(open("/proc/self/oom_score_adj").read())\nprint("score", n)\nfor v in (-1000, -1, 0, n - 1):\n    try:\n        with open("/proc/self/oom_score_adj", "w", buffering=1) as f: f.write(str(v) + "\\n")\n        print("LOWERED", v); break\n    except OSError: pass\n',
    { expect: { status: ['ok'], stdout_includes: ['score 1000'] } }),
]
