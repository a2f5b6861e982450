/**
 * Kills, stops and fills parts of a Bespin of its own, by a schedule that a seed decides, while clients pour in jobs of
 * every kind; then reads the history and checks that everything promised was kept: `make chaos`, or
 * `node bench/chaos.ts --help`. Exit code 1 when anything acknowledged is lost, doubled, disordered or left undone.
 */
import { readOptions } from './chaos/options.ts'
import { describeOutcome, isBad, writeReport } from './chaos/report.ts'
import { runChaos } from './chaos/run-chaos.ts'
import { stopOnSignals } from './product.ts'

const options = readOptions(process.argv.slice(2))
const say = (line: string): void => console.log(line)

stopOnSignals()
const { outcome, log } = await runChaos(options, say)
for (const line of describeOutcome(outcome)) say(line)
say(`report: ${writeReport(outcome, log)}`)
if (isBad(outcome)) process.exitCode = 1
