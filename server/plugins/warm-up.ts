import { defineNitroPlugin } from 'nitropack/runtime'
import { readRules } from '#server/domain/engine/queue-rules.ts'
import { databaseAnswers, prisma } from '#server/infra/database.ts'

/** The first query through Prisma compiles its query engine (half a second): done before the first visitor comes. */
export default defineNitroPlugin(() => {
  void readRules()
  void databaseAnswers().then(ok => (ok ? prisma().worker.count() : 0)).catch(() => {})
})
