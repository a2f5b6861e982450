const now = ref(Date.now())
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/** This machine's clock in ms, ticking once a second while somebody looks; one timer for the whole tab. */
export function useNow(): { now: Readonly<Ref<number>> } {
  if (watchers++ === 0) {
    now.value = Date.now()
    timer = setInterval(() => { if (!document.hidden) now.value = Date.now() }, 1000)
  }
  onScopeDispose(() => { if (--watchers === 0) clearInterval(timer) })
  return { now }
}
