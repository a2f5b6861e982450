import { isIPv4 } from 'node:net'
import type { Config } from '../config.ts'

const WEAK_WORDS = /secret|password|passwd|changeme|change-me|default|example|your[-_]|bespin|letmein|0123456789|abcdefgh/i

/** Why `value` is too weak to sign or encrypt with in production, or undefined when it is fine. */
export function secretWeakness(value: string): string | undefined {
  if (value.length < 32) return 'is shorter than 32 characters'
  if (new Set(value).size < 10) return 'has fewer than 10 different characters'
  // Random base64 holds such a word by chance less than once in a million; made again it is gone.
  return WEAK_WORDS.test(value) ? 'looks like a placeholder, not like random characters' : undefined
}

/** A process that was given the login of the code workers and no other. */
const isCodeAlone = ({ database: { ownerUrl, appUrl, engineUrl, codeUrl } }: Config): boolean => codeUrl !== undefined && !ownerUrl && !appUrl && !engineUrl

/** True for addresses that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}

/**
 * The rules that need more than one variable (contract section 1 "Open access", section 2 "Environment").
 * @returns one readable line per broken rule.
 */
export function findBrokenRules(config: Config, openAccess: boolean | 'confirmed' | undefined): string[] {
  const problems: string[] = []
  if (config.openAccess && openAccess !== 'confirmed' && !isLoopbackHost(config.host)) {
    problems.push(`HOST=${config.host} can be reached from the network, and open access lets everybody in without a key. `
      + 'Set BESPIN_OPEN_ACCESS=false, or BESPIN_OPEN_ACCESS=yes-i-know if another wall protects this address, or HOST=127.0.0.1.')
  }
  if (config.mode !== 'production') return problems
  const make = 'Make one: openssl rand -hex 32'
  // What the launcher starts it has judged; the code worker has no use for secrets, and gets none.
  const needsSecrets = !config.launched && !isCodeAlone(config)
  if (needsSecrets && !config.secrets.jwt) problems.push(`JWT_SECRET is required in production. ${make}`)
  const named = { JWT_SECRET: config.secrets.jwt, BESPIN_SECRET_KEY: config.secrets.secretKey, ADMIN_API_KEY: config.secrets.adminKey }
  for (const [name, value] of Object.entries(named)) {
    const weakness = value === undefined ? undefined : secretWeakness(value)
    if (weakness) problems.push(`${name} ${weakness}, which production refuses. ${make}`)
  }
  if (config.allowedOrigins.includes('*')) {
    problems.push('BESPIN_ALLOWED_ORIGINS=* would let every web site act for your users; production wants each origin named.')
  }
  return problems
}
