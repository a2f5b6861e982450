/** What the command line of `node bench/index.ts` can say. */
import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Letters or names of the measurements to run; undefined: all. */
  only?: string[]
  /** How often each figure is taken; the median is what counts. */
  rounds: number
  /** Length of one load round. */
  seconds: number
  /** The same where it was said; the scenarios S2 to S8 have lengths of their own. */
  loadSeconds?: number
  connections: number
  belt: 'redis' | 'postgres'
  /** Whether the peers (and Bespin without Redis) are measured beside the product. */
  peers: boolean
  /** Jobs of one sample of S1, S3 and S4. */
  jobs: number
  /** Rows of the jobs table for the list measurement. */
  rows: number
  /** Rows of the jobs table before S8. */
  history: number
  /** WebSocket clients of S8. */
  clients: number
  /** File for the figures as JSON. */
  json?: string
  /** Folder for CPU profiles of web process and worker (`node --cpu-prof`). */
  profile?: string
}

const HELP = `node bench/index.ts [options]
  --only=s1,list       only these measurements: s1 to s8, or bulk, single, drain, accept-bulk, accept-single,
                       latency-under-load, idle, crash, history; start, jobs, latency, list, webhooks, page, code, or a to g
  --rounds=5           samples of each figure
  --no-peers           the product alone, without BullMQ, graphile-worker, pg-boss and the belt without Redis
  --jobs=200000        jobs of a sample of s1, s3 and s4
  --seconds=30         length of a load round; s2 10, the others 30
  --connections=64     clients of a load round
  --belt=redis         redis (a private redis-server) or postgres
  --rows=100000        jobs in the table when lists are timed
  --history=5000000    jobs in the table for s8
  --clients=1000       WebSocket clients of s8
  --json=FILE          write the figures there too
  --profile=FOLDER     CPU profiles of web process and worker; slows both`

const OPTIONS = {
  'only': { type: 'string' }, 'rounds': { type: 'string' }, 'seconds': { type: 'string' }, 'connections': { type: 'string' }, 'belt': { type: 'string' },
  'jobs': { type: 'string' }, 'rows': { type: 'string' }, 'history': { type: 'string' }, 'clients': { type: 'string' },
  'no-peers': { type: 'boolean' }, 'json': { type: 'string' }, 'profile': { type: 'string' }, 'help': { type: 'boolean', short: 'h' },
} as const

/** Parses the arguments; with --help, or when they make no sense, says so and ends the program. */
export function readOptions(argv: string[], defaults: { seconds: number }): BenchOptions {
  try {
    const { values } = parseArgs({ args: argv, options: OPTIONS })
    if (values.help) exitWith(0, HELP)
    const number = (name: 'rounds' | 'seconds' | 'connections' | 'jobs' | 'rows' | 'history' | 'clients', fallback: number) => wholeNumber(name, values[name], fallback)
    return {
      only: values.only?.split(',').filter(Boolean), peers: !values['no-peers'],
      rounds: number('rounds', 5), seconds: number('seconds', defaults.seconds), loadSeconds: values.seconds === undefined ? undefined : number('seconds', 0),
      connections: number('connections', 64), jobs: number('jobs', 200_000), rows: number('rows', 100_000), history: number('history', 5_000_000),
      clients: number('clients', 1000), belt: beltOf(values.belt ?? 'redis'), json: values.json, profile: values.profile,
    }
  }
  catch (error) {
    return exitWith(2, `${(error as Error).message}\n\n${HELP}`)
  }
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`--${name}=${text} is not a whole number from 1 on.`)
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
