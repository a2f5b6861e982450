import type { ControlLoop } from '#server/domain/engine/control-loops.ts'
import { forgetReceiptKeys } from '#server/domain/webhooks-in/forget-receipt-keys.ts'

/** A chore of every minute. */
export const forgetReceiptKeysLoop: ControlLoop = { name: 'forget-receipt-keys', everyMs: 60_000, tick: forgetReceiptKeys }
