import type { BoxLimits, BoxOutcome, BoxSpec } from '../driver.ts'

const MIB = 1024 * 1024
const LIMITS: BoxLimits = { wallMs: 10_000, cpuMs: 10_000, memoryBytes: 64 * MIB, processes: 32, outputBytes: 64 * 1024, diskBytes: 4 * MIB, inodes: 256 }

/** One question to the box: a Bash script, and what its outcome shows. */
export interface Proof {
  name: string
  /** What was shown when nothing is wrong. */
  shown: string
  script: string
  limits?: Partial<BoxLimits>
  /** What is wrong; null: nothing. */
  judge(outcome: BoxOutcome): string | null
}

export const proofSpec = ({ script, limits }: Pick<Proof, 'script' | 'limits'>): BoxSpec =>
  ({ argv: ['/bin/bash', '-c', script], env: {}, mounts: [], files: [], stdin: Buffer.alloc(0), limits: { ...LIMITS, ...limits } })

/** Says each thing that should not be so in a line of its own. */
const WALLS = `
[ "$(id -u)" = 65534 ] || echo "the user is $(id -u)"
while read -r key value; do case $key in
  NoNewPrivs:) [ "$value" = 1 ] || echo "privileges may be gained" ;;
  Seccomp:) [ "$value" = 2 ] || echo "no system call is filtered" ;;
  CapEff:|CapPrm:|CapBnd:) [ -z "\${value//0/}" ] || echo "capabilities are left ($key $value)" ;;
esac; done < /proc/self/status
while IFS=: read -r name rest; do case "\${name// /}" in lo|*'|'*) ;; *) [ -z "$rest" ] || echo "there is a network interface: $name" ;; esac; done < /proc/net/dev
(exec 3<>/dev/tcp/192.0.2.1/80) 2>/dev/null && echo "an address outside answers"
for place in / /usr /etc /proc/sys/kernel /sys /run /var/tmp /dev /mnt; do (: > "$place/written") 2>/dev/null && echo "$place can be written to"; done
(: < /proc/1/environ) 2>/dev/null && echo "the environment of the first process can be read"
for socket in /var/run/docker.sock /run/docker.sock /run/podman/podman.sock /var/run/secrets; do [ -e "$socket" ] && echo "$socket is there"; done
for name in $(compgen -e); do case $name in PATH|HOME|LANG|TMPDIR|PWD|OLDPWD|SHLVL|_) ;; *) echo "the environment holds $name" ;; esac; done
echo held`

const said = (outcome: BoxOutcome) => `it ended as ${outcome.status}${outcome.notes.length ? ` (${outcome.notes.join(' ')})` : ''}`

export const PROOFS: Proof[] = [
  {
    name: 'no network, no privileges, nothing to write to', script: WALLS,
    shown: 'loopback alone, user 65534, no capabilities, no new privileges, seccomp, read-only root, empty environment',
    judge: ({ stdout, status, ...rest }) => {
      const lines = stdout.toString().trim().split('\n')
      if (lines.at(-1) !== 'held' || status !== 'ok') return `${said({ stdout, status, ...rest })}: ${rest.stderr.toString().slice(0, 300)}`
      return lines.length === 1 ? null : lines.slice(0, -1).join('; ')
    },
  },
  {
    name: 'wall time ends a program', script: 'sleep 60', limits: { wallMs: 300 }, shown: 'ended after 0.3 s',
    judge: outcome => outcome.status === 'time_limit' ? null : said(outcome),
  },
  {
    name: 'CPU time ends a program', script: 'while :; do :; done & while :; do :; done', limits: { cpuMs: 200 }, shown: 'two loops ended after 0.2 s of CPU time',
    judge: outcome => outcome.status === 'cpu_limit' ? null : said(outcome),
  },
  {
    name: 'memory ends a program', script: 'x=$(head -c 200000000 /dev/zero | tr "\\0" a)', shown: 'ended at 64 MiB',
    judge: outcome => outcome.status === 'memory_limit' ? null : said(outcome),
  },
  {
    name: 'processes are counted', script: 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done 2>/dev/null; wait', limits: { processes: 6, wallMs: 5000 }, shown: 'the seventh was refused',
    judge: outcome => outcome.notes.some(note => note.includes('limit of 6 processes')) ? null : `no process was refused; ${said(outcome)}`,
  },
  {
    name: 'output is cut', script: 'while :; do echo 0123456789; done', limits: { outputBytes: 1000 }, shown: 'ended after 1000 bytes',
    judge: outcome => outcome.status === 'output_limit' && outcome.stdout.length === 1000 ? null : `${said(outcome)} with ${outcome.stdout.length} bytes`,
  },
  {
    name: 'the disk is bounded', script: 'head -c 3000000 /dev/zero > a && head -c 3000000 /dev/zero > b', shown: 'no more than 4 MiB',
    judge: outcome => outcome.status === 'disk_limit' ? null : said(outcome),
  },
  {
    name: 'files are counted', script: 'i=0; while :; do : > $i; i=$((i+1)); done', shown: 'ended after 256',
    judge: outcome => outcome.status === 'disk_limit' && outcome.notes.some(note => note.includes('256')) ? null : said(outcome),
  },
]
