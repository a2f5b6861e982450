import { defineNitroPlugin } from 'nitropack/runtime'
import { openCodeJudge } from '#server/domain/code/submit-code.ts'
import { judgePayloadsOf } from '#server/domain/jobs/payload-judges.ts'

/** The modules below do not know those above: their judges are handed down. */
export default defineNitroPlugin(() => judgePayloadsOf('code-execution', openCodeJudge))
