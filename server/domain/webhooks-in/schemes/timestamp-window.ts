import { refuse, type Refused } from './webhook-scheme.ts'

/**
 * Refuses a signed timestamp that is not plain digits or lies outside the window.
 * A future time is refused as well: it would let a captured delivery be replayed for longer.
 *
 * @param options.past seconds a timestamp may be old (inclusive); `future` seconds it may be ahead (inclusive).
 * @returns null when the time is fine.
 */
export function checkTimestamp(options: { text: string; now: number; past: number; future: number; signature: string }): Refused | null {
  const { text, now, past, future, signature } = options
  // parseInt would take `NaN`, `12abc` or ` 1`, and a comparison with NaN lets everything pass.
  if (!/^[0-9]{1,12}$/.test(text)) return refuse('malformed', signature, 'The signature timestamp is not a whole number of unix seconds.')
  const age = now - Number(text)
  if (age <= past && age >= -future) return null
  const reason = age < 0
    ? `The signature timestamp is ${-age} s in the future; ${future} s are allowed. Check the clock of this server.`
    : `The signature timestamp is ${age} s old; ${past} s are allowed. Check the clock of this server, or have the sender deliver again.`
  return refuse('stale', signature, reason)
}
