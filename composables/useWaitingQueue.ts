import type { Job } from '#shared/schemas/job.ts'
import type { Queue } from '#shared/schemas/queue.ts'

const EVERY_MS = 5000
const WAITING = ['pending', 'scheduled', 'retrying']

/** The queue of a job that waits: it may be why. Undefined for other jobs, and when it cannot be had. */
export function useWaitingQueue(job: Readonly<Ref<Job | undefined>>) {
  const api = useApi()
  const queue = shallowRef<Queue>()
  const name = computed(() => (job.value && WAITING.includes(job.value.state) ? job.value.queue_name : undefined))

  async function look(): Promise<void> {
    const asked = name.value
    // Without it the page only says less.
    const found = asked === undefined ? undefined : await api('GET /api/v1/queues/:name', { params: { name: asked } }).then(answer => answer.data, () => undefined)
    if (asked === name.value) queue.value = found
  }
  watch(name, () => void look(), { immediate: true })
  const timer = setInterval(() => { if (name.value !== undefined && !document.hidden) void look() }, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return queue
}
