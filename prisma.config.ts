import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// The command line wants a native engine from a download server. Ours speaks the same protocol and comes with npm.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./prisma/schema-engine.mjs', import.meta.url))
process.env.PRISMA_HIDE_UPDATE_MESSAGE ??= '1'
process.env.CHECKPOINT_DISABLE ??= '1'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Generating the client needs no database; migrating is called with the owner's address by scripts/migrate.ts.
  datasource: { url: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/bespin' },
})
