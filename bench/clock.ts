/** One clock for all processes of a benchmark: wall-clock milliseconds with fractions. */
let offset = calibrate()

/** Waits for the next whole millisecond of the system clock, so that the fraction is right to some microseconds. */
function calibrate(): number {
  const before = Date.now()
  while (Date.now() === before);
  return Date.now() - performance.now()
}

/** Before a sample: the system clock may have been moved since the last one. Takes a millisecond. */
export function setClock(): void {
  offset = calibrate()
}

/** Milliseconds since 1970, with fractions. */
export const wallClock = (): number => offset + performance.now()
