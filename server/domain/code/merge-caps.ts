import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitName, type CodeLimitValues } from '#shared/code-limits.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'

/** The most that may be asked for, by limit, and who says so. */
export type CodeCaps = Record<CodeLimitName, { value: number, of: 'server' | 'organization' }>

/** The lowest of what the server's processes and the organization allow. */
export function mergeCaps(ofServer: CodeLimitValues[], ofOrganization: Partial<CodeLimitValues>): CodeCaps {
  return Object.fromEntries(CODE_LIMIT_NAMES.map((name) => {
    const server = Math.min(...ofServer.map(caps => caps[name]))
    const organization = ofOrganization[name]
    return [name, organization !== undefined && organization < server ? { value: organization, of: 'organization' } : { value: server, of: 'server' }]
  })) as CodeCaps
}

/** The workers know the server's caps only: a default above the organization's cap is replaced here, where it is known. */
export function withLowerDefaults(payload: CodeExecutionPayload, caps: CodeCaps): CodeExecutionPayload {
  const lowered = CODE_LIMIT_NAMES.filter(name => payload.limits?.[name] === undefined && caps[name].of === 'organization' && caps[name].value < CODE_LIMITS[name].default)
  if (lowered.length === 0) return payload
  return { ...payload, limits: { ...payload.limits, ...Object.fromEntries(lowered.map(name => [name, caps[name].value])) } }
}
