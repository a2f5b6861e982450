import { databaseAnswers, databaseStats } from '#server/infra/database.ts'

/** Ignis' health answer: always 200, every figure a text. Connections are those of this process. */
export async function readPublicHealth() {
  const isUp = await databaseAnswers()
  const { open, inUse, idle, waitCount, waitMilliseconds, idleClosed } = databaseStats()
  return {
    status: isUp ? 'up' as const : 'down' as const,
    message: isUp ? 'It\'s healthy' : 'The database does not answer: check that PostgreSQL runs and that its address is right.',
    open_connections: String(open), in_use: String(inUse), idle: String(idle), wait_count: String(waitCount), wait_duration: `${waitMilliseconds}ms`,
    // Connections live as long as they are used: none is closed for its age.
    max_idle_closed: String(idleClosed), max_lifetime_closed: '0',
  }
}
