import { defineRoute } from '#server/http/define-route.ts'
import { openApi } from '#server/http/openapi.ts'

export default defineRoute('GET /api/openapi.json', openApi)
