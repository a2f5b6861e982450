const MAX_HEADERS = 100
const MAX_VALUE_CHARACTERS = 8192
const REDACTED = '[redacted]'

/** Names of headers that carry a secret by themselves, anywhere in the name. Signatures do not: they are of use for this one body. */
const SECRET_NAME = /authorization|cookie|token|secret|passw(?:or)?d|credential|(?:^|[-_])auth(?:$|[-_])|(?:api|admin|access|private)[-_]?key/

/**
 * Headers as a receipt keeps them: names in lower case, a header sent on several lines as a list, secrets masked
 * (Authorization, Cookie, X-Api-Key, X-Gitlab-Token and whatever is named like a token or secret).
 * At most 100 lines are kept, 8192 characters of each.
 *
 * @param rawHeaders Node's `rawHeaders`: name, value, name, value.
 */
export function redactHeaders(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const kept = new Map<string, string | string[]>()
  const end = Math.min(rawHeaders.length - 1, MAX_HEADERS * 2)
  for (let index = 0; index < end; index += 2) {
    const name = storable(rawHeaders[index] ?? '').toLowerCase()
    const value = SECRET_NAME.test(name) ? REDACTED : storable(rawHeaders[index + 1] ?? '')
    const before = kept.get(name)
    kept.set(name, before === undefined ? value : [before, value].flat())
  }
  // fromEntries defines own properties, so a header called __proto__ is only a header.
  return Object.fromEntries(kept)
}

/** Cut to size and without what PostgreSQL's jsonb cannot hold. */
function storable(text: string): string {
  const cut = text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)} (cut)` : text
  return cut.replaceAll('\0', '').toWellFormed()
}
