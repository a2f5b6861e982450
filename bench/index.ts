/**
 * Measures a Bespin of its own and prints figures: `make bench`, or `node bench/index.ts --help`.
 * It judges nothing but lost work: a missed target is said, a lost job ends it with exit code 1.
 */
import { writeFileSync } from 'node:fs'
import { describeFigure } from './figures.ts'
import { measureFsyncRate } from './fsync-rate.ts'
import { describeMachine, watchNeighbours } from './machine.ts'
import type { Found, Measurement } from './measurement.ts'
import { readOptions } from './options.ts'
import { stopOnSignals } from './product.ts'
import { measureJobs } from './measure-jobs.ts'
import { measureLatency } from './measure-latency.ts'
import { measureList } from './measure-list.ts'
import { measureCode } from './measure-code.ts'
import { measurePage } from './measure-page.ts'
import { measureStart } from './measure-start.ts'
import { measureWebhooks } from './measure-webhooks.ts'
import { measureBulk } from './scenarios/s1-bulk.ts'
import { measureSingle } from './scenarios/s2-single.ts'
import { measureDrain } from './scenarios/s3-drain.ts'
import { measureAcceptBulk, measureAcceptSingle } from './scenarios/s4-accept.ts'
import { measureLatencyUnderLoad } from './scenarios/s5-under-load.ts'
import { measureIdle } from './scenarios/s6-idle.ts'
import { measureCrash } from './scenarios/s7-crash.ts'
import { measureHistory } from './scenarios/s8-history.ts'

const SCENARIOS: Measurement[] = [
  measureBulk, measureSingle, measureDrain, measureAcceptBulk, measureAcceptSingle, measureLatencyUnderLoad, measureIdle, measureCrash, measureHistory,
]
const MEASUREMENTS: Measurement[] = [...SCENARIOS, measureStart, measureJobs, measureLatency, measureList, measureWebhooks, measurePage, measureCode]
const options = readOptions(process.argv.slice(2), { seconds: 30 })
const chosen = MEASUREMENTS.filter(({ letter, name }) => !options.only || options.only.includes(letter) || options.only.includes(name))

if (chosen.length === 0) {
  console.log(`--only=${options.only?.join(',')} names nothing to measure; there are: ${MEASUREMENTS.map(each => each.name).join(', ')}`)
  process.exit(2)
}

stopOnSignals()
const machine = describeMachine()
console.log(`${machine.cores} cores, ${machine.cpu}, ${machine.memoryGib} GiB; Node ${machine.node}, ${machine.postgres}, Redis ${machine.redis}`)
console.log(`${machine.libraries.join(', ')}; belt on ${options.belt}, ${options.rounds} rounds (medians; every sample in brackets); load average at the start ${machine.load.join(' ')}\n`)

type Result = Found & { name: string, title: string, neighbours: number, fsyncPerSecond: number }

const found = new Map<string, Found>()

async function measure({ letter, name, title, run }: Measurement): Promise<Result> {
  console.log(`${letter}. ${title}`.replace(/^s\d\. /, ''))
  const fsyncPerSecond = Math.round(measureFsyncRate())
  const neighbours = watchNeighbours()
  const result = await run(options, found).catch((error: Error): Found => ({ figures: [], notes: [], broken: [error.message] }))
  const share = neighbours()
  for (const figure of result.figures) console.log(describeFigure(figure))
  for (const note of result.notes) console.log(`  ${note}`)
  console.log(`  other programs used ${Math.round(share * 100)} % of all cores meanwhile; before it the disk synced a page ${fsyncPerSecond} times a second`)
  for (const line of result.broken) console.log(`  BROKEN: ${line}`)
  console.log('')
  found.set(name, result)
  return { ...result, name, title, neighbours: share, fsyncPerSecond }
}

const results: Result[] = []
for (const measurement of chosen) results.push(await measure(measurement))

if (options.json) writeFileSync(options.json, `${JSON.stringify({ at: new Date().toISOString(), machine, options, results }, null, 2)}\n`)
if (results.some(result => result.broken.length > 0)) process.exitCode = 1
