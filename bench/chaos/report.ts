/** What came of it, for people (Markdown) and programs (JSON). */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Machine } from '../machine.ts'
import type { ChaosOptions } from './options.ts'
import { describeStrike, type Strike } from './strikes.ts'
import { isBroken, type Finding, type Verdict } from './verdict.ts'

export interface Outcome { options: ChaosOptions, machine: Machine, strikes: Strike[], verdict: Verdict, seconds: number }

/** True when something must not be. */
export const isBad = ({ verdict, strikes }: Pick<Outcome, 'verdict' | 'strikes'>): boolean =>
  isBroken(verdict) || strikes.some(strike => Number.isNaN(strike.recoveredMs))

/** The lines that are printed. Every violation of the first ones of each check with the job's whole history. */
export function describeOutcome(outcome: Outcome): string[] {
  const { verdict } = outcome
  return [
    '', ...Object.entries(verdict.figures).map(([name, value]) => `  ${name.padEnd(46)} ${value}`),
    `  ${'seconds until nothing moved any more'.padEnd(46)} ${Number.isNaN(verdict.settledSeconds) ? 'NEVER' : verdict.settledSeconds.toFixed(1)}`, '',
    ...verdict.findings.flatMap(describeFinding), '',
    isBad(outcome) ? `BROKEN; try again with --seed=${outcome.options.seed}` : 'everything that was promised was kept',
  ]
}

function describeFinding({ check, count, examples }: Finding): string[] {
  return [
    `  ${count === 0 ? 'yes' : 'NO '}  ${check}${count > 0 ? ` (${count} violations)` : ''}`,
    ...examples.flatMap(({ detail, history }) => [`       ${detail}`, ...(history === undefined ? [] : [history])]),
  ]
}

/** Writes the report, the same as JSON, and what the product said; answers where. */
export function writeReport(outcome: Outcome, log: string): string {
  const path = outcome.options.report ?? join(mkdtempSync(join(tmpdir(), 'bespin-chaos-')), 'chaos.md')
  const beside = (ending: string) => path.replace(/\.(md|json)$/, '') + ending
  writeFileSync(beside('.md'), toMarkdown(outcome))
  writeFileSync(beside('.json'), `${JSON.stringify({ at: new Date().toISOString(), broken: isBad(outcome), ...outcome }, null, 2)}\n`)
  writeFileSync(beside('.log'), log)
  return beside('.md')
}

function toMarkdown(outcome: Outcome): string {
  const { options, machine, strikes, verdict, seconds } = outcome
  const block = (lines: string[]) => ['```', ...lines, '```', '']
  return [
    '# Chaos', '',
    `Seed ${options.seed}, belt on ${options.belt}, ${options.short ? 'short form' : 'long form'}, ${options.rate} jobs offered per second, ${Math.round(seconds)} s in all.`,
    `${machine.cores} cores, ${machine.cpu}, ${machine.memoryGib} GiB, ${machine.system}; Node ${machine.node}, ${machine.postgres}, Redis ${machine.redis}.`, '',
    isBad(outcome) ? '**Broken.**' : 'Everything that was promised was kept.', '',
    '## Blows', '', 'With the time from the end of each until a new job was taken and completed.', '', ...block(strikes.map(describeStrike)),
    '## Figures', '', '| | |', '|---|---|', ...Object.entries(verdict.figures).map(([name, value]) => `| ${name} | ${value} |`),
    `| seconds until nothing moved any more | ${Number.isNaN(verdict.settledSeconds) ? 'never' : verdict.settledSeconds.toFixed(1)} |`, '',
    '## Checks', '', ...verdict.findings.map(({ check, count }) => `- ${count === 0 ? 'kept' : `**broken ${count} times**`}: ${check}`), '',
    ...verdict.findings.filter(finding => finding.count > 0).flatMap(finding => block(describeFinding(finding))),
  ].join('\n')
}
