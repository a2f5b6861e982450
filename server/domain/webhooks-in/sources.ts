import { getConfig } from '#server/config.ts'
import type { SchemeName } from '#server/domain/webhooks-in/schemes/scheme-table.ts'
import type { SourceSummary } from '#shared/schemas/receipt.ts'

/** A place webhooks come from. */
export interface Source {
  name: string
  scheme: SchemeName
  /** Active secrets; none: the source is shown, and answers 503. */
  secrets: string[]
  /** The environment variable that holds the secret. */
  setting: string | null
  maxBodyBytes: number
  /** How long a repeat is recognised by the sender's id or by what was signed. */
  repeatWindowSeconds: number
}

const MIB = 1024 * 1024
const THIRTY_DAYS = 30 * 86_400
/** Schemes without id and time: the same body later is probably meant. */
const GENERIC_REPEAT_SECONDS = 300

/** The seed sources, which exist from the start with secrets from the environment. */
export function seedSources(): Source[] {
  const { webhookSecrets: { github, stripe, sendgrid }, testSource } = getConfig()
  const seed = (name: SchemeName, secret: string | undefined, maxBodyBytes = 5 * MIB): Source => ({
    name, scheme: name, secrets: secret ? [secret] : [], setting: `${name.toUpperCase()}_WEBHOOK_SECRET`, maxBodyBytes, repeatWindowSeconds: THIRTY_DAYS,
  })
  const test: Source = { name: 'test', scheme: 'generic', secrets: ['test-secret'], setting: null, maxBodyBytes: 5 * MIB, repeatWindowSeconds: GENERIC_REPEAT_SECONDS }
  // GitHub sends up to 25 MB and never sends again: what is refused is lost.
  return [seed('github', github, 25 * MIB), seed('stripe', stripe), seed('sendgrid', sendgrid), ...(testSource ? [test] : [])]
}

export const findSource = (name: string): Source | undefined => seedSources().find(source => source.name === name)

/** The sources as the dashboard lists them. */
export function listSources(): SourceSummary[] {
  return seedSources().map(({ name, scheme, secrets, setting }) => ({ name, scheme, configured: secrets.length > 0, path: `/api/webhooks/${name}`, setting }))
}
