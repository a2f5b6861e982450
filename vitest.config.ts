import { defineConfig } from 'vitest/config'

// Two kinds of tests. `unit`: rules, statements on a real PostgreSQL, anything that needs no built product.
// `product`: the built product running beside the test, spoken to by HTTP and WebSocket (`nuxt build` first).
const PRODUCT = ['tests/server/api/**/*.test.ts', 'tests/documents/**/*.test.ts', 'tests/running/**/*.test.ts']
const common = { environment: 'node' as const, testTimeout: 20_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common, name: 'unit', include: ['tests/**/*.test.ts'], exclude: [...PRODUCT, 'tests/e2e/**'],
          globalSetup: ['tests/support/start-postgres.ts'],
        },
      },
      {
        test: {
          ...common, name: 'product', include: PRODUCT, testTimeout: 60_000, hookTimeout: 120_000,
          globalSetup: ['tests/support/start-postgres.ts', 'tests/support/start-product.ts'],
          // Each file starts processes of its own: side by side they would measure each other.
          fileParallelism: false,
        },
      },
    ],
  },
})
