import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks `question` until it answers something other than undefined, null or false; that answer is returned.
 * @throws when `seconds` have passed, with the last error or `what` in the message.
 */
export async function until<T>(question: () => Promise<T> | T, { seconds = 10, what = 'the condition' } = {}): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + seconds * 1000
  let last: unknown
  while (Date.now() < end) {
    try {
      const answer = await question()
      if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<Exclude<T, false>>
    } catch (error) {
      last = error
    }
    await sleep(20)
  }
  throw new Error(`${what} did not come true within ${seconds} s${last ? `: ${String(last)}` : ''}`)
}
