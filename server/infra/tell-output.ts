import { setTimeout as sleep } from 'node:timers/promises'
import { CODE_BOUNDS } from '#shared/code-limits.ts'
import type { CodeOutputChunk } from '#shared/schemas/code.ts'
import { sendItems, type LiveItems } from '#server/infra/live-bus.ts'

/** What an execution just printed; the job and the run are known. */
export type OutputPart = Omit<CodeOutputChunk, 'job_id' | 'run'>
/** The output of one run of a job, told to whoever watches. */
export interface OutputTeller {
  /** Keeps it, and tells it within 20 ms when somebody watches. Never throws, never waits. */
  add(part: OutputPart): void
  /** The run is over: tells the rest. Resolves when that is done, or takes too long. */
  close(): Promise<void>
}

/** The first output goes at once, what follows within this time travels together. */
const PAUSE_MS = 20
/** How long a watch lasts that nobody renews. */
const WATCH_MS = 60_000
/** Watched jobs that are not here: they may start here. */
const WANTED_MAX = 5000
/** Of one run; what is more is in its result, as far as that goes. */
const KEPT_BYTES = 2 * CODE_BOUNDS.keptOutputBytes
/** Bytes of JSON of one item: a message of the live bus has room for one of them at least. */
const ITEM_BYTES = 6500
/** Bytes that stay below that as base64. */
const RAW_BYTES = 4800
const CLOSE_MS = 250

interface Kept { part: OutputPart, jsonBytes: number }
interface Teller {
  jobId: string
  organizationId: string
  run: number
  /** In the order of arrival. */
  kept: Kept[]
  bytes: number
  /** How many of `kept` were told, and up to which they are to be told again. */
  told: number
  replay: boolean
  watchedUntil: number
}

const tellers = new Map<string, Teller>()
const wanted = new Map<string, { organizationId: string, until: number }>()
let telling: Promise<void> | undefined
let sending = Promise.resolve()

/** Begins to keep the output of a run. */
export function openOutput({ jobId, organizationId, run }: Pick<Teller, 'jobId' | 'organizationId' | 'run'>): OutputTeller {
  const asked = wanted.get(jobId)
  wanted.delete(jobId)
  const watchedUntil = asked?.organizationId === organizationId ? asked.until : 0
  const teller: Teller = { jobId, organizationId, run, kept: [], bytes: 0, told: 0, replay: false, watchedUntil }
  tellers.set(jobId, teller)
  return {
    add: part => add(teller, part),
    async close() {
      if (isWatched(teller)) await Promise.race([tellOne(teller), sleep(CLOSE_MS, undefined, { ref: false })])
      if (tellers.get(jobId) === teller) tellers.delete(jobId)
    },
  }
}

/** Somebody watches jobs: those that run here are told from now on, or from their first byte. */
export function hearWatches(items: LiveItems['watches'][]): void {
  const until = performance.now() + WATCH_MS
  for (const { kind, job_id: jobId, organization_id: organizationId } of items) {
    const teller = tellers.get(jobId)
    if (!teller) remember(jobId, { organizationId, until })
    else if (teller.organizationId === organizationId) {
      // Who renews a watch that is not known here was not heard before.
      teller.replay ||= kind === 'replay' || !isWatched(teller)
      teller.watchedUntil = until
      void wake()
    }
  }
}

const isWatched = (teller: Teller): boolean => teller.watchedUntil > performance.now()

function remember(jobId: string, want: { organizationId: string, until: number }): void {
  wanted.delete(jobId)
  wanted.set(jobId, want)
  // The oldest are first.
  for (const [id, { until }] of wanted) {
    if (wanted.size <= WANTED_MAX && until > performance.now()) break
    wanted.delete(id)
  }
}

function add(teller: Teller, part: OutputPart): void {
  for (const piece of pieces(part)) {
    const bytes = Buffer.byteLength(piece.data, piece.encoding)
    // What follows would leave a gap.
    teller.bytes += teller.bytes + bytes > KEPT_BYTES ? Infinity : bytes
    if (teller.bytes === Infinity) return
    keep(teller, piece)
  }
  if (isWatched(teller)) void wake()
}

/** Much is printed in small bits: one is put to the one before it as long as that was not told. */
function keep(teller: Teller, part: OutputPart): void {
  const jsonBytes = jsonBytesOf(part.data)
  const last = teller.told < teller.kept.length ? teller.kept.at(-1) : undefined
  const joins = last && part.encoding === 'utf8' && last.part.encoding === 'utf8' && last.part.stream === part.stream && last.part.stage === part.stage
    && last.part.input === part.input && last.jsonBytes + jsonBytes <= ITEM_BYTES
  if (!joins) return void teller.kept.push({ part, jsonBytes })
  last.part = { ...last.part, data: last.part.data + part.data }
  last.jsonBytes += jsonBytes
}

const jsonBytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text))

/** A part as pieces that fit into a message each. */
function* pieces(part: OutputPart): Generator<OutputPart> {
  if (part.data === '') return
  if (jsonBytesOf(part.data) <= ITEM_BYTES) return void (yield part)
  const bytes = Buffer.from(part.data, part.encoding)
  let cut = part.encoding === 'base64' ? RAW_BYTES : bytes.length >> 1
  // Not inside a character: its later bytes begin with the bits 10.
  while (part.encoding === 'utf8' && (bytes[cut]! & 0xC0) === 0x80) cut--
  yield* pieces({ ...part, data: bytes.subarray(0, cut).toString(part.encoding) })
  yield* pieces({ ...part, offset: part.offset + cut, data: bytes.subarray(cut).toString(part.encoding) })
}

const wake = (): Promise<void> => telling ??= tellAll().finally(() => { telling = undefined })

async function tellAll(): Promise<void> {
  // What is printed in the same turn travels in the first message.
  await new Promise(setImmediate)
  for (;;) {
    const due = [...tellers.values()].filter(teller => isWatched(teller) && (teller.replay || teller.told < teller.kept.length))
    if (due.length === 0) return
    for (const teller of due) await tellOne(teller)
    await sleep(PAUSE_MS)
  }
}

async function tellOne(teller: Teller): Promise<void> {
  const { jobId, organizationId, run, kept, told, replay } = teller
  teller.told = kept.length
  teller.replay = false
  const items = kept.slice(replay ? 0 : told).map(({ part }, index): LiveItems['outputs'] => ({
    organization_id: organizationId, chunk: { job_id: jobId, run, ...part }, ...(replay && index < told && { replayed: true as const }),
  }))
  // Only one at a time, so that no message overtakes another.
  await (sending = sending.then(() => sendItems('outputs', items)))
}
