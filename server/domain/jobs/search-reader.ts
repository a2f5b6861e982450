/** What a search asks the database; all of it in one transaction of the organization. */
export interface SearchReader {
  /** Ids of [low, before) that fit, newest first, when an index answers the whole condition. */
  pick: (range: { low: string, before: string, skip: number, take: number }) => Promise<string[]>
  /**
   * Looks at the newest `rows` jobs of [low, before) until `take` fit: these, how many were looked at, and the last one
   * looked at. With `take` found nobody counts the others: `looked` is 0, `until` the last one found.
   */
  lookThrough: (range: { low: string, before: string, rows: number, take: number }) => Promise<{ found: string[], looked: number, until: string | null }>
  /** Which of these jobs fit; newest first, as they come. */
  judge: (ids: string[]) => Promise<string[]>
  /** Jobs of indexed days (newest first) in [low, before) that have the JSON looked for; `fitting` are those that fit in all. */
  lookUp: (days: string[], range: { low: string, before: string, most: number }) => Promise<{ candidates: string[], fitting: string[] }>
  /** Days (`20261120`) that have an index of JSON, newest first. */
  indexedDays: () => Promise<string[]>
}

/** A condition over `jobs j` whose parameters count from $2. */
export interface SearchStatement { sql: string, indexed: string, values: unknown[], needles: { column: string, any: string[] }[] }
