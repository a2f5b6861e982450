import type { CodeRun } from '#shared/schemas/code.ts'

/** One sentence over all inputs: how many ended ok, and which was the first that did not. */
export function describeRuns(runs: CodeRun[], leftOut: number): string {
  const failed = runs.find(run => run.status !== 'ok')
  if (!failed) return `all ${runs.length} inputs ended ok`
  const ok = runs.filter(run => run.status === 'ok').length
  const name = failed.name === null ? '' : ` ("${failed.name}")`
  return `${ok} of ${runs.length + leftOut} inputs ended ok; input ${failed.index + 1}${name}: ${failed.message}${leftOut ? `; ${leftOut} were left out` : ''}`
}
