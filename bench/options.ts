/** What the command line of `node bench/index.ts` and `node bench/chaos.ts` can say. */
import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Letters or names of the measurements to run; undefined: all. */
  only?: string[]
  /** How often each figure is taken; the median is what counts. */
  rounds: number
  /** Length of one load round. */
  seconds: number
  connections: number
  belt: 'redis' | 'postgres'
  /** Rows of the jobs table for the list measurement. */
  rows: number
  /** File for the figures as JSON. */
  json?: string
  /** Folder for CPU profiles of web process and worker (`node --cpu-prof`). */
  profile?: string
}

const HELP = `node bench/index.ts [options]      (chaos.ts knows --belt, --seconds, --connections and --json)
  --only=jobs,list     only these measurements (start, jobs, latency, list, webhooks, page; or a to f)
  --rounds=3           samples of each figure
  --seconds=30         length of a load round
  --connections=64     clients of a load round
  --belt=redis         redis (a private redis-server) or postgres
  --rows=100000        jobs in the table when lists are timed
  --json=FILE          write the figures there too
  --profile=FOLDER     CPU profiles of web process and worker; slows both`

/** Parses the arguments; with --help, or when they make no sense, says so and ends the program. */
export function readOptions(argv: string[], defaults: { seconds: number }): BenchOptions {
  try {
    const { values } = parseArgs({ args: argv, options: {
      only: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' }, connections: { type: 'string' }, belt: { type: 'string' },
      rows: { type: 'string' }, json: { type: 'string' }, profile: { type: 'string' }, help: { type: 'boolean', short: 'h' },
    } })
    if (values.help) exitWith(0, HELP)
    return {
      only: values.only?.split(',').filter(Boolean),
      rounds: wholeNumber('rounds', values.rounds, 3), seconds: wholeNumber('seconds', values.seconds, defaults.seconds),
      connections: wholeNumber('connections', values.connections, 64), rows: wholeNumber('rows', values.rows, 100_000),
      belt: beltOf(values.belt ?? 'redis'), json: values.json, profile: values.profile,
    }
  }
  catch (error) {
    return exitWith(2, `${(error as Error).message}\n\n${HELP}`)
  }
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name}=${text} is not a whole number from 1 on.`)
  return Number(text)
}

function beltOf(text: string): 'redis' | 'postgres' {
  if (text !== 'redis' && text !== 'postgres') throw new Error(`--belt=${text}: say redis or postgres.`)
  return text
}

function exitWith(code: number, text: string): never {
  console.log(text)
  process.exit(code)
}
