import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from './count-tests.ts'
import { countPlaywright, countVitest } from './count-tests.ts'
import { findChromium } from './find-tools.ts'
import type { CommandOptions, CommandResult } from './run-command.ts'
import { runCommand } from './run-command.ts'

export interface StageResult extends Outcome { output: string }
export interface Stage {
  name: string
  /** Stages with the same number run side by side. */
  group: number
  run: (options: { reports: string }) => Promise<StageResult>
}

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = ['shared', 'server', 'workers', 'scripts', 'prisma', 'bench', 'tests', 'pages', 'components', 'composables', 'layouts',
  'middleware', 'stores', 'plugins', 'app.vue', 'error.vue', 'app.config.ts', 'nuxt.config.ts', 'prisma.config.ts']

const asOne = ({ ok, output, timedOut }: CommandResult): StageResult => ({
  passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [], output: ok ? '' : output + (timedOut ? '\nran out of time\n' : ''),
})

/** A stage that passes or fails as a whole; its output is shown when it fails. */
const check = (name: string, group: number, args: [string, ...string[]]): Stage => ({
  name, group, run: async () => asOne(await runCommand({ command: args[0], args: args.slice(1), limitSeconds: 300, live: false })),
})

/** A report that is not there means the runner itself broke: one failure, never a silent nothing. */
async function counted(result: CommandResult, count: () => Promise<Outcome>): Promise<StageResult> {
  const outcome = await count().catch((): Outcome => ({ passed: 0, failed: 1, skipped: [] }))
  if (!result.ok && outcome.failed === 0) outcome.failed = 1
  return { ...outcome, output: result.output + (result.timedOut ? '\nran out of time\n' : '') }
}

/** The tests of the projects of vitest.config.ts with this name; `*` stands for any end of it. */
const vitest = (name: string, group: number, project: string): Stage => ({
  name, group, run: async ({ reports }) => {
    const report = join(reports, `${group}.json`)
    const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    return counted(await runCommand({ command: 'vitest', args, limitSeconds: 900, live: true }), () => countVitest(report))
  },
})

const browser: Stage = {
  name: 'browser stories', group: 5, run: async ({ reports }) => {
    if (!findChromium()) return { passed: 0, failed: 0, skipped: ['every browser story (no chromium)'], output: '' }
    const report = join(reports, 'browser.json')
    const options: CommandOptions = {
      command: 'playwright', args: ['test', '--reporter=list,json'], limitSeconds: 900, live: true, env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    }
    return counted(await runCommand(options), () => countPlaywright(report))
  },
}

/** The line of the documents that builds: run here, and not once more by the test of the documents. */
export const BUILD: [string, ...string[]] = ['make', 'build']

/** Every check, in the order in which a mistake is cheapest to see. */
export const STAGES: Stage[] = [
  check('generate', 0, ['sh', '-c', 'prisma generate && nuxt prepare']),
  check('lint', 1, ['eslint', '.']),
  check('types', 1, ['vue-tsc', '-b', '--pretty', 'false']),
  check('import rules', 1, ['depcruise', '--config', '.dependency-cruiser.cjs', ...SOURCES.filter(path => existsSync(join(ROOT, path)))]),
  vitest('unit and database tests', 2, 'unit'),
  check('build', 3, BUILD),
  vitest('running product', 4, 'product*'),
  browser,
]
