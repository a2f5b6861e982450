/**
 * Runs hostile programs against the sandbox and says which of them got through: `make attack`, or
 * `node tests/attack/attack.ts --help`. Exit code 1 when one did, or ended otherwise than it must.
 */
import { openApiTarget } from './api-target.ts'
import { localModes, openLocalTarget } from './local-target.ts'
import { countLeaks } from './count-leaks.ts'
import { readOptions, type AttackOptions } from './options.ts'
import { readAttacks } from './read-attacks.ts'
import { describeFinding, HEAD, isBad, summarize } from './report.ts'
import { inGroups, runGroup } from './run-attacks.ts'
import type { Target } from './target.ts'
import type { Attack, Finding } from './vocabulary.ts'

const say = (line: string) => console.log(line)

function chosen({ only }: AttackOptions): Attack[] {
  const attacks = readAttacks()
  return only === undefined ? attacks : attacks.filter(({ id }) => only.test(id))
}

/** What leaks of a worker's environment would show: all that any program of the suite looks for. */
const environmentOf = (attacks: Attack[]): Record<string, string> => Object.assign({}, ...attacks.map(({ setup }) => setup?.worker_env ?? {})) as Record<string, string>

function openers(options: AttackOptions, attacks: Attack[]): (() => Promise<Target>)[] {
  if (options.url !== undefined) return [() => openApiTarget(options.url!, options.key)]
  const modes = localModes().filter(({ name }) => options.mode === undefined || name.includes(options.mode))
  if (modes.length === 0) throw new Error(`This machine has no mode like "${options.mode}". There are: ${localModes().map(({ name }) => name).join('; ')}.`)
  return modes.map(mode => () => openLocalTarget(mode, environmentOf(attacks)))
}

async function attackOne(target: Target, options: AttackOptions, attacks: Attack[]): Promise<Finding[]> {
  const findings: Finding[] = []
  const take = (finding: Finding) => {
    findings.push(finding)
    if (isBad(finding) || !options.quiet) describeFinding(finding).forEach(say)
  }
  try {
    for (const group of inGroups(attacks)) for (const finding of await runGroup(target, group)) take(finding)
    if (options.leaks > 0) take(await countLeaks(target, options.leaks))
  }
  finally {
    await target.close()
  }
  return findings
}

const options = readOptions(process.argv.slice(2))
const attacks = chosen(options)
const findings: Finding[] = []
try {
  say(HEAD)
  for (const open of openers(options, attacks)) findings.push(...await attackOne(await open(), options, attacks))
  for (const line of summarize(findings)) say(line)
  process.exitCode = findings.some(isBad) ? 1 : 0
}
catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
