import type { Attack } from '../vocabulary.ts'
import { probe } from './attack-shape.ts'

const python = probe('python')

/** The network: there is none, of any family. */
export const NETWORK: Attack[] = [
  python('net-families', 'Only the plain kinds of sockets can be made: none that reaches past the network of the box or loads a part of the kernel.',
    `import socket
families = {n: n for n in range(0, 64) if n not in (1, 2, 10)}
for f in families:
    for t in (1, 2, 3, 4, 5):
        try: socket.socket(f, t).close(); print("BREACH: family", f, "type", t)
        except OSError: pass
for f in (1, 2, 10):
    for t in (3, 4, 6, 10):
        try: socket.socket(f, t, 0).close(); print("BREACH: family", f, "type", t)
        except OSError: pass
print("HELD")
`, { quick: true }),
  python('net-protocols', 'Protocols beside TCP and UDP would load rarely used parts of the kernel.',
    `import socket
for f in (2, 10):
    for t in (1, 2, 3, 5, 6):
        for p in (1, 2, 33, 41, 47, 50, 58, 89, 103, 115, 132, 136, 255, 262):
            try: socket.socket(f, t, p).close(); print("BREACH: family", f, "type", t, "protocol", p)
            except OSError: pass
print("HELD")
`, { quick: true }),
  python('net-own-loopback', 'A program may talk with itself.',
    'import socket,threading\nl = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(1)\nthreading.Thread(target=lambda: l.accept()[0].sendall(b"hi")).start()\nprint("HELD" if socket.create_connection(l.getsockname(), timeout=3).recv(2) == b"hi" else "no")\n', { expect: { status: ['ok'] } }),
  python('net-canary-listeners', 'Whatever this machine listens on, by address, by path or by an abstract name, is not reached.',
    `import socket
for a in (("127.0.0.1", 47113), ("localhost", 47113), ("0.0.0.0", 47113), ("127.0.1.1", 47113), ("::1", 47113), ("::ffff:127.0.0.1", 47113)):
    try: socket.create_connection(a, timeout=0.3); print("BREACH:", a)
    except OSError: pass
for p in ("/tmp/bespin-attack.sock", "\\0bespin-attack", "/proc/1/root/tmp/bespin-attack.sock"):
    for t in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(socket.AF_UNIX, t)
        try: s.connect(p); print("BREACH:", repr(p))
        except OSError: pass
print("HELD")
`, { quick: true, setup: { listeners: ['127.0.0.1:47113', 'unix:/tmp/bespin-attack.sock', 'abstract:bespin-attack'] }, expect: { host_after: ['listener_untouched:127.0.0.1:47113', 'listener_untouched:unix:/tmp/bespin-attack.sock', 'listener_untouched:abstract:bespin-attack'] } }),
  python('net-interfaces', 'There is one interface, which leads nowhere, and no socket of the machine is seen.',
    `import os
try:
    names = [l.split(":")[0].strip() for l in open("/proc/net/dev").read().splitlines()[2:]]
except OSError: names = []
if any(n not in ("lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0", "dummy0") for n in names): print("BREACH:", names)
for f in ("tcp", "tcp6", "udp", "udp6", "unix", "raw", "packet"):
    try:
        if len(open("/proc/net/" + f).read().splitlines()) > 1: print("BREACH: sockets in", f)
    except OSError: pass
try:
    if len(open("/proc/net/route").read().splitlines()) > 1: print("BREACH: a route")
except OSError: pass
if os.path.exists("/sys/class/net"): print("BREACH: /sys")
print("HELD")
`, { quick: true }),
  python('net-multicast', 'Nothing leaves by broadcast or multicast, either.',
    'import socket\nfor a in (("255.255.255.255", 9), ("224.0.0.1", 9), ("239.255.255.250", 1900)):\n    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n    try: s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.sendto(b"x", a); print("BREACH:", a)\n    except OSError: pass\nprint("HELD")\n'),
  python('net-mark-and-force', 'Options that only an administrator may set stay his.',
    'import socket\ns = socket.socket()\nfor name, level, option, value in (("mark", 1, 36, 1), ("forced buffer", 1, 32, 1 << 24), ("priority", 1, 12, 7), ("device", 1, 25, b"lo\\0"), ("transparent", 0, 19, 1), ("upper layer", 6, 31, b"smc")):\n    try: s.setsockopt(level, option, value); name in ("device",) or print("BREACH:", name)\n    except OSError: pass\nprint("HELD")\n'),
  probe('bash')('net-tools', 'Tools that would fetch something get nowhere.',
    'for c in "curl -sm 2 http://1.1.1.1" "wget -qT 2 -t 1 -O - http://1.1.1.1" "ping -c 1 -W 1 1.1.1.1" "getent hosts example.com" "nslookup -timeout=1 example.com"; do o=$(timeout 4 $c 2>/dev/null) && [ -n "$o" ] && echo "BREACH: $c"; done; echo HELD\n', { limits: { wall_ms: 25_000 } }),
]
