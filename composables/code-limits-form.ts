import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitName, type LimitRule } from '#shared/code-limits.ts'
import { limitWord } from './code-looks.ts'

/** The unit a person types a limit in, and how many of the limit's own it is. */
interface TypedUnit { word: string, size: number }
/** What a limit may be here: the product's bounds, lowered by the server and the organization. */
export type Bounds = Pick<LimitRule, 'min' | 'max' | 'default'>
export type BoundsOf = Partial<Record<CodeLimitName, Bounds>>

const MIB = 1024 * 1024
const UNITS: Partial<Record<CodeLimitName, TypedUnit>> = { output_bytes: { word: 'KiB', size: 1024 } }
const BY_UNIT: Record<LimitRule['unit'], TypedUnit> = { ms: { word: 'ms', size: 1 }, bytes: { word: 'MiB', size: MIB }, count: { word: '', size: 1 } }
export const typedUnit = (name: CodeLimitName): TypedUnit => UNITS[name] ?? BY_UNIT[CODE_LIMITS[name].unit]

/** Bytes, ms or a count from what was typed; undefined when nothing was, or no number. */
export function readLimit(name: CodeLimitName, typed: string | number | null | undefined): number | undefined {
  if (typed === undefined || typed === null || String(typed).trim() === '') return undefined
  const value = Number(typed)
  return Number.isFinite(value) ? Math.round(value * typedUnit(name).size) : undefined
}
/** A value as it would be typed. */
export const typeLimit = (name: CodeLimitName, value: number | undefined): string => (value === undefined ? '' : String(value / typedUnit(name).size))

const word = (name: CodeLimitName, value: number) => limitWord(CODE_LIMITS[name].unit, value)
/** "Empty: 10 s. From 10 ms to 1 m." */
export function limitHelp(name: CodeLimitName, bounds: BoundsOf): string {
  const { min, max, default: usual } = bounds[name] ?? CODE_LIMITS[name]
  return `Empty: ${word(name, usual)}. From ${word(name, min)} to ${word(name, max)}.`
}
/** What is wrong with a wished limit, in words; undefined when nothing is. */
export function limitFault(name: CodeLimitName, value: number | undefined, bounds: BoundsOf): string | undefined {
  const { min, max } = bounds[name] ?? CODE_LIMITS[name]
  if (value === undefined || (value >= min && value <= max)) return undefined
  return value > max && max < CODE_LIMITS[name].max ? `This server allows at most ${word(name, max)}.` : `Must be from ${word(name, min)} to ${word(name, max)}.`
}
/** Those of running first, those of compiling after. */
export const RUN_LIMITS = CODE_LIMIT_NAMES.filter(name => !name.startsWith('compile_'))
export const COMPILE_LIMITS = CODE_LIMIT_NAMES.filter(name => name.startsWith('compile_'))
