import { setTimeout as sleep } from 'node:timers/promises'
import { logger } from '#server/infra/logger.ts'
import { isDataError, splitOnDataError } from '#server/domain/engine/split-on-data-error.ts'
import { insertLogs, type ClaimedJob, type LogLine } from '#server/domain/engine/store.ts'

/** Limits of one run: lines, and bytes of a line. What is over them is cut, and said so. */
export const LINES_MAX = 1000
export const LINE_MAX_BYTES = 8192

/** Lines wait this long for company, unless their run ends. */
const PAUSE_MS = 100
const BATCH = 2000
const TRIES = 5
/** More than this is not kept while the database is away or slow. */
const WAITING_MAX = 20_000

export interface RunLog {
  /** Keeps a line of the run. Never throws. */
  add(text: string): void
  /** Resolves when the lines added until now are written, or given up. */
  written(): Promise<void>
}

let waiting: LogLine[] = []
let writing: Promise<void> | undefined
let queued: Promise<void> | undefined
let timer: NodeJS.Timeout | undefined
let lost = 0

/** The log of one run. The lines of all runs are written together. */
export function openRunLog(job: ClaimedJob): RunLog {
  let line = 0
  let pending = false
  return {
    add(text) {
      if (line > LINES_MAX) return
      line++
      const kept = line > LINES_MAX ? `More than ${LINES_MAX} lines: what follows was cut.` : cut(text)
      pending = true
      enqueue({ jobId: job.id, run: job.run, line, organizationId: job.organizationId, at: new Date(), text: kept })
    },
    async written() {
      if (pending) await writeAll()
      pending = false
    },
  }
}

function enqueue(line: LogLine): void {
  if (waiting.length >= WAITING_MAX) return void lost++
  waiting.push(line)
  timer ??= setTimeout(() => void writeAll(), PAUSE_MS)
}

/** Text that PostgreSQL can hold, of at most 8 KiB. */
function cut(text: string): string {
  const clean = text.toWellFormed().replaceAll('\0', '\uFFFD')
  // A character has at most three bytes per unit of length.
  if (clean.length * 3 <= LINE_MAX_BYTES || Buffer.byteLength(clean) <= LINE_MAX_BYTES) return clean
  const end = ' [cut]'
  return Buffer.from(clean).subarray(0, LINE_MAX_BYTES - end.length).toString('utf8').replace(/\uFFFD+$/, '') + end
}

/** Writes what waits; what comes meanwhile shares the next statement. */
function writeAll(): Promise<void> {
  queued ??= (async () => {
    await writing
    queued = undefined
    writing = writeWaiting()
    await writing
  })()
  return queued
}

async function writeWaiting(): Promise<void> {
  clearTimeout(timer)
  timer = undefined
  const lines = waiting
  waiting = []
  for (let at = 0; at < lines.length; at += BATCH) await write(lines.slice(at, at + BATCH))
}

/** Log lines are worth some patience, but no job waits for them for long. */
async function write(lines: LogLine[]): Promise<void> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const results = await splitOnDataError(lines, async part => insertLogs(part).then(() => part.map(() => null)))
      lost += results.filter(result => result instanceof Error).length
      break
    }
    catch (error) {
      if (attempt === TRIES || isDataError(error)) lost += lines.length
      else await sleep(100 * attempt)
    }
  }
  if (lost > 0) logger().warn({ lines: lost }, 'log lines of jobs were lost')
  lost = 0
}
