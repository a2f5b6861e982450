import { isCodeLane } from '#server/config.ts'
import { reachesForeignKeys } from '#server/infra/belt.ts'
import { CODE_RIGHTS } from '#shared/code-rights.ts'
import type { ProofStep } from '#shared/schemas/code.ts'

/** Whether this process could do more than its lane needs, should a program ever break out of its box. Tried, not believed. */
export async function readRights(): Promise<ProofStep[]> {
  const database = isCodeLane()
  const redis = await reachesForeignKeys().catch(() => null)
  return [
    { name: CODE_RIGHTS.database, ok: database, detail: database
      ? 'It has the login bespin_code, which may run code executions and read nothing.'
      : 'It has the engine\'s login, because bespin_code could not be made or was not given (DATABASE_CODE_URL).' },
    ...redis === null ? [] : [{ name: CODE_RIGHTS.redis, ok: !redis, detail: redis
      ? 'It reaches all keys of Redis, because the user bespin_code could not be made or was not given in REDIS_URL.'
      : 'Redis lets it reach the keys of its own lane only.' }],
  ]
}
