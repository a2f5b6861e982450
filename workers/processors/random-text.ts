import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Processor } from '../processor.ts'
import type { RandomTextPayload } from '#shared/schemas/random-text.ts'

const WORDS = (
  'amber anchor arrow autumn basin beacon breeze bridge bronze canyon cedar cinder cloud copper coral crater delta drift dusk ember '
  + 'fable falcon fern flint forest frost garden glacier harbor hazel horizon island ivory jasper juniper lagoon lantern ledger linen lunar '
  + 'maple marble meadow mist mosaic nectar north oasis ocean opal orbit orchid pebble pine prairie quartz raven ridge river saffron '
  + 'sierra silver valley'
).split(' ')
/** Words made in one turn of the event loop; a word and its space have at least five characters. */
const CHUNK_WORDS = 2048
const WORD_MIN = 5

/** A text of exactly `length` characters: words from a list, separated by spaces. The same seed gives the same text. */
const randomText: Processor<RandomTextPayload> = async ({ payload, signal, progress }) => {
  const bytes = byteSource(payload.seed)
  const parts: string[] = []
  for (let made = 0; made < payload.length;) {
    signal.throwIfAborted()
    const count = Math.min(CHUNK_WORDS, Math.ceil((payload.length - made) / WORD_MIN))
    const part = Array.from(bytes(count), byte => WORDS[byte % WORDS.length]).join(' ') + ' '
    parts.push(part)
    made += part.length
    if (made >= payload.length) break
    progress(made / payload.length)
    // A long text must not hold up the other jobs of this process.
    await nextTurn()
  }
  return { kind: 'ok', result: parts.join('').slice(0, payload.length) }
}
export default randomText

/** Random bytes; with a seed the keystream of a cipher under the seed's hash, so that they repeat. */
function byteSource(seed: RandomTextPayload['seed']): (size: number) => Buffer {
  if (seed === undefined) return randomBytes
  const stream = createCipheriv('aes-256-ctr', createHash('sha256').update(String(seed)).digest(), Buffer.alloc(16))
  return size => stream.update(Buffer.alloc(size))
}
