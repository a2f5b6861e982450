import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import { forgetOldKeys } from '#server/domain/webhooks-in/store.ts'

/** Forgets by what repeats are recognised once its time is over, so that the table does not grow for ever. */
export async function forgetReceiptKeys(): Promise<void> {
  await forgetOldKeys(DEFAULT_ORGANIZATION_ID)
}
