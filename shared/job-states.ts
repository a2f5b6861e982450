/**
 * The states of a job and the only legal moves between them (one table, read by the engine, the pages and the tests),
 * and how each public surface spells them.
 */
export const JOB_STATES = [
  'scheduled', 'blocked', 'pending', 'running', 'retrying', 'completed', 'failed', 'cancelled', 'expired',
] as const
export type JobState = (typeof JOB_STATES)[number]

/** `new` is the moment before the row exists. */
export const LEGAL_MOVES: Record<JobState | 'new', readonly JobState[]> = {
  new: ['scheduled', 'blocked', 'pending'],
  scheduled: ['pending', 'cancelled', 'expired'],
  blocked: ['pending', 'scheduled', 'cancelled', 'expired'],
  retrying: ['pending', 'cancelled', 'expired'],
  pending: ['running', 'cancelled', 'expired'],
  running: ['completed', 'retrying', 'failed', 'cancelled', 'pending', 'scheduled'],
  completed: [],
  failed: ['pending'],
  // An operator's retry; the others: a cancel that was taken back.
  cancelled: ['pending', 'scheduled', 'blocked', 'retrying'],
  expired: ['pending'],
}

/** The states `to` may be entered from; what every guarded update puts into its `where`. */
export function statesBefore(to: JobState): JobState[] {
  return JOB_STATES.filter(from => LEGAL_MOVES[from].includes(to))
}

const FINAL: ReadonlySet<JobState> = new Set(['completed', 'failed', 'cancelled', 'expired'])
/** True when nothing but an operator can move the job again. */
export const isFinal = (state: JobState): boolean => FINAL.has(state)

/** True for a job that neither runs nor is over. */
export const isWaiting = (state: JobState): boolean => state !== 'running' && !isFinal(state)

export const V1_STATUSES = ['pending', 'scheduled', 'processing', 'completed', 'failed', 'deadletter', 'cancelled'] as const
export type V1Status = (typeof V1_STATUSES)[number]
export const BESPIN_STATUSES = ['pending', 'running', 'completed', 'failed'] as const
export type BespinStatus = (typeof BESPIN_STATUSES)[number]

const V1: Record<JobState, V1Status> = {
  scheduled: 'scheduled', blocked: 'pending', pending: 'pending', retrying: 'pending', running: 'processing',
  completed: 'completed', failed: 'deadletter', cancelled: 'cancelled', expired: 'cancelled',
}
const BESPIN: Record<JobState, BespinStatus> = {
  scheduled: 'pending', blocked: 'pending', pending: 'pending', retrying: 'pending', running: 'running',
  completed: 'completed', failed: 'failed', cancelled: 'failed', expired: 'failed',
}

/** Our state in the words of `/api/v1`. */
export const toV1Status = (state: JobState): V1Status => V1[state]
/** Our state in the words of the `/api/jobs` and `/api/ws` paths. */
export const toBespinStatus = (state: JobState): BespinStatus => BESPIN[state]
/** The states a `/api/v1` status word stands for. */
export const statesOfV1Status = (status: V1Status): JobState[] => JOB_STATES.filter(state => V1[state] === status)
/** The states a Bespin status word stands for. */
export const statesOfBespinStatus = (status: BespinStatus): JobState[] => JOB_STATES.filter(state => BESPIN[state] === status)

export const IGNIS_STATUSES = ['received', 'running', 'completed', 'failed'] as const
export type IgnisStatus = (typeof IGNIS_STATUSES)[number]

/** Our state in the words of `/api/v1/public`; `endedWell`: of a completed job, whether its program did. */
export function toIgnisStatus(state: JobState, endedWell: boolean): IgnisStatus {
  if (state === 'running') return 'running'
  if (!isFinal(state)) return 'received'
  return state === 'completed' && endedWell ? 'completed' : 'failed'
}
