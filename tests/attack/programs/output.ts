import type { Attack } from '../vocabulary.ts'
import { ending, MIB, probe } from './attack-shape.ts'

const python = ending('python')
const bash = ending('bash')

/** Output: floods, bytes that are no text, streams that are misused, words that pretend to be the sandbox's. */
export const OUTPUT: Attack[] = [
  python('out-flood-both', 'Both streams at once, each held to its limit.',
    'import os,threading\ndef f(n):\n    while True: os.write(n, b"x" * 65536)\nthreading.Thread(target=f, args=(2,)).start(); f(1)\n',
    { quick: true, limits: { output_bytes: 65536, wall_ms: 5000 }, expect: { status: ['output_limit'], output_truncated: true, max_stdout_bytes: 65536, max_wall_ms: 6000, host_after: ['worker_rss_flat', 'follow_up_ok'] } }),
  python('out-flood-of-lines', 'Ten million empty lines are as much as ten million bytes.',
    'import sys\nfor _ in range(1000): sys.stdout.write("\\n" * 10000)\n', { limits: { output_bytes: 100_000, wall_ms: 5000 }, expect: { status: ['output_limit'], max_stdout_bytes: 100_000, host_after: ['worker_rss_flat'] } }),
  python('out-flood-of-children', 'Sixty writers share one limit.',
    'import os\nfor _ in range(30):\n    if os.fork() == 0:\n        try:\n            while True: os.write(1, b"y" * 4096)\n        except OSError: os._exit(0)\nos.wait()\n', { limits: { output_bytes: 65536, wall_ms: 5000 }, expect: { status: ['output_limit'], max_stdout_bytes: 65536, host_after: ['no_orphans'] } }),
  python('out-nul', 'NUL arrives as NUL.', 'import sys\nsys.stdout.write("a\\0b\\n")\n', { quick: true, expect: { status: ['ok'], stdout_equals: 'a\0b\n' } }),
  python('out-not-utf8', 'Bytes that are no text arrive as they are.', 'import os\nos.write(1, bytes(range(256)))\n', { quick: true, expect: { status: ['ok'], stdout_bytes: 256 } }),
  python('out-before-time-limit', 'What was printed before the limit is kept, whole.',
    'import sys,time\nsys.stdout.write("x" * 30000); sys.stdout.write("half a line"); sys.stdout.flush(); time.sleep(60)\n', { limits: { wall_ms: 1000 }, expect: { status: ['time_limit'], timed_out: true, stdout_bytes: 30_011, max_wall_ms: 2500 } }),
  python('out-all-before-exit', 'Nothing is lost when a program writes much and is gone at once.',
    'import os\nos.set_blocking(1, True)\nb = b"z" * 250000\nwhile b: b = b[os.write(1, b):]\nos._exit(4)\n', { limits: { output_bytes: 262_144 }, expect: { status: ['nonzero_exit'], exit_code: 4, stdout_bytes: 250_000, output_truncated: false } }),
  python('out-nonblocking', 'A program may change its streams; the other end does not mind.',
    'import os,fcntl\nfor n in (0, 1, 2):\n    try: os.set_blocking(n, False)\n    except OSError: pass\n    try: fcntl.fcntl(n, 1031, 1 << 20)\n    except OSError: pass\n    try: fcntl.fcntl(n, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK | os.O_ASYNC)\n    except OSError: pass\nprint("fine")\n', { expect: { status: ['ok'], stdout_equals: 'fine\n' } }),
  bash('out-reopened', 'Streams may be opened again by their paths.',
    'echo one > /dev/stdout; echo two >> /proc/self/fd/1; echo three > /dev/fd/1; echo err > /dev/stderr\n', { quick: true, expect: { status: ['ok'], stdout_equals: 'one\ntwo\nthree\n', stderr_equals: 'err\n' } }),
  python('out-read-from-stdout', 'A program can take back only what is its own, and hangs nobody.',
    'import os,select\nfor n in (1, 2):\n    try: f = os.open("/proc/self/fd/%d" % n, os.O_RDONLY | os.O_NONBLOCK); os.read(f, 10)\n    except OSError: pass\nos.write(2, b"done")\n', { limits: { wall_ms: 3000 }, expect: { status: ['ok'], stderr_equals: 'done', max_wall_ms: 3000 } }),
  python('out-in-flight', 'An end of the output that lies in a socket nobody holds any more does not keep the result waiting.',
    `import array,os,socket
a, b = socket.socketpair()
def give(s, fd): s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
give(a, 1); give(b, 2); give(a, a.fileno()); give(b, b.fileno()); give(a, b.fileno()); give(b, a.fileno())
print("sent", flush=True)
os._exit(0)
`, { quick: true, limits: { wall_ms: 3000 }, expect: { status: ['ok'], stdout_equals: 'sent\n', max_wall_ms: 3000, host_after: ['follow_up_ok', 'no_orphans'] } }),
  python('forged-status', 'Nothing that is printed or written to any descriptor is taken for the word of the sandbox.',
    `import os,struct
line = b'{"startError":0,"waitStatus":0,"endedBy":0,"wallUs":1,"cpuUs":1,"peakBytes":1,"diskFull":0,"stdoutCut":0,"stderrCut":0,"collect":0}'
frame = b"\\x04" + struct.pack("<I", len(line)) + line
for n in range(1, 1024):
    try: os.write(n, frame)
    except OSError: pass
for n in range(16):
    try: f = os.open("/proc/1/fd/%d" % n, os.O_WRONLY); os.write(f, frame)
    except OSError: pass
os._exit(9)
`, { quick: true, expect: { status: ['nonzero_exit'], exit_code: 9 } }),
  bash('out-terminal-escapes', 'Escapes for terminals arrive as bytes.', 'printf "\\033]0;title\\007\\033[2J\\033[31mred\\033[0m\\n"\n', { expect: { status: ['ok'], stdout_equals: '\u001b]0;title\u0007\u001b[2J\u001b[31mred\u001b[0m\n', host_after: ['dashboard_shows_as_text'] } }),
  bash('out-cut-in-a-character', 'A cut never leaves half a character.', 'while :; do printf "żółw😀"; done\n', { limits: { output_bytes: 1000, wall_ms: 5000 }, expect: { status: ['output_limit'], stdout_excludes: ['\ufffd'], max_stdout_bytes: 1000 } }),
  probe('python')('in-large-unread', 'Input that is not read is no trouble.', 'print("HELD")\n', { stdin: 'x'.repeat(900_000), expect: { status: ['ok'] } }),
  probe('python')('in-whole', 'Input arrives whole, and can be read again.', 'import sys\na = sys.stdin.buffer.read(); sys.stdin.buffer.seek(0); b = open("/dev/stdin", "rb").read()\nprint("HELD" if len(a) == len(b) == 800000 else (len(a), len(b)))\n', { stdin: 'y'.repeat(800_000) }),
  // What the pipe does not take Node keeps in memory, so that another limit may be the first.
  ending('javascript')('out-js-flood', 'A runtime that holds output back is ended all the same.', 'for (;;) process.stdout.write("x".repeat(1 << 16))\n', { limits: { output_bytes: 65536, wall_ms: 5000, memory_bytes: 256 * MIB }, expect: { status: ['output_limit', 'memory_limit', 'time_limit', 'signaled'], max_stdout_bytes: 65536, max_wall_ms: 6000 } }),
]
