/** One line on standard output for the person (or the log collector) watching the start. */
export type Say = (text: string) => void

/** @param json true: one JSON object per line, as the other processes log in production. */
export function makeSay(json: boolean): Say {
  return (text) => {
    process.stdout.write(json
      ? `${JSON.stringify({ level: 'info', time: new Date().toISOString(), name: 'launcher', msg: text })}\n`
      : `[bespin] ${text}\n`)
  }
}

/** The start cannot go on; the message tells the person what to do. */
export class LaunchError extends Error {}
