import { z } from 'zod'
import { StorableText } from './primitives.ts'

export const RANDOM_TEXT_MAX = 1_000_000
const range = `must be a whole number from 1 to ${RANDOM_TEXT_MAX.toLocaleString('en-US')}`

/** Number of characters of the text, in a JSON body. */
export const RandomTextLength = z.number({ error: range }).int(range).min(1, range).max(RANDOM_TEXT_MAX, range)
export const Seed = z.union([StorableText.max(200, 'must have at most 200 characters'), z.number()], { error: 'must be a text or a number' })
/** The same from a query string, where everything is text: digits only, so that ` 5`, `1e3` and `0x10` are refused. */
const LengthText = z.string().regex(/^\d{1,7}$/, range).transform(Number).pipe(RandomTextLength)

export const RandomTextQuery = z.object({ length: LengthText.optional(), seed: StorableText.max(200, 'must have at most 200 characters').optional() })
export const RandomTextBody = z.strictObject({ length: RandomTextLength.optional(), seed: Seed.optional() })
/** Payload of a `random-text` job. */
export const RandomTextPayload = z.strictObject({ length: RandomTextLength.default(100), seed: Seed.optional() })
export type RandomTextPayload = z.infer<typeof RandomTextPayload>
