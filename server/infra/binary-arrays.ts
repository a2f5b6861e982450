/**
 * Arrays in PostgreSQL's binary form (array_send in its arrayfuncs.c). node-postgres sends a Buffer as it is; the usual text
 * form has to be quoted here and parsed there, which for a thousand ids costs as much as inserting them.
 */
const OIDS = { int4: 23, text: 25, uuid: 2950 }
/** Dimensions, whether there are nulls, element type, length, lower bound. */
const HEADER_BYTES = 20
const NULL_LENGTH = -1

interface ArrayShape { type: keyof typeof OIDS, length: number, bytes: number, hasNulls?: boolean }

function startArray({ type, length, bytes, hasNulls = false }: ArrayShape): Buffer {
  // An empty array has no dimension at all.
  const dimensions = length === 0 ? 0 : 1
  const buffer = Buffer.allocUnsafe(dimensions === 0 ? 12 : HEADER_BYTES + bytes)
  buffer.writeInt32BE(dimensions, 0)
  buffer.writeInt32BE(hasNulls ? 1 : 0, 4)
  buffer.writeInt32BE(OIDS[type], 8)
  if (dimensions === 0) return buffer
  buffer.writeInt32BE(length, 12)
  buffer.writeInt32BE(1, 16)
  return buffer
}

/** Values of hexadecimal digits by character code. */
const DIGITS = new Uint8Array(128)
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = DIGITS[digit.toUpperCase().charCodeAt(0)] = value

/** `uuid[]` of ids in their usual form, 8-4-4-4-12 digits. */
export function uuidArray(ids: readonly string[]): Buffer {
  const buffer = startArray({ type: 'uuid', length: ids.length, bytes: ids.length * 20 })
  let at = HEADER_BYTES
  for (const id of ids) {
    at = buffer.writeInt32BE(16, at)
    for (let from = 0; from < 36; from += 2) {
      if (from === 8 || from === 13 || from === 18 || from === 23) from++
      buffer[at++] = DIGITS[id.charCodeAt(from)]! << 4 | DIGITS[id.charCodeAt(from + 1)]!
    }
  }
  return buffer
}

/** `integer[]`. */
export function intArray(values: readonly number[]): Buffer {
  const buffer = startArray({ type: 'int4', length: values.length, bytes: values.length * 8 })
  let at = HEADER_BYTES
  for (const value of values) at = buffer.writeInt32BE(value, buffer.writeInt32BE(4, at))
  return buffer
}

/** `text[]`; null stays null. */
export function textArray(values: readonly (string | null)[]): Buffer {
  // Three bytes are the most that UTF-8 needs for one unit of a JavaScript string.
  const most = values.reduce((sum, value) => sum + 4 + (value?.length ?? 0) * 3, 0)
  const buffer = startArray({ type: 'text', length: values.length, bytes: most, hasNulls: values.includes(null) })
  if (values.length === 0) return buffer
  let at = HEADER_BYTES
  for (const value of values) {
    if (value === null) {
      at = buffer.writeInt32BE(NULL_LENGTH, at)
      continue
    }
    const bytes = buffer.write(value, at + 4)
    at = buffer.writeInt32BE(bytes, at) + bytes
  }
  return buffer.subarray(0, at)
}
