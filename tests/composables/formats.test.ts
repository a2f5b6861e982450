import { describe, expect, it } from 'vitest'
import { bytes, duration, exactCount, relative, shortCount, utcTime } from '../../composables/formats.ts'

describe('how numbers, durations and times are written', () => {
  it.each([[0, '0'], [999, '999'], [9_999, '9,999'], [10_000, '10k'], [12_449, '12.4k'], [123_456, '123k'], [999_499, '999k'], [999_999, '1M'], [3_100_000, '3.1M']] as const)('writes %d jobs as %s', (count, text) => {
    expect(shortCount(count)).toBe(text)
  })

  it('keeps the exact number for hovering', () => {
    expect(exactCount(1_234_567)).toBe('1,234,567')
  })

  it.each([[-5, '0 ms'], [0, '0 ms'], [240, '240 ms'], [1240, '1.24 s'], [12_345, '12.3 s'], [59_996, '1 m 0 s'], [192_000, '3 m 12 s'], [3_599_600, '1 h 0 m'], [7_500_000, '2 h 5 m'], [273_600_000, '3 d 4 h']] as const)('writes %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  it.each([[0, 'now'], [999, 'now'], [4_500, '4 s ago'], [-4_500, 'in 4 s'], [720_000, '12 m ago'], [-10_800_000, 'in 3 h'], [432_000_000, '5 d ago']] as const)('says of a moment %d ms back: %s', (back, text) => {
    expect(relative(1_000_000_000_000 - back, 1_000_000_000_000)).toBe(text)
  })

  it('says UTC when it is UTC, to the millisecond', () => {
    expect(utcTime(Date.parse('2026-11-21T06:08:12.345Z'))).toBe('2026-11-21 06:08:12.345 UTC')
  })

  it.each([[0, '0 bytes'], [1, '1 byte'], [1023, '1023 bytes'], [1024, '1.0 KiB'], [5_242_880, '5.0 MiB']] as const)('writes a size of %d as %s', (size, text) => {
    expect(bytes(size)).toBe(text)
  })
})
