/** How times, durations and numbers are written, everywhere the same. */

const thousands = new Intl.NumberFormat('en-US')
/** 1234 -> "1,234". */
export const exactCount = (count: number): string => thousands.format(count)

/** "1,234"; above 10,000 short: "12.4k", "3.1M" (the exact one belongs on hover). */
export function shortCount(count: number): string {
  if (count < 10_000) return exactCount(count)
  const [size, letter] = count >= 999_500 ? [1_000_000, 'M'] as const : [1000, 'k'] as const
  const short = count / size
  return `${short >= 100 ? Math.round(short) : Math.round(short * 10) / 10}${letter}`
}

/** Duration from ms: "0 ms", "240 ms", "1.24 s", "3 m 12 s", "2 h 5 m", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_995) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Duration from ms without the zeros that a chosen one ends with: "1 s", "1 m", "1.50 s". */
export const roundDuration = (ms: number): string => duration(ms).replace(/\.0+ s$/, ' s').replace(/ ([mhd]) 0 [smh]$/, ' $1')

/** Whole steps only, so that it does not flicker: "now", "4 s", "12 m", "3 h", "5 d". */
function coarse(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
/** "4 s", "2 m": for something that ticks. */
export const wholeSeconds = (ms: number): string => coarse(Math.max(0, ms))
/** A time seen from `now` (ms): "now", "4 s ago", "in 12 m". */
export function relative(time: number, now: number): string {
  const ms = now - time
  if (Math.abs(ms) < 1000) return 'now'
  return ms > 0 ? `${coarse(ms)} ago` : `in ${coarse(-ms)}`
}

const two = (part: number) => String(part).padStart(2, '0')
/** "2026-11-21 06:08:12.345" by this machine's clock. */
export function localTime(time: number): string {
  const at = new Date(time)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
/** "2026-11-21 06:08:12.345 UTC". */
export const utcTime = (time: number): string => `${new Date(time).toISOString().replace('T', ' ').replace('Z', '')} UTC`

/** "512 bytes", "12.4 KiB", "3.1 MiB". */
export function bytes(count: number): string {
  if (count === 1) return '1 byte'
  if (count < 1024) return `${count} bytes`
  return count < 1_048_576 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`
}

/** The part of an id that tells rows apart; UUIDv7 begins with the time, so its end is what differs. */
export const shortId = (id: string): string => id.slice(-12)
