import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../scripts/launch/postgres.ts'
import { migrate } from '../../scripts/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The owner's address of a migrated database that `createTestDatabase` clones. */
    templateUrl: string
  }
}

/**
 * Logins belong to the whole server and their passwords follow from this secret: every process of a test that uses the
 * shared server gets it.
 */
export const TEST_SECRET = 'tests-only-0f1e2d3c4b5a69788796a5b4c3d2e1f0'

/** One PostgreSQL for the whole run, in a temporary folder, with one migrated database to clone from. */
export default async function startTestPostgres(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bespin-test-postgres-'))
  const { child, ownerUrl } = await startPostgres({
    dataDir, password: 'test-owner', database: 'bespin_template', register: { started() {}, ended() {} },
    onGiveUp: (reason) => { throw new Error(reason) }, say: () => {},
  })
  const stop = async () => {
    await child.stop(5000)
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await migrate({ ownerUrl, secrets: { secretKey: TEST_SECRET } })
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('templateUrl', ownerUrl)
  return stop
}
