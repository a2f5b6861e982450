import { isApiError, networkError, type ApiError } from './api-error.ts'

/** Something a person sets off: whether it is on its way, and what went wrong. */
export function useAction() {
  const isBusy = ref(false)
  const error = shallowRef<ApiError>()

  /** Runs it unless it already runs. Resolves to true when it worked. */
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    error.value = undefined
    try {
      await work()
      return true
    }
    catch (reason) {
      error.value = isApiError(reason) ? reason : networkError()
      return false
    }
    finally {
      isBusy.value = false
    }
  }
  return { isBusy, error, run }
}
