import { defineRoute } from '#server/http/define-route.ts'
import { greeting } from '#server/http/openapi.ts'

export default defineRoute('GET /api/', greeting)
