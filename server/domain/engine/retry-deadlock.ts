const DEADLOCK = '40P01'
const TRIES = 5

/** Runs a statement again that PostgreSQL chose to end because two waited for each other; nothing of it was done. */
export async function retryDeadlock<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    }
    catch (error) {
      if (attempt === TRIES || (error as { code?: string }).code !== DEADLOCK) throw error
    }
  }
}
