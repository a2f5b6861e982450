/** Mean milliseconds of a run by job type, the newest runs counting most: what the size of envelopes follows. */
const means = new Map<string, number>()
/** The weight of one run. */
const WEIGHT = 0.05

export function noteHandlerTime(type: string, milliseconds: number): void {
  const mean = means.get(type)
  means.set(type, mean === undefined ? milliseconds : mean + (milliseconds - mean) * WEIGHT)
}

/** The means as they are reported, to a hundredth of a millisecond. */
export const handlerTimes = (): Record<string, number> => Object.fromEntries([...means].map(([type, mean]) => [type, Math.round(mean * 100) / 100]))

let turn = 0
let marked = false

/** Which turn of the event loop this is. */
export function turnNow(): number {
  if (!marked) {
    marked = true
    setImmediate(() => {
      marked = false
      turn++
    })
  }
  return turn
}
