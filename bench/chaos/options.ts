/** What the command line of `node bench/chaos.ts` can say. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { findRedisProgram } from '../../scripts/launch/redis.ts'

export interface ChaosOptions {
  /** Decides which blow comes when, whom it hits, and what the clients ask for. */
  seed: number
  /** At most two minutes in all: fewer jobs, and the blows that need no long wait. */
  short: boolean
  /** Jobs to pour in, at least. */
  jobs: number
  /** Jobs offered per second, all clients together. */
  rate: number
  belt: 'redis' | 'postgres'
  /** Where the report goes, as Markdown, and beside it the same as JSON; undefined: a new temporary folder. */
  report?: string
}

const HELP = `node bench/chaos.ts [options]
  --short              two minutes at most: fewer jobs, and no blow that needs a long wait
  --seed=N             the schedule of an earlier run; default: a new one, which is printed
  --jobs=N             jobs to pour in, at least (50000; short 4000)
  --rate=N             jobs offered per second (250; short 100)
  --belt=redis         redis (a private redis-server) or postgres; default: redis where there is one
  --report=FILE        the report as Markdown; the same as JSON, and what the product said, beside it`

const OPTIONS = {
  short: { type: 'boolean' }, seed: { type: 'string' }, jobs: { type: 'string' }, rate: { type: 'string' }, belt: { type: 'string' },
  report: { type: 'string' }, help: { type: 'boolean', short: 'h' },
} as const

/** What is not said is chosen; a seed by chance. */
export function chooseOptions(given: Partial<ChaosOptions> = {}): ChaosOptions {
  const { short = false } = given
  return {
    short, seed: given.seed ?? randomInt(1, 1_000_000), jobs: given.jobs ?? (short ? 4000 : 50_000), rate: given.rate ?? (short ? 100 : 250),
    belt: given.belt ?? (findRedisProgram() ? 'redis' : 'postgres'), report: given.report,
  }
}

/** Parses the arguments; with --help, or when they make no sense, says so and ends the program. */
export function readOptions(argv: string[]): ChaosOptions {
  try {
    const { values } = parseArgs({ args: argv, options: OPTIONS })
    if (values.help) return exitWith(0, HELP)
    const number = (name: 'seed' | 'jobs' | 'rate') => wholeNumber(name, values[name])
    return chooseOptions({ short: values.short, seed: number('seed'), jobs: number('jobs'), rate: number('rate'), belt: beltOf(values.belt), report: values.report })
  }
  catch (error) {
    return exitWith(2, `${(error as Error).message}\n\n${HELP}`)
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`--${name}=${text} is not a whole number from 1 on.`)
  return Number(text)
}

function beltOf(text: string | undefined): 'redis' | 'postgres' | undefined {
  if (text !== undefined && text !== 'redis' && text !== 'postgres') throw new Error(`--belt=${text}: say redis or postgres.`)
  return text
}

function exitWith(code: number, text: string): never {
  console.log(text)
  process.exit(code)
}
