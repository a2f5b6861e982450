/**
 * How a list of jobs was found, beside its body: `X-Search: partial; looked=200000; looked-until=2026-11-20T14:02:07.123Z`
 * when older jobs remain to look at (the next cursor goes on there), else `complete`; `X-Search-Scans`: the parts of the search
 * that no index answers, percent-encoded. Nothing when an index answered.
 */
export function searchHeaders({ scans, looked, lookedUntil }: { scans: string[], looked: number, lookedUntil: string | null }): Record<string, string> {
  if (scans.length === 0) return {}
  return {
    'x-search': [lookedUntil === null ? 'complete' : 'partial', `looked=${looked}`, ...(lookedUntil === null ? [] : [`looked-until=${lookedUntil}`])].join('; '),
    'x-search-scans': scans.map(encodeURIComponent).join(', ').slice(0, 1000),
  }
}
