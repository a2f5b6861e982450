/**
 * Runs every check of the project and ends in one line: `N passed, N failed`.
 *
 *   node scripts/check.ts [stage name ...]     only those stages, for example: lint types
 *   BESPIN_SKIPS_FAIL=1                         a check that could not run counts as failed
 *
 * Each test counts as one, and so does each stage that is not made of tests. The exit code is 0 only without a failure.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingTools } from './check/find-tools.ts'
import type { Stage, StageResult } from './check/stages.ts'
import { STAGES } from './check/stages.ts'

const SKIPS_FAIL = process.env.BESPIN_SKIPS_FAIL === '1'
const say = (line: string) => process.stdout.write(`${line}\n`)

async function runStage(stage: Stage, reports: string): Promise<StageResult> {
  const start = performance.now()
  const result = await stage.run({ reports })
  if (result.output && result.failed) say(result.output.trimEnd())
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6)
  const counts = `${result.passed} passed, ${result.failed} failed${result.skipped.length ? `, ${result.skipped.length} SKIPPED` : ''}`
  say(`${result.failed ? 'FAILED' : 'ok    '} ${seconds} s  ${stage.name}: ${counts}`)
  return result
}

/** Groups run one after the other, the stages of a group side by side; a failure stops nothing. */
async function runAll(stages: Stage[], reports: string): Promise<StageResult[]> {
  const results: StageResult[] = []
  for (const group of new Set(stages.map(stage => stage.group))) {
    const members = stages.filter(stage => stage.group === group)
    say(`\n-- ${members.map(stage => stage.name).join(', ')}`)
    results.push(...await Promise.all(members.map(stage => runStage(stage, reports))))
  }
  return results
}

function chosenStages(names: string[]): Stage[] {
  const unknown = names.filter(name => !STAGES.some(stage => stage.name === name))
  if (unknown.length) {
    console.error(`There is no stage "${unknown[0]}". There are: ${STAGES.map(stage => stage.name).join(', ')}`)
    process.exit(2)
  }
  return names.length ? STAGES.filter(stage => names.includes(stage.name)) : STAGES
}

const stages = chosenStages(process.argv.slice(2))
const lacking = missingTools()
for (const line of lacking) say(`SKIP: ${line}`)
const reports = mkdtempSync(join(tmpdir(), 'bespin-check-'))
try {
  const results = await runAll(stages, reports)
  const skipped = results.flatMap(result => result.skipped)
  say('')
  for (const line of [...lacking, ...skipped]) say(`SKIPPED: ${line}`)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failed, 0) + (SKIPS_FAIL ? skipped.length : 0)
  process.exitCode = failed ? 1 : 0
  say(`${passed} passed, ${failed} failed`)
} finally {
  rmSync(reports, { recursive: true, force: true })
}
