import { getRequestURL, type H3Event } from 'h3'

/** Headers that lead to the next page of a bare-array list: `X-Next-Cursor` and `Link`. */
export function nextPageHeaders(event: H3Event, cursor: string | null): Record<string, string> {
  if (cursor === null) return {}
  const url = getRequestURL(event)
  url.searchParams.set('cursor', cursor)
  url.searchParams.delete('offset')
  return { 'x-next-cursor': cursor, 'link': `<${url.pathname}${url.search}>; rel="next"` }
}
