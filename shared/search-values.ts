/** A number as it is written; longer ones, and those with an exponent beyond 99, are text. Kept as text: digits stay exact. */
const NUMBER = /^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?$/
export const isNumber = (text: string): boolean => NUMBER.test(text)

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const LONGEST_MS = 36_500 * 86_400_000

/** Milliseconds of `90s`, `1h30m`, `2d`; null for what is none, or longer than a hundred years. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d{1,12}(?:\.\d{1,3})?(?:ms|[smhdw]))+$/.test(text)) return null
  const sum = [...text.matchAll(/([\d.]+)(ms|[smhdw])/g)].reduce((total, [, amount, unit]) => total + Number(amount) * UNITS[unit!]!, 0)
  return sum <= LONGEST_MS ? Math.round(sum) : null
}

/** The moments a written time covers, in milliseconds: from the first up to and without the second. */
export interface Span { from: number, to: number }

const DAY_MS = 86_400_000
const TIME = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:\d\d)?)?)?$/i

/**
 * The span of `2026-11`, `2026-11-20`, `2026-11-20T14:02`, `…:03`, `…:03.250Z`, `today`, `yesterday`; UTC where no offset
 * is written. Null for what is no time, February 30 included.
 */
export function parseMoment(text: string, now: number): Span | null {
  const midnight = Math.floor(now / DAY_MS) * DAY_MS
  if (text === 'today') return { from: midnight, to: midnight + DAY_MS }
  if (text === 'yesterday') return { from: midnight - DAY_MS, to: midnight }
  const found = TIME.exec(text)
  if (!found || found[1] === '0000') return null
  const from = momentOf(found)
  if (from === null) return null
  return { from, to: found[3] === undefined ? Date.UTC(Number(found[1]), Number(found[2]), 1) : from + precision(found) }
}

function momentOf([, year, month, day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z']: RegExpExecArray): number | null {
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}`
  const from = Date.parse(`${written}${zone.toUpperCase()}`)
  // A day that is none rolls over, and then reads otherwise.
  return Number.isNaN(from) || new Date(Date.parse(`${written}Z`)).toISOString().slice(0, 23) !== written ? null : from
}

function precision([, , , , hour, , second, fraction]: RegExpExecArray): number {
  if (hour === undefined) return DAY_MS
  if (second === undefined) return UNITS.m!
  return fraction === undefined ? UNITS.s! : 10 ** (3 - fraction.length)
}
