import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectFigures, median, percentile } from './figures.ts'
import type { Measurement } from './measurement.ts'
import { startProduct } from './product.ts'

interface Program {
  language: string
  title: string
  code: string
  /** The smallest thing that starts the same interpreter, outside of any sandbox. */
  bare: string[]
  atMost: { cold: number, warm?: number }
}

const PROGRAMS: Program[] = [
  { language: 'python', title: 'Python hello', code: 'print("hello")\n', bare: ['/usr/bin/python3', '-I', '-c', 'pass'], atMost: { cold: 30, warm: 15 } },
  { language: 'bash', title: 'Bash hello', code: 'echo hello\n', bare: ['bash', '-c', ':'], atMost: { cold: 20 } },
  { language: 'javascript', title: 'JavaScript hello', code: 'console.log("hello")\n', bare: [process.execPath, '-e', '0'], atMost: { cold: 60 } },
  { language: 'c', title: 'C hello from the artifact cache', code: '#include <stdio.h>\nint main(void) { puts("hello"); }\n', bare: ['/bin/true'], atMost: { cold: 25 } },
  { language: 'go', title: 'Go hello from the artifact cache', code: 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n', bare: ['/bin/true'], atMost: { cold: 25 } },
]
/** Does not compile before Go's whole standard library is prepared, which keeps a core busy. Kept from one product to the next. */
const LIBRARY = { language: 'go', code: 'package main\n\nimport _ "net/http"\n\nfunc main() {}\n' }
const TOOLCHAINS = join(tmpdir(), 'bespin-bench-toolchains')
/** Sequential submissions of a sample; those before them warm what is warm in use, and fill the cache. */
const SAMPLE = 30
const WARM_UP = 8
const FLOOD = { jobs: 240, atOnce: 4, atLeast: 80 }

/** Code through the API: from sending a submission to holding its result, by one client that waits. */
export const measureCode: Measurement = {
  letter: 'g', name: 'code', title: 'Code execution: from submission to the result at the client',
  async run({ rounds, belt }) {
    const figures = collectFigures()
    const broken: string[] = []
    for (let round = 0; round < rounds; round++) {
      for (const mode of ['cold', 'warm'] as const) {
        const product = await startProduct({ belt, env: { BESPIN_SANDBOX: 'auto', BESPIN_CODE_TOOLCHAINS: TOOLCHAINS, BESPIN_CODE_WARM: mode === 'warm' ? 'on' : 'off' } })
        await untilProven(product.url)
        await measureMode({ url: product.url, mode, figures, broken }).finally(() => product.stop())
      }
    }
    return { figures: figures.all(), notes: [`${SAMPLE} submissions a sample, one after the other; ${FLOOD.jobs} for the rate; all through POST /api/v1/public/execute?wait=`], broken }
  },
}

type Mode = 'cold' | 'warm'
interface Round { url: string, mode: Mode, figures: ReturnType<typeof collectFigures>, broken: string[] }

/** `cold`: every run starts an interpreter; `warm`: those that wait are used where there are some. */
async function measureMode({ url, mode, figures, broken }: Round): Promise<void> {
  for (const program of PROGRAMS.filter(({ atMost }) => mode === 'cold' || atMost.warm !== undefined)) {
    const times = await submitInTurn(url, program, broken)
    const name = `${program.title}${program.atMost.warm ? `, ${mode}` : ''}`
    if (mode === 'cold') figures.add(`${program.title}: interpreter alone`, bareStart(program.bare), { unit: 'ms' })
    figures.add(name, median(times), { unit: 'ms', atMost: program.atMost[mode] })
    figures.add(`${name}, p95`, percentile(times, 0.95), { unit: 'ms' })
  }
  figures.add(`Python hellos, 4 at once, ${mode}`, await flood(url, PROGRAMS[0]!, broken), { unit: 'runs/s', atLeast: FLOOD.atLeast })
}

/** The sandbox proves itself, and toolchains prepare, after the product is ready: what they take then is no part of a run. */
async function untilProven(url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const { data } = await (await fetch(`${url}/api/v1/public/runtimes`)).json() as { data?: { available?: boolean } }
    if (data?.available) return void await fetch(`${url}/api/v1/public/execute?wait=60`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(LIBRARY) })
    await sleep(100)
  }
  throw new Error('no code worker has proven its sandbox within a minute')
}

async function submitInTurn(url: string, program: Program, broken: string[]): Promise<number[]> {
  for (let n = 0; n < WARM_UP; n++) await submit(url, program, broken)
  const times: number[] = []
  for (let n = 0; n < SAMPLE; n++) times.push(await submit(url, program, broken))
  return times
}

/** Runs per second with four clients that each wait for their result. */
async function flood(url: string, program: Program, broken: string[]): Promise<number> {
  let left = FLOOD.jobs
  const started = performance.now()
  await Promise.all(Array.from({ length: FLOOD.atOnce }, async () => {
    while (left-- > 0) await submit(url, program, broken)
  }))
  return FLOOD.jobs * 1000 / (performance.now() - started)
}

async function submit(url: string, { language, code, title }: Program, broken: string[]): Promise<number> {
  const started = performance.now()
  const answer = await fetch(`${url}/api/v1/public/execute?wait=30`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ language, code }) })
  const body = await answer.json() as { data?: { stdout?: string } }
  const took = performance.now() - started
  if (body.data?.stdout !== 'hello\n') broken.push(`${title}: answered ${answer.status} ${JSON.stringify(body).slice(0, 300)}`)
  return took
}

/** Median of starting a program and waiting for its end, milliseconds. */
function bareStart([command, ...args]: string[]): number {
  return median(Array.from({ length: SAMPLE }, () => {
    const started = performance.now()
    spawnSync(command!, args, { stdio: 'ignore' })
    return performance.now() - started
  }))
}
