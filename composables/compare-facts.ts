import type { CompareSide } from '#shared/schemas/job-compare.ts'
import { OUTCOME_LOOKS } from './attempt-looks.ts'
import { bytes, duration, exactCount } from './formats.ts'
import { STATE_LOOKS } from './job-looks.ts'

/** A fact of two runs in words; null where there is none. `differs` is left false for what always differs, as times. */
export interface CompareFact { name: string, before: string | null, after: string | null, differs: boolean, kind?: 'worker' | 'time' }
interface Reader { name: string, read: (side: CompareSide) => string | null, kind?: CompareFact['kind'], isAlwaysOther?: true }

const READERS: Reader[] = [
  { name: 'Outcome', read: ({ run }) => run && OUTCOME_LOOKS[run.outcome].label },
  { name: 'Job is now', read: ({ job }) => STATE_LOOKS[job.state].label },
  { name: 'Started', read: ({ run }) => run?.started_at ?? null, kind: 'time', isAlwaysOther: true },
  { name: 'Waited', read: ({ waited_ms: ms }) => (ms === null ? null : duration(ms)), isAlwaysOther: true },
  { name: 'Ran', read: ({ run }) => (run?.duration_ms == null ? null : duration(run.duration_ms)), isAlwaysOther: true },
  { name: 'Worker', read: ({ run }) => run?.worker_id ?? null, kind: 'worker' },
  { name: 'Worker name', read: ({ run }) => run?.worker_name ?? null },
  { name: 'Version', read: ({ run }) => run?.worker_version ?? null },
  { name: 'Type', read: ({ job }) => job.job_type ?? 'external' },
  { name: 'Queue', read: ({ job }) => job.queue_name },
  { name: 'Priority', read: ({ job }) => exactCount(job.priority) },
  { name: 'Retries', read: ({ job }) => exactCount(job.max_retries) },
  { name: 'Payload', read: side => bytes(side.payload_bytes) },
  { name: 'Result', read: side => (side.result_bytes === null ? 'none' : bytes(side.result_bytes)) },
  { name: 'Log', read: side => (side.log_lines === 1 ? '1 line' : `${exactCount(side.log_lines)} lines`) },
]
/** From here on one run took notably longer than the other. */
const NOTABLE = 2
const NOTABLE_MS = 50

/** What two runs have beside each other; facts neither has are left out. */
export function compareFacts(before: CompareSide, after: CompareSide): CompareFact[] {
  return READERS.map(({ name, read, kind, isAlwaysOther }) => {
    const [one, other] = [read(before), read(after)]
    return { name, before: one, after: other, kind, differs: isAlwaysOther ? isNotable(name, before, after) : one !== other }
  }).filter(fact => fact.before !== null || fact.after !== null)
}

function isNotable(name: string, before: CompareSide, after: CompareSide): boolean {
  const [one, other] = name === 'Waited' ? [before.waited_ms, after.waited_ms] : name === 'Ran' ? [before.run?.duration_ms, after.run?.duration_ms] : [null, null]
  if (one == null || other == null) return false
  const [less, more] = [Math.min(one, other), Math.max(one, other)]
  return more - less >= NOTABLE_MS && more >= NOTABLE * less
}
