import type { JobChange } from '#shared/schemas/live.ts'

/** A request that wants to hear of one job while it is answered. */
export interface JobListener {
  onChange(change: JobChange): void
  /** Something was missed: ask the record. */
  onResync(): void
  /** The server stops. */
  onClose(): void
}

const listeners = new Map<string, Set<JobListener>>()

/** Hears of a job of an organization until the returned function is called. The live hub speaks. */
export function listenToJob(jobId: string, organizationId: string, listener: JobListener): () => void {
  const own: JobListener = { ...listener, onChange: (change) => { if (change.organization_id === organizationId) listener.onChange(change) } }
  const ofJob = listeners.get(jobId) ?? new Set()
  listeners.set(jobId, ofJob.add(own))
  return () => {
    ofJob.delete(own)
    if (ofJob.size === 0 && listeners.get(jobId) === ofJob) listeners.delete(jobId)
  }
}

/** Tells who listens to one of these jobs. */
export function tellListeners(changes: JobChange[]): void {
  if (listeners.size === 0) return
  for (const change of changes) {
    for (const listener of [...listeners.get(change.id) ?? []]) listener.onChange(change)
  }
}

const everyone = () => [...listeners.values()].flatMap(ofJob => [...ofJob])
export const resyncListeners = (): void => everyone().forEach(listener => listener.onResync())
export const closeListeners = (): void => everyone().forEach(listener => listener.onClose())
