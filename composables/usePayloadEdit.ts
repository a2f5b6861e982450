import { jsonDiff } from '#shared/diff/json-diff.ts'
import type { Job } from '#shared/schemas/job.ts'
import { isApiError } from './api-error.ts'
import { digitsOf, isExactNumber, parseExact, stringifyExact } from './exact-json.ts'
import { judgePayload, placeDetails, type PayloadFault } from './judge-payload.ts'
import { readPlaces } from './json-places.ts'

/** Edits that were left, by job: coming back finds them. */
const drafts = new Map<string, string>()
const MOST_DRAFTS = 20
const MOST_CHANGES = 500
const JUDGED_AFTER_MS = 150
const exactDigits = (value: unknown) => (isExactNumber(value) ? digitsOf(value) : undefined)

/** The payload of a job while it is edited: its text, what is wrong with it, and what is changed. */
export function usePayloadEdit(job: Job) {
  const api = useApi()
  const original = stringifyExact(job.payload)
  const text = ref(drafts.get(job.id) ?? original)
  const wasLeft = text.value !== original
  const faults = shallowRef<PayloadFault[]>(judgePayload(text.value, job.job_type))
  const diff = shallowRef(diffNow())
  let timer: ReturnType<typeof setTimeout> | undefined

  function diffNow() {
    return readPlaces(text.value).error ? undefined : jsonDiff(job.payload, parseExact(text.value), { most: MOST_CHANGES, digitsOf: exactDigits })
  }
  function judge(): boolean {
    clearTimeout(timer)
    faults.value = judgePayload(text.value, job.job_type)
    diff.value = diffNow() ?? diff.value
    return faults.value.length === 0
  }
  watch(text, (now) => {
    if (now === original) drafts.delete(job.id)
    else if (drafts.size < MOST_DRAFTS || drafts.has(job.id)) drafts.set(job.id, now)
    clearTimeout(timer)
    timer = setTimeout(judge, JUDGED_AFTER_MS)
  })
  onScopeDispose(() => clearTimeout(timer))

  /** Sends it; resolves to the new job's id. Rejects with the server's answer, whose faults are then at their places. */
  async function send(reason?: string): Promise<string> {
    try {
      const { data } = await api('POST /api/v1/jobs/:id/retry-with', { params: { id: job.id }, body: { payload: parseExact(text.value) as never, reason } })
      drafts.delete(job.id)
      return data.id
    }
    catch (error) {
      if (isApiError(error)) faults.value = placeDetails(text.value, error)
      throw error
    }
  }
  const reset = () => { text.value = original }
  const format = () => { if (!readPlaces(text.value).error) text.value = stringifyExact(parseExact(text.value)) }
  return { text, faults, diff, wasLeft, judge, send, reset, format }
}
