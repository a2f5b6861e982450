/** True for an error that lies in the data of a statement (SQLSTATE class 22 or 23), not in the connection or the server. */
export const isDataError = (error: unknown): boolean => /^2[23]/.test((error as { code?: string }).code ?? '')

/**
 * Writes items in one statement; when their data is refused, in halves, until the bad item stands, and fails, alone.
 * Answers in the order of the items, an Error for each that failed. Every other error is thrown.
 */
export async function splitOnDataError<I, O>(items: I[], write: (items: I[]) => Promise<O[]>): Promise<(O | Error)[]> {
  try {
    return await write(items)
  }
  catch (error) {
    if (!isDataError(error)) throw error
    if (items.length === 1) return [error as Error]
    const middle = items.length >> 1
    return [...await splitOnDataError(items.slice(0, middle), write), ...await splitOnDataError(items.slice(middle), write)]
  }
}
