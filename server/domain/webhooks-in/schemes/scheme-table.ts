import { generic } from './generic.ts'
import { github } from './github.ts'
import { sendgrid } from './sendgrid.ts'
import { stripe } from './stripe.ts'
import type { WebhookScheme } from './webhook-scheme.ts'

/** Every scheme there is. A new one is a file beside this one and a line here; the contract suite finds its vectors. */
export const SCHEMES = { generic, github, stripe, sendgrid } as const satisfies Record<string, WebhookScheme>

export type SchemeName = keyof typeof SCHEMES

/** Whether a text names a scheme. Own keys only, so that `__proto__` or `constructor` name nothing. */
export function isSchemeName(text: string): text is SchemeName {
  return Object.hasOwn(SCHEMES, text)
}
