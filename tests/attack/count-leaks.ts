import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { boxProcesses, mountCount, openDescriptors, residentBytes, untilSteady } from './box-processes.ts'
import type { Payload, Target } from './target.ts'
import type { Finding } from './vocabulary.ts'

const MIB = 1024 * 1024
/** What Node itself may take and give back between two looks. */
const MEMORY_SLACK = 64 * MIB
const AT_ONCE = 4
const WARM_UP = 24

/** Each leaves something behind on purpose: processes, files, links, a full disk, half an output. */
const UNTIDY: Payload[] = [
  { language: 'bash', code: 'sleep 600 & setsid sleep 600 & head -c 30000 /dev/zero > left; exit 3' },
  { language: 'bash', code: 'kill -9 $$' },
  { language: 'bash', code: 'mkdir -p a/b/c; ln -s / a/root; mkfifo a/pipe; head -c 90000 /dev/zero', limits: { output_bytes: 5000 } },
  { language: 'bash', code: '(trap "" TERM HUP; while :; do sleep 1; done) & sleep 600', limits: { wall_ms: 60 } },
  { language: 'bash', code: 'head -c 9000000 /dev/zero > full', limits: { disk_bytes: MIB } },
  { language: 'bash', code: 'echo fine' },
]

/** What a worker holds of its machine, counted from outside. Folders and cgroups are those that bear its name. */
function takeStock(pid: number) {
  return {
    descriptors: openDescriptors(pid), mounts: mountCount(pid), processes: boxProcesses(pid).size,
    folders: readdirSync('/tmp').filter(name => name.startsWith(`bespin-box-${pid}-`)).flatMap(name => readdirSync(join('/tmp', name))).length,
    cgroups: cgroupFolders(`bespin-${pid}-`, '/sys/fs/cgroup', 6),
  }
}

function cgroupFolders(mark: string, path: string, depth: number): number {
  if (depth === 0 || !existsSync(path)) return 0
  return readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory()).reduce((sum, { name }) =>
    sum + (path.includes(mark) ? 1 : 0) + cgroupFolders(mark, join(path, name), depth - 1), 0)
}

/** Runs untidy programs and compares what the worker holds before and after. */
export async function countLeaks(target: Target, runs: number): Promise<Finding> {
  const { pid } = target
  const began = performance.now()
  const finding = (reasons: string[]): Finding =>
    ({ id: `leaks-after-${runs}-runs`, mode: target.mode, verdict: reasons.length ? 'BREACH' : 'held', status: '', wallMs: performance.now() - began, reasons })
  if (pid === undefined) return { ...finding([]), verdict: 'not run', reasons: ['the worker is out of sight'] }
  await runMany(target, WARM_UP)
  await untilSteady(pid)
  const [before, memory] = [takeStock(pid), residentBytes(pid) ?? 0]
  await runMany(target, runs)
  await untilSteady(pid)
  const wrong = await untilSame(() => takeStock(pid), before)
  const grown = (residentBytes(pid) ?? 0) - memory
  return finding([...wrong, ...(grown > MEMORY_SLACK ? [`the worker grew by ${Math.round(grown / MIB)} MiB`] : [])])
}

async function runMany(target: Target, runs: number): Promise<void> {
  let left = runs
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      const seen = await target.submit(UNTIDY[left % UNTIDY.length]!)
      if (seen.request !== 'accepted' || seen.status === 'internal_error') throw new Error(`An untidy program ended as ${seen.status}: ${seen.message}`)
    }
  }))
}

type Stock = ReturnType<typeof takeStock>
async function untilSame(take: () => Stock, before: Stock): Promise<string[]> {
  for (const end = performance.now() + 3000; ;) {
    const now = take()
    const wrong = (Object.keys(before) as (keyof Stock)[]).filter(name => now[name] > before[name]).map(name => `${name}: ${before[name]} before, ${now[name]} after`)
    if (wrong.length === 0 || performance.now() > end) return wrong
    await sleep(50)
  }
}
