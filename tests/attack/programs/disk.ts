import type { Attack } from '../vocabulary.ts'
import { ending, MIB, probe } from './attack-shape.ts'

const python = ending('python')
const expect = { host_after: ['follow_up_ok', 'workspace_removed'] }
const ENDS = ['ok', 'disk_limit', 'memory_limit', 'nonzero_exit', 'signaled']

/** Disk: bytes, files, folders, and what clears them away. */
export const DISK: Attack[] = [
  python('ten-thousand-files', 'Too many files end the program, and all of them vanish.',
    'n = 0\nwhile n < 10000:\n    open("f%d" % n, "w").close(); n += 1\nprint("BREACH: 10000 files")\n', { quick: true, limits: { wall_ms: 8000 }, expect: { ...expect, status: ['disk_limit', 'nonzero_exit'] } }),
  python('ten-thousand-empty-folders', 'Folders count as files do, also in /tmp.',
    'import os\nfor n in range(20000): os.mkdir("/tmp/d%d" % n)\nprint("BREACH: 20000 folders")\n', { limits: { wall_ms: 8000 }, expect: { ...expect, status: ['disk_limit', 'nonzero_exit'] } }),
  python('inodes-in-dev-shm', 'Files of /dev/shm count as well.',
    'for n in range(50000): open("/dev/shm/f%d" % n, "w").close()\nprint("BREACH: 50000 files")\n', { limits: { wall_ms: 8000 }, expect: { ...expect, status: ['disk_limit', 'nonzero_exit'] } }),
  python('hard-links', 'Names of one file are bounded as files are.',
    'import os\nopen("a", "w").close()\nn = 0\ntry:\n    while n < 100000: os.link("a", "l%d" % n); n += 1\n    print("BREACH: 100000 names")\nexcept OSError as e: print("HELD", e.errno, n)\n', { limits: { wall_ms: 10_000 }, expect: { ...expect, status: [...ENDS, 'time_limit'] } }),
  python('attributes', 'What is written into attributes of files counts too.',
    'import os\nn = 0\ntry:\n    for f in range(3000):\n        open("x%d" % f, "w").close()\n        for k in range(8): os.setxattr("x%d" % f, "user.k%d" % k, b"x" * 60000); n += 60000\n    print("BREACH: %d MiB" % (n >> 20))\nexcept OSError as e: print("HELD", e.errno, n >> 20)\n', { limits: { wall_ms: 8000 }, expect: { ...expect, status: ENDS } }),
  python('fallocate-beyond', 'Room that is only reserved is room.',
    'import os\nf = os.open("r", os.O_RDWR | os.O_CREAT)\ntry:\n    os.posix_fallocate(f, 0, 2 << 30); print("BREACH: 2 GiB reserved")\nexcept OSError: print("HELD")\n', { expect: { ...expect, status: ENDS } }),
  python('disk-under-deleted-names', 'A file without a name still takes its room.',
    'import os\nt = 0; held = []\ntry:\n    while t < 600 << 20:\n        f = open("gone", "wb", buffering=0); os.unlink("gone"); held.append(f)\n        for _ in range(8): t += f.write(b"x" * (1 << 20))\n    print("BREACH: 600 MiB")\nexcept OSError: print("HELD", t >> 20)\n', { limits: { wall_ms: 8000 }, expect: { ...expect, status: ENDS } }),
  python('disk-limit-told', 'A program that fills its disk is told so, and so is its owner.',
    'f = open("big", "wb")\nwhile True: f.write(b"x" * 65536)\n', { quick: true, limits: { disk_bytes: 2 * MIB }, expect: { ...expect, status: ['disk_limit'] } }),
  probe('bash')('names-of-every-kind', 'Names with line ends, quotes, dashes and bytes that are no text are cleared away like others.',
    'touch -- "$(printf \'a\\nb\')" "-rf" "\'" \'"\' "$(printf \'\\377\\376\')" " " "*" "~"; mkdir -p -- "-x/$(printf %0255d 0)"; chmod 000 -- "-x"; ln -s . loop; ln -s loop/loop/loop/loop deep; echo HELD\n', { expect: { ...expect, status: ['ok'] } }),
  probe('bash')('quota-in-both-places', 'What is asked for is what there is: a file of most of the limit fits, twice the limit does not.',
    'head -c 7000000 /dev/zero > fits && echo HELD; head -c 20000000 /dev/zero > /tmp/more 2>/dev/null && echo BREACH; exit 0\n', { limits: { disk_bytes: 8 * MIB }, expect: { ...expect, status: ['ok', 'disk_limit'] } }),
]
