import { defineNitroPlugin } from 'nitropack/runtime'
import { closeBelt } from '#server/infra/belt.ts'
import { closeDatabase } from '#server/infra/database.ts'
import { closeLiveBus } from '#server/infra/live-bus.ts'

export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('close', async () => {
    await closeLiveBus()
    await closeBelt()
    await closeDatabase()
  })
})
