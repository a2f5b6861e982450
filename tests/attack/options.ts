/** What the command line of `node tests/attack/attack.ts` can say. */
import { parseArgs } from 'node:util'

export interface AttackOptions {
  /** A running product; undefined: workers of our own, in every mode that this machine offers. */
  url?: string
  key?: string
  /** Part of a mode's name. */
  mode?: string
  /** Programs by name. */
  only?: RegExp
  /** Runs between the two looks for what was left behind; 0: none. */
  leaks: number
  quiet: boolean
}

const HELP = `node tests/attack/attack.ts [options]
  --url=URL          a running product, for example http://127.0.0.1:3000, instead of workers of its own
  --key=KEY          its API key; default: BESPIN_API_KEY, else none (open access)
  --mode=TEXT        only modes whose name holds this text
  --only=PATTERN     only programs whose name matches
  --leaks=N          untidy programs to run before looking for what is left behind (500; with --only none)
  --quiet            only what did not hold, and the counts`

const OPTIONS = {
  url: { type: 'string' }, key: { type: 'string' }, mode: { type: 'string' }, only: { type: 'string' }, leaks: { type: 'string' },
  quiet: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
} as const

/** Parses the arguments; with --help, or when they make no sense, says so and ends the program. */
export function readOptions(argv: string[]): AttackOptions {
  try {
    const { values } = parseArgs({ args: argv, options: OPTIONS })
    if (values.help) return exitWith(0, HELP)
    const { url, mode, only, leaks = only === undefined ? '500' : '0', quiet = false } = values
    if (!/^\d{1,6}$/.test(leaks)) throw new Error(`--leaks=${leaks} is not a whole number.`)
    if (url !== undefined && !URL.canParse(url)) throw new Error(`--url=${url} is not a URL.`)
    return { url, key: values.key ?? process.env['BESPIN_API_KEY'], mode, only: only === undefined ? undefined : new RegExp(only), leaks: Number(leaks), quiet }
  }
  catch (error) {
    return exitWith(2, `${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}

function exitWith(code: number, text: string): never {
  console.log(text)
  process.exit(code)
}
