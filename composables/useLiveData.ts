import { useLive, type LiveListener } from '~/stores/live.ts'

/** Hears live changes as long as the component lives. */
export function useLiveData(listener: LiveListener): void {
  onScopeDispose(useLive().listen(listener))
}
