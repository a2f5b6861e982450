/** Texts on their way to many sockets, in order. */
const waiting: (() => void)[] = []
let isSending = false

/** Sockets that are written to before others get their turn: a thousand at once would hold up every answer for 50 ms. */
const SLICE = 40

/** Calls `send` for each of `to`: for some at once, for the others in the next turns of the event loop. What was asked first goes first. */
export function sendToAll<T>(to: Iterable<T>, send: (to: T) => void): void {
  for (const one of to) waiting.push(() => send(one))
  if (!isSending) sendSlice()
}

function sendSlice(): void {
  const slice = waiting.splice(0, SLICE)
  isSending = waiting.length > 0
  if (isSending) setImmediate(sendSlice)
  for (const send of slice) {
    try { send() } catch { /* A socket that broke just now: its close is told elsewhere. */ }
  }
}
