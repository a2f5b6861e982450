import { isApiError, networkError } from './api-error.ts'

/** How many calls are on their way at once. */
const LANES = 4
export interface BulkResult { succeeded: number, failed: { id: string, message: string }[] }

/** Does one thing to many, a few at a time; what fails is told at the end and stops nobody else. */
export function useBulk() {
  const progress = ref<{ done: number, total: number }>()
  const result = shallowRef<BulkResult>()

  async function run(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<BulkResult> {
    const outcome: BulkResult = { succeeded: 0, failed: [] }
    const open = [...ids]
    progress.value = { done: 0, total: ids.length }
    const lane = async () => {
      for (let id = open.shift(); id !== undefined; id = open.shift()) {
        try {
          await work(id)
          outcome.succeeded++
        }
        catch (error) {
          outcome.failed.push({ id, message: (isApiError(error) ? error : networkError()).message })
        }
        progress.value = { done: (progress.value?.done ?? 0) + 1, total: ids.length }
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    progress.value = undefined
    result.value = outcome
    return outcome
  }
  return { progress, result, run }
}
