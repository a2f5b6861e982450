import { defineNitroPlugin } from 'nitropack/runtime'
import { databaseAnswers, prisma } from '#server/infra/database.ts'

/** The first query through Prisma compiles its query engine (half a second): done before the first visitor comes. */
export default defineNitroPlugin(() => {
  void databaseAnswers().then(ok => (ok ? prisma().worker.count() : 0)).catch(() => {})
})
