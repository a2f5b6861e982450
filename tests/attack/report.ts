import type { Finding, Verdict } from './vocabulary.ts'

const ORDER: Verdict[] = ['held', 'residual', 'not run', 'failed', 'BREACH']

/** True when a program got through, or ended otherwise than it must. */
export const isBad = ({ verdict }: Finding): boolean => verdict === 'BREACH' || verdict === 'failed'

/** One line of the table. */
export function describeFinding({ id, mode, verdict, status, wallMs, reasons }: Finding): string[] {
  const wall = wallMs === null ? '' : `${Math.round(wallMs)} ms`
  return [
    `${id.padEnd(34)} ${mode.padEnd(20)} ${verdict.padEnd(9)} ${status.padEnd(14)} ${wall.padStart(9)}`.trimEnd(),
    ...(verdict === 'held' ? [] : reasons.map(reason => `    ${reason}`)),
  ]
}

export const HEAD = `${'program'.padEnd(34)} ${'mode'.padEnd(20)} ${'verdict'.padEnd(9)} ${'status'.padEnd(14)} ${'wall'.padStart(9)}`

/** How many of each verdict, by mode, and the last word. */
export function summarize(findings: Finding[]): string[] {
  const modes = [...new Set(findings.map(({ mode }) => mode))]
  const count = (of: Finding[]) => ORDER.map(verdict => [verdict, of.filter(finding => finding.verdict === verdict).length] as const).filter(([, n]) => n > 0).map(([verdict, n]) => `${n} ${verdict}`).join(', ')
  return [
    '', ...modes.map(mode => `${mode}: ${count(findings.filter(finding => finding.mode === mode))}`),
    findings.some(isBad) ? 'NOT EVERYTHING HELD' : 'everything held',
  ]
}
