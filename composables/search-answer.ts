/** How a list was searched for: from `X-Search` and `X-Search-Scans`. */
export interface SearchAnswer {
  looked: number
  /** RFC 3339: how far back it came, when older jobs remain to look at. */
  lookedUntil: string | null
  /** Parts of the search that no index answers. */
  scans: string[]
}

/** Null when an index answered. */
export function readSearchAnswer(headers: Headers): SearchAnswer | null {
  const search = headers.get('x-search')
  if (search === null) return null
  const scans = (headers.get('x-search-scans') ?? '').split(', ').filter(part => part !== '')
  return {
    looked: Number(/looked=(\d+)/.exec(search)?.[1] ?? 0), lookedUntil: /looked-until=(\S+)/.exec(search)?.[1] ?? null,
    scans: scans.map(part => decodePart(part)),
  }
}

/** The list is cut at some length; half an escape at its end is dropped. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  }
  catch {
    return decodeURIComponent(part.replace(/%[^%]*$/, '').replace(/(%[89A-F][0-9A-F])+$/i, ''))
  }
}
