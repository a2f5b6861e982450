import { freeSlots, unparkFirst, waitsFor, type FreedKey } from '#server/domain/engine/dispatch-gated.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import type { EndedJob } from '#server/domain/engine/store.ts'
import { isFinal } from '#shared/job-states.ts'

/** What follows when jobs leave their slots: others that wait for the same key are let on, and everybody is told. */
export async function afterRuns(ended: EndedJob[]): Promise<void> {
  tellChanges(ended)
  const gated = ended.filter(job => job.gated)
  if (gated.length === 0) return
  const final = gated.filter(job => isFinal(job.state)).map(job => job.id)
  if (final.length > 0) await freeSlots(final)
  const freed = gated.flatMap(freedKeys)
  if (freed.length > 0) await unparkFirst(freed)
  wakeDispatcher()
}

function freedKeys(job: EndedJob): FreedKey[] {
  const { organization_id, queue_name, ordering_key, concurrency_key } = job
  return [
    ...(ordering_key !== null && isFinal(job.state) ? [{ organization_id, queue_name, waits_for: waitsFor('ordering', ordering_key) }] : []),
    ...(concurrency_key !== null ? [{ organization_id, queue_name, waits_for: waitsFor('concurrency', concurrency_key) }] : []),
  ]
}
