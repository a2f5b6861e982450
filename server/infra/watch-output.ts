import type { CodeOutputChunk } from '#shared/schemas/code.ts'
import { publish, subscribe, type LiveItems } from '#server/infra/live-bus.ts'

/**
 * Watches what a running code job prints: every byte of its run once and in order, from the first on, however late the
 * watch begins. Best effort, as all of the live bus: the result of the job is the record. Output is told as long as
 * somebody watches, and kept by the worker only while the job runs.
 * @returns ends the watch.
 */
export function watchOutput(jobId: string, organizationId: string, onChunk: (chunk: CodeOutputChunk) => void): () => void {
  const watch: Watch = { jobId, organizationId, onChunk, reached: new Map(), askedAt: -Infinity }
  const ofJob = watches.get(jobId) ?? new Set()
  watches.set(jobId, ofJob.add(watch))
  listen()
  if (isListening) ask(watch, 'replay')
  return () => {
    ofJob.delete(watch)
    if (ofJob.size === 0 && watches.get(jobId) === ofJob) watches.delete(jobId)
    clearTimeout(watch.again)
    if (watches.size === 0) restTimer = setTimeout(stopListening, REST_MS).unref()
  }
}

/** Workers forget a watch after a minute. */
const RENEW_MS = 20_000
/** A gap is asked for once, then given this long to be filled. */
const ASK_AGAIN_MS = 500
/** After the connection came back its subscription takes a moment. */
const SETTLE_MS = 100
/** The connection outlives the last watcher, because often another follows. */
const REST_MS = 5000

interface Watch {
  jobId: string
  organizationId: string
  onChunk(chunk: CodeOutputChunk): void
  /** How far each stream of each run was told, in bytes. */
  reached: Map<string, number>
  askedAt: number
  again?: NodeJS.Timeout
}

const watches = new Map<string, Set<Watch>>()
let unsubscribe: (() => Promise<void>) | undefined
let isListening = false
let renewing: NodeJS.Timeout | undefined
let restTimer: NodeJS.Timeout | undefined

const all = (): Watch[] => [...watches.values()].flatMap(ofJob => [...ofJob])

function listen(): void {
  clearTimeout(restTimer)
  renewing ??= setInterval(() => { for (const watch of all()) ask(watch, 'watch') }, RENEW_MS).unref()
  unsubscribe ??= subscribe('bespin_output', {
    onItems: (topic, items) => { if (topic === 'outputs') for (const item of items as LiveItems['outputs'][]) receive(item) },
    // A message that was lost shows as a gap in a stream; a connection that was lost may have lost the end of one.
    onResync: () => void setTimeout(askAll, SETTLE_MS).unref(),
    onReady: askAll,
  })
}

function askAll(): void {
  isListening = true
  for (const watch of all()) ask(watch, 'replay')
}

function stopListening(): void {
  if (watches.size > 0) return
  clearInterval(renewing)
  void unsubscribe?.()
  isListening = false
  renewing = unsubscribe = undefined
}

/** Tells the workers that a job is watched; who runs it sends its output, on `replay` from the first byte on. */
function ask(watch: Watch, kind: 'replay' | 'watch'): void {
  if (kind === 'replay') {
    const now = performance.now()
    const wait = watch.askedAt + ASK_AGAIN_MS - now
    if (wait > 0) return void (watch.again ??= setTimeout(() => ask(watch, 'replay'), wait).unref())
    watch.again = undefined
    watch.askedAt = now
  }
  publish('watches', [{ kind, job_id: watch.jobId, organization_id: watch.organizationId }])
}

function receive({ organization_id, chunk, replayed }: LiveItems['outputs']): void {
  for (const watch of watches.get(chunk.job_id) ?? []) {
    if (watch.organizationId !== organization_id) continue
    // Something before it was missed. A replay has all there is.
    if (chunk.offset > reachedBy(watch, chunk) && !replayed) ask(watch, 'replay')
    else tell(watch, chunk)
  }
}

const streamOf = ({ run, input, stage, stream }: CodeOutputChunk): string => `${run} ${input} ${stage} ${stream}`
const reachedBy = (watch: Watch, chunk: CodeOutputChunk): number => watch.reached.get(streamOf(chunk)) ?? 0

/** Replays reach everybody who watches: what was told is left out. */
function tell(watch: Watch, chunk: CodeOutputChunk): void {
  const reached = reachedBy(watch, chunk)
  const bytes = Buffer.from(chunk.data, chunk.encoding)
  const end = chunk.offset + bytes.length
  if (end <= reached) return
  watch.reached.set(streamOf(chunk), end)
  const known = Math.max(0, reached - chunk.offset)
  watch.onChunk(known === 0 ? chunk : { ...chunk, offset: reached, data: bytes.subarray(known).toString(chunk.encoding) })
}
