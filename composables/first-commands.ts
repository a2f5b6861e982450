/** Command lines that make the first thing of a kind on this very server. */

/** Text as one word of a POSIX shell. */
export const shellWord = (text: string): string => `'${text.replaceAll('\'', '\'\\\'\'')}'`

/** curl line for a new job. */
export const createJobCommand = (origin: string, body: unknown): string =>
  `curl -X POST ${origin}/api/v1/jobs -H 'Content-Type: application/json' -d ${shellWord(JSON.stringify(body))}`

/** The shortest way to a first job. */
export const firstJobCommand = (origin: string): string => `curl -X POST '${origin}/api/jobs/random-text?length=100'`

/** Signs a body with the test source's secret and sends it. */
export function firstWebhookCommand(origin: string): string {
  return [
    `body='{"event":"hello","from":"the command line"}'`,
    `signature=$(printf '%s' "$body" | openssl dgst -sha256 -hmac 'test-secret' | sed 's/^.* //')`,
    `curl -X POST ${origin}/api/webhooks/test -H 'Content-Type: application/json' \\`,
    `  -H "X-Webhook-Signature: sha256=$signature" -d "$body"`,
  ].join('\n')
}

/** curl line that sets rules of a queue. */
export const changeRulesCommand = (origin: string, queue: string, body: unknown): string =>
  `curl -X PUT ${origin}/api/v1/queues/${queue}/config -H 'Content-Type: application/json' -d ${shellWord(JSON.stringify(body))}`
