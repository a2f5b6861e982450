import { useLive } from '~/stores/live.ts'

/** The server's clock in ms, ticking once a second. */
export function useServerNow(): Readonly<Ref<number>> {
  const { now } = useNow()
  const live = useLive()
  return computed(() => now.value + live.clockOffset)
}
