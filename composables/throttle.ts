/** Calls `work` once, `ms` after the first of many calls: for what the server needs a moment to know. */
export function gather(work: () => void, ms: number): { call: () => void, cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    call: () => { timer ??= setTimeout(() => { timer = undefined; work() }, ms) },
    cancel: () => { clearTimeout(timer); timer = undefined },
  }
}

/**
 * Calls `work` at once, then at most once per `ms` while calls keep coming, the last one always answered.
 * Live frames may come many times a second; a page refetches at a human pace.
 */
export function throttle(work: () => void, ms: number): { call: () => void, cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isWaiting = false
  const rest = () => {
    timer = undefined
    if (isWaiting) run()
  }
  function run(): void {
    isWaiting = false
    timer = setTimeout(rest, ms)
    work()
  }
  return {
    call: () => { if (timer === undefined) run(); else isWaiting = true },
    cancel: () => { clearTimeout(timer); timer = undefined; isWaiting = false },
  }
}
