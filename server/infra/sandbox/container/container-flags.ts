import type { BoxSpec } from '../driver.ts'

/** Uid and gid inside: nobody and nogroup, as in every other driver. */
const NOBODY = '65534:65534'
/** One more than the program may have: the first process of the container counts too. */
const FIRST_PROCESS = 1
const SHARED_MEMORY_BYTES = 1024 * 1024
/** Of all containers together: user 65534 is the same one in all of them. Only a backstop behind the limit of each. */
const ALL_PROCESSES = 8192

/** What of a spec is fixed when its container is made. Two specs with the same shape can use each other's container. */
export interface ContainerShape { memoryBytes: number, processes: number, diskBytes: number, mounts: BoxSpec['mounts'] }

export const shapeOf = ({ limits, mounts }: Pick<BoxSpec, 'limits' | 'mounts'>): ContainerShape =>
  ({ memoryBytes: limits.memoryBytes, processes: limits.processes, diskBytes: limits.diskBytes, mounts })

const tmpfs = (path: string, bytes: number) => ['--tmpfs', `${path}:rw,exec,nosuid,nodev,size=${bytes},mode=1777`]

function bindMount({ source, target }: BoxSpec['mounts'][number]): string[] {
  if (/[,"\n]/.test(source + target)) throw new Error(`the path ${source} cannot be mounted: it holds a comma or a quote`)
  return ['--mount', `type=bind,source=${source},target=${target},readonly`]
}

/** Podman adds to a container what Docker does not: writable /run and /tmp, the host's proxy settings, a hosts file. */
const PODMAN = ['--read-only-tmpfs=false', '--no-hosts', '--systemd=false', '--http-proxy=false']

/** Arguments of `docker run` or `podman run` for a container that holds one program; see docs/guides/sandbox.md. */
export function containerFlags(shape: ContainerShape, options: { name: string, labels: Record<string, string>, image: string, engine: 'docker' | 'podman' }): string[] {
  const { name, labels, image, engine } = options
  const memory = String(shape.memoryBytes)
  return [
    'run', '--rm', '--interactive', '--pull', 'never', '--name', name,
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    '--network', 'none', '--ipc', 'private', '--hostname', 'sandbox',
    '--user', NOBODY, '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
    '--read-only', ...tmpfs('/work', shape.diskBytes), ...tmpfs('/tmp', shape.diskBytes), '--shm-size', String(SHARED_MEMORY_BYTES),
    // The same figure twice: none of it may go to swap.
    '--memory', memory, '--memory-swap', memory, '--pids-limit', String(shape.processes + FIRST_PROCESS),
    '--ulimit', 'core=0:0', '--ulimit', 'nofile=1024:1024', '--ulimit', `nproc=${ALL_PROCESSES}:${ALL_PROCESSES}`,
    '--log-driver', 'none', '--workdir', '/work',
    ...(engine === 'podman' ? PODMAN : []),
    ...shape.mounts.flatMap(bindMount),
    image,
  ]
}
