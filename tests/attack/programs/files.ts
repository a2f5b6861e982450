import type { Attack } from '../vocabulary.ts'
import { probe } from './attack-shape.ts'

const python = probe('python')
const bash = probe('bash')
const CANARY = 'CANARY-FILE-5c1e'

/** Files of the machine: what is seen, read and written of them. */
export const FILES: Attack[] = [
  bash('read-shadow', 'Nobody\'s password is there to read.',
    'cat /etc/shadow /etc/gshadow /etc/sudoers /etc/shadow- /etc/security/opasswd /etc/ssl/private/* /etc/ssh/ssh_host_* 2>/dev/null | head -c 100 | grep -q . && echo "BREACH: read"; echo HELD\n', { quick: true, expect: { any_output_excludes: ['root:\\$', 'PRIVATE KEY'] } }),
  bash('machine-settings', 'What /etc says of this machine stays outside: names, accounts, mounts, resolvers.',
    'for f in /etc/hostname /etc/machine-id /etc/fstab /etc/resolv.conf /etc/crontab /etc/environment /etc/profile /etc/issue; do [ -s $f ] && echo "BREACH: $f"; done; [ "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)" = sandbox ] || echo "BREACH: name of the machine"; echo HELD\n'),
  python('canary-files', 'Files in the usual places of the machine cannot be found by name or content.',
    `import os
for top, folders, files in os.walk("/"):
    if top.startswith(("/proc/", "/usr/lib", "/usr/share", "/lib")): folders[:] = []; continue
    for f in files:
        if "bespin-canary" in f: print("BREACH:", top, f)
for d in ("/root", "/home", "/var", "/srv", "/mnt", "/media", "/data", "/app", "/run", "/sys", "/boot", "/tmp/bespin-canary-5c1e", "/var/tmp"):
    if os.path.exists(d) and any(os.scandir(d)): print("BREACH: something in", d)
print("HELD")
`, { quick: true, limits: { wall_ms: 20_000 }, setup: { files: { '/tmp/bespin-canary-5c1e/secret': CANARY, '/var/tmp/bespin-canary-5c1e': CANARY } }, expect: { any_output_excludes: [CANARY] } }),
  bash('cloud-and-container-secrets', 'Tokens of the service account, sockets of the engine and keys of the cloud are absent.',
    'for f in /var/run/secrets/kubernetes.io/serviceaccount/token /run/secrets /var/run/docker.sock /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /root/.aws/credentials /root/.kube/config /root/.ssh /root/.docker/config.json /root/.config/gcloud /.dockerenv /run/.containerenv /var/lib/kubelet; do [ -e $f ] && echo "BREACH: $f"; done; echo HELD\n', { quick: true }),
  python('write-to-every-mount', 'Nothing of what is mounted can be written to but the three places that are meant for it.',
    `import os
for line in open("/proc/self/mountinfo"):
    at = line.split()[4].encode().decode("unicode_escape")
    if at in ("/work", "/tmp", "/dev/shm") or at.startswith(("/dev/", "/proc/")): continue
    path = at if os.path.isfile(at) else os.path.join(at, "bespin-written")
    try:
        os.close(os.open(path, os.O_WRONLY | (0 if os.path.isfile(at) else os.O_CREAT))); print("BREACH: wrote", path)
    except OSError: pass
for d in ("/", "/usr", "/usr/bin", "/etc", "/opt", "/opt/toolchains", "/opt/prepared", "/dev", "/usr/local", "/proc", "/proc/sys/kernel"):
    try: os.close(os.open(d + "/bespin-written", os.O_WRONLY | os.O_CREAT)); print("BREACH: wrote in", d)
    except OSError: pass
print("HELD")
`, { quick: true, expect: { host_after: ['file_absent:/usr/bespin-written', 'file_absent:/bespin-written', 'file_absent:/etc/bespin-written', 'file_absent:/usr/bin/bespin-written'] } }),
  python('change-what-is-shared', 'Programs and libraries that all boxes see cannot be changed, linked, renamed or touched.',
    `import os,sys
for p in (sys.executable, os.path.realpath(sys.executable), "/usr/bin/env", "/bin/sh", "/.shim", "/etc/passwd"):
    for name, act in (("write", lambda: os.close(os.open(p, os.O_WRONLY))), ("chmod", lambda: os.chmod(p, 0o777)), ("truncate", lambda: os.truncate(p, 0)), ("unlink", lambda: os.unlink(p)), ("rename", lambda: os.rename(p, p + "x")), ("utime", lambda: os.utime(p)), ("link", lambda: os.link(p, "/work/l")), ("chown", lambda: os.chown(p, 65534, 65534)), ("setxattr", lambda: os.setxattr(p, "user.x", b"1"))):
        try: act(); print("BREACH:", name, p)
        except OSError: pass
print("HELD")
`, { quick: true }),
  bash('set-uid', 'Programs that become root elsewhere do not here, and nothing can be made to.',
    'for p in /usr/bin/su /usr/bin/passwd /usr/bin/mount /usr/bin/sudo /usr/bin/pkexec /usr/bin/newgrp; do [ -u $p ] && [ "$($p --version >/dev/null 2>&1; id -u)" = 0 ] && echo "BREACH: $p"; done\ncp /usr/bin/id ./id 2>/dev/null; chmod 6755 ./id 2>/dev/null; [ "$(./id -u)" = 65534 ] || echo "BREACH: $(./id)"; [ "$(id -u)$(id -g)$(id -G)" = 655346553465534 ] || echo "BREACH: $(id)"; echo HELD\n', { quick: true }),
  python('device-nodes', 'No device but the harmless ones, and none can be made.',
    `import os,stat
allowed = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
for top, folders, files in os.walk("/dev"):
    for f in files:
        p = os.path.join(top, f)
        m = os.lstat(p).st_mode
        if (stat.S_ISCHR(m) or stat.S_ISBLK(m)) and f not in allowed and not top.startswith("/dev/pts"): print("BREACH: device", p)
for kind, dev in ((stat.S_IFCHR, os.makedev(1, 1)), (stat.S_IFBLK, os.makedev(8, 0)), (stat.S_IFCHR, os.makedev(10, 229))):
    for d in ("/work", "/tmp", "/dev/shm"):
        try: os.mknod(d + "/node", kind | 0o666, dev); print("BREACH: made a device in", d)
        except OSError: pass
print("HELD")
`, { quick: true }),
  bash('kernel-windows', 'Memory of the machine, its log and its switches are shut.',
    'for f in /dev/mem /dev/kmem /dev/port /proc/kcore /proc/kmsg /dev/kmsg /proc/sysrq-trigger /dev/fuse /dev/net/tun /dev/kvm /dev/loop-control /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/net/ipv4/ip_forward /proc/sys/vm/drop_caches /proc/acpi /proc/scsi; do (: >> $f) 2>/dev/null && echo "BREACH: writes $f"; done; for f in /dev/mem /proc/kcore /proc/kmsg /dev/kmsg; do (head -c 1 $f | grep -q .) 2>/dev/null && echo "BREACH: reads $f"; done; echo HELD\n', { quick: true }),
  python('walk-out-by-descriptors', 'No folder that is open leads out of the box.',
    `import os
for n in range(0, 1024):
    try: os.fstat(n)
    except OSError: continue
    for p in ("..", "../../../../..", "../etc/shadow"):
        try: f = os.open(p, os.O_RDONLY, dir_fd=n); print("BREACH: descriptor", n, os.readlink("/proc/self/fd/%d" % f))
        except OSError: pass
os.chdir("/")
for _ in range(50): os.chdir("..")
if os.path.exists("root/.bashrc") or os.path.exists("home"): print("BREACH: above the root")
print("HELD")
`),
]
