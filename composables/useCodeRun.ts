import { isFinal } from '#shared/job-states.ts'
import { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { Job } from '#shared/schemas/job.ts'
import { isApiError } from './api-error.ts'
import { payloadOf, type CodeDraft } from './code-draft.ts'
import type { BoundsOf } from './code-limits-form.ts'
import { judgeDraft, placeServerFaults, type DraftFault } from './judge-draft.ts'

/** Runs a draft, and what is known of the run beside the editor, whose id is in the address. */
export function useCodeRun(draft: Ref<CodeDraft>, bounds: () => BoundsOf) {
  const api = useApi()
  const route = useRoute()
  const id = computed(() => (typeof route.query.run === 'string' && route.query.run !== '' ? route.query.run : undefined))
  const job = shallowRef<Job>()
  const faults = shallowRef<DraftFault[]>([])
  const sending = useAction()
  const stopping = useAction()
  const isRunning = computed(() => id.value !== undefined && job.value?.id === id.value && !isFinal(job.value.state))
  // Said once when it was not run, then mended while one types.
  watch(draft, () => { if (faults.value.length > 0) faults.value = judgeDraft(draft.value, bounds()) }, { deep: true })

  async function submit(): Promise<void> {
    const { data } = await api('POST /api/v1/public/execute', { body: payloadOf(draft.value) })
    const { tab } = route.query
    await navigateTo({ path: route.path, query: { run: data.data.job_id, ...(tab && { tab }) } }, { replace: true })
  }
  /** Answers whether it was accepted. */
  async function run(): Promise<boolean> {
    if (isRunning.value || sending.isBusy.value) return false
    faults.value = judgeDraft(draft.value, bounds())
    if (faults.value.length > 0) return false
    return sending.run(async () => {
      try {
        await submit()
      }
      catch (reason) {
        if (isApiError(reason) && reason.status === 400) faults.value = placeServerFaults(reason.details)
        throw reason
      }
    })
  }
  const stop = () => stopping.run(async () => { if (id.value) await api('POST /api/v1/jobs/:id/cancel', { params: { id: id.value }, body: {} }) })
  /** What went wrong and is not told at a field. */
  const error = computed(() => stopping.error.value ?? (faults.value.length > 0 ? undefined : sending.error.value))
  return { id, job, faults, error, isRunning, isSending: sending.isBusy, isStopping: stopping.isBusy, run, stop }
}

/** What a job that runs code was given; rejects with what is wrong when it cannot be had. */
export async function readRunPayload(id: string): Promise<CodeExecutionPayload | null> {
  const { data } = await useApi()('GET /api/v1/jobs/:id', { params: { id } })
  return data.job_type === 'code-execution' ? CodeExecutionPayload.safeParse(data.payload).data ?? null : null
}
