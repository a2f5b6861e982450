import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowFilesFirst } from './tests/support/slow-files-first.ts'

// Two kinds of tests. `unit`: rules, statements on a real PostgreSQL, anything that needs no built product.
// `product…`: the built product running beside the test, spoken to by HTTP and WebSocket (`nuxt build` first).
const SHARED = ['tests/server/api/**/*.test.ts', 'tests/documents/**/*.test.ts']
const OWN = ['tests/running/**/*.test.ts']
// Kills and fills everything at once, or says how long answers took: beside others it would measure them.
const ALONE = ['tests/running/chaos.test.ts', 'tests/running/job-actions.test.ts']
const common = { environment: 'node' as const, testTimeout: 20_000, hookTimeout: 60_000 }
const product = { ...common, testTimeout: 60_000, hookTimeout: 120_000 }
const [POSTGRES, PRODUCT] = ['tests/support/start-postgres.ts', 'tests/support/start-product.ts']
// Much of a test is waiting; without this the runner leaves one core of two unused.
const maxWorkers = Math.max(2, availableParallelism())

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFilesFirst },
    // Projects run one after the other, in the order of their group; the files of one side by side.
    projects: [
      { test: { ...common, name: 'unit', include: ['tests/**/*.test.ts'], exclude: [...SHARED, ...OWN, 'tests/e2e/**'], globalSetup: [POSTGRES], maxWorkers, sequence: { groupOrder: 0 } } },
      // All files speak to one product, so each keeps to queues and names of its own.
      { test: { ...product, name: 'product', include: SHARED, globalSetup: [POSTGRES, PRODUCT], maxWorkers: 2, sequence: { groupOrder: 1 } } },
      // Each file has processes of its own.
      { test: { ...product, name: 'product-own', include: OWN, exclude: ALONE, globalSetup: [POSTGRES], maxWorkers: 2, sequence: { groupOrder: 2 } } },
      { test: { ...product, name: 'product-alone', include: ALONE, globalSetup: [POSTGRES], fileParallelism: false, sequence: { groupOrder: 3 } } },
    ],
  },
})
