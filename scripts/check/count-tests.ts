import { readFile } from 'node:fs/promises'

/** What one stage found. `skipped` holds a line per test or stage that did not run. */
export interface Outcome { passed: number, failed: number, skipped: string[] }

interface VitestFile { name: string, status: string, message?: string, assertionResults: { status: string, fullName: string }[] }
interface PlaywrightSuite { title: string, suites?: PlaywrightSuite[], specs?: { title: string, tests: { status: string }[] }[] }

const readJson = async <T>(path: string) => JSON.parse(await readFile(path, 'utf8')) as T

/** Counts vitest's JSON report. A file that broke before its first test counts as one failure. */
export async function countVitest(report: string): Promise<Outcome> {
  const { testResults } = await readJson<{ testResults: VitestFile[] }>(report)
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [] }
  for (const file of testResults) {
    const failedHere = file.assertionResults.filter(({ status }) => status === 'failed').length
    outcome.failed += failedHere
    if (file.status === 'failed' && failedHere === 0) outcome.failed += 1
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') outcome.passed += 1
      else if (status !== 'failed') outcome.skipped.push(fullName)
    }
  }
  return outcome
}

/** Counts Playwright's JSON report; a test that passed only on a retry counts as failed. */
export async function countPlaywright(report: string): Promise<Outcome> {
  const { suites, errors } = await readJson<{ suites: PlaywrightSuite[], errors: unknown[] }>(report)
  const outcome: Outcome = { passed: 0, failed: errors.length, skipped: [] }
  const visit = (suite: PlaywrightSuite) => {
    for (const spec of suite.specs ?? []) for (const { status } of spec.tests) {
      if (status === 'expected') outcome.passed += 1
      else if (status === 'skipped') outcome.skipped.push(spec.title)
      else outcome.failed += 1
    }
    suite.suites?.forEach(visit)
  }
  suites.forEach(visit)
  return outcome
}
