import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/test', () => ({ message: 'The API answers.', timestamp: new Date().toISOString() }))
