import type { ShallowRef } from 'vue'
import { isApiError, networkError, type ApiError } from './api-error.ts'

export interface Load<T> {
  data: ShallowRef<T | undefined>
  error: ShallowRef<ApiError | undefined>
  /** True while nothing is there to show and 150 ms went by: the moment for a skeleton. */
  isSlow: Ref<boolean>
  isLoading: Ref<boolean>
  /** Fetches again; what is shown stays until the answer is there. A newer call overtakes an older one. */
  reload: () => Promise<void>
  /** Drops what is shown, then fetches: for another page of a list or another id. */
  restart: () => Promise<void>
}

/** Loads now and on demand; ends with the component. `load` gets a signal that aborts when it is overtaken. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>): Load<T> {
  const data = shallowRef<T>()
  const error = shallowRef<ApiError>()
  const isSlow = ref(false)
  const isLoading = ref(false)
  let current: AbortController | undefined

  async function reload(): Promise<void> {
    current?.abort()
    const mine = current = new AbortController()
    isLoading.value = true
    const slow = setTimeout(() => { isSlow.value = data.value === undefined }, 150)
    try {
      const answer = await load(mine.signal)
      if (mine !== current) return
      data.value = answer
      error.value = undefined
    }
    catch (reason) {
      if (mine !== current) return
      error.value = isApiError(reason) ? reason : networkError()
    }
    finally {
      clearTimeout(slow)
      if (mine === current) isSlow.value = isLoading.value = false
    }
  }

  function restart(): Promise<void> {
    data.value = undefined
    error.value = undefined
    return reload()
  }

  onScopeDispose(() => {
    current?.abort()
    current = undefined
  })
  void reload()
  return { data, error, isSlow, isLoading, reload, restart }
}
