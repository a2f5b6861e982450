import { pool } from '#server/infra/database.ts'
import { logger } from '#server/infra/logger.ts'
import { isLimited, isPaused } from '#server/domain/engine/sql/queue-gate.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'

/** What the accept path must know of a queue; the claim asks the table itself. */
export interface QueueRule {
  paused: boolean
  /** False: it takes no new jobs. */
  enabled: boolean
  /** Has a concurrency or rate limit: its jobs never go at once. */
  limited: boolean
  maxRetries: number | null
  timeoutSeconds: number | null
}

const FRESH_MS = 1000
let rules = new Map<string, QueueRule>()
let readAt = 0
let reading: Promise<void> | undefined

/**
 * The rule of a queue that was declared, at most a second old; undefined for all others. An older rule does no harm: what
 * was sent too early is refused by the claim and waits.
 */
export function queueRule(organizationId: string, queueName: string): QueueRule | undefined {
  if (Date.now() - readAt > FRESH_MS) void readRules()
  if (rules.size === 0) return undefined
  return rules.get(`${organizationId} ${queueName}`)
}

/** Reads the rules; a process that starts does so before it accepts its first job. Never rejects. */
export function readRules(): Promise<void> {
  reading ??= readNow().catch((error: Error) => logger().debug({ error: error.message }, 'queue rules not read')).finally(() => { reading = undefined })
  return reading
}

async function readNow(): Promise<void> {
  readAt = Date.now()
  const { rows } = await pool('engine').query<QueueRule & { organization_id: string, name: string }>({ name: 'queue-rules', text: `
    select organization_id, name, ${isPaused('q')} as paused, enabled, ${isLimited('q')} as limited,
      max_retries as "maxRetries", default_timeout as "timeoutSeconds" from queues q` })
  rules = new Map(rows.map(({ organization_id, name, ...rule }) => [`${organization_id} ${name}`, rule]))
}

/** A queue was declared anew, paused, resumed or forgotten: this process knows at once, the others within a second. */
export async function tellQueueChanged(): Promise<void> {
  await reading
  await readRules()
  wakeDispatcher()
}
