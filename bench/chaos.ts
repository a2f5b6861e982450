/**
 * Kills parts of a Bespin of its own while clients make jobs, then checks that every acknowledged job was completed and
 * that no idempotency key has two jobs: `make chaos`, or `node bench/chaos.ts --seconds=5 --belt=redis`
 * (--seconds: calm between two blows). Exit code 1 when anything acknowledged is lost, doubled or left undone.
 */
import { writeFileSync } from 'node:fs'
import { startClients, type Promises } from './chaos/clients.ts'
import { strikeAll, type Strike } from './chaos/strikes.ts'
import { judge, type Verdict } from './chaos/verdict.ts'
import { readOptions } from './options.ts'
import { startProduct, stopOnSignals } from './product.ts'

const options = readOptions(process.argv.slice(2), { seconds: 5 })
const say = (line: string): void => console.log(line)

stopOnSignals()
const product = await startProduct({ belt: options.belt, profile: options.profile })
try {
  say(`Bespin on ${product.url}, belt on ${options.belt}; ${options.connections} clients make jobs, ${options.seconds} s of calm between blows`)
  const { promises, stop } = startClients({ url: product.url, count: options.connections })
  const strikes = await strikeAll({ product, belt: options.belt, pauseMs: options.seconds * 1000, say })
  await stop()
  const verdict = await judge(product.databaseUrl, { promises, strikes })
  report({ strikes, promises, verdict })
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ at: new Date().toISOString(), options, strikes, verdict, failures: promises.failures }, null, 2)}\n`)
  if (isBroken({ strikes, promises, verdict })) process.exitCode = 1
}
finally {
  await product.stop()
}

interface Outcome { strikes: Strike[], promises: Promises, verdict: Verdict }

function report({ strikes, promises, verdict }: Outcome): void {
  say('')
  strikes.forEach(({ name }, index) => say(`  ${name.padEnd(38)} everything accepted before it was completed after ${((verdict.backlogMs[index] ?? 0) / 1000).toFixed(2)} s`))
  say('')
  say(`  acknowledged                ${verdict.acknowledged}`)
  say(`  requests tried again        ${promises.failures}`)
  say(`  accepted without an answer  ${verdict.unacknowledged}`)
  say(`  started more than once      ${verdict.ranAgain}`)
  say(`  lost                        ${verdict.lost}`)
  say(`  not completed               ${verdict.unfinished.length}${verdict.unfinished.slice(0, 5).map(job => ` ${job.id} (${job.state})`).join('')}`)
  say(`  doubled                     ${verdict.duplicates}`)
  for (const line of new Set(promises.refused)) say(`  refused: ${line}`)
}

function isBroken({ strikes, promises, verdict }: Outcome): boolean {
  return verdict.lost > 0 || verdict.unfinished.length > 0 || verdict.duplicates > 0 || promises.refused.length > 0
    || strikes.some(strike => Number.isNaN(strike.recoveredMs))
}
