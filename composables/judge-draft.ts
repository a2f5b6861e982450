import { CODE_LIMIT_NAMES } from '#shared/code-limits.ts'
import { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { ErrorDetail } from '#shared/schemas/error.ts'
import { payloadOf, type CodeDraft } from './code-draft.ts'
import { limitFault, type BoundsOf } from './code-limits-form.ts'

export const TABS = ['input', 'files', 'environment', 'limits'] as const
export type SettingsTab = (typeof TABS)[number]
/** What keeps a draft from being run: the field as the API names it, where it is edited, and what is wrong. */
export interface DraftFault { field: string, tab: SettingsTab | 'source', message: string }

const PLACES: Record<string, DraftFault['tab']> = {
  stdin: 'input', args: 'input', runs: 'input', stop_at_first_failure: 'input', compile_only: 'input', files: 'files', env: 'environment', limits: 'limits',
}
const placed = (field: string, message: string): DraftFault => ({ field, message, tab: PLACES[field.split('.')[0] ?? ''] ?? 'source' })

/** What is wrong with a draft, found here; empty when the server may judge it. */
export function judgeDraft(draft: CodeDraft, bounds: BoundsOf): DraftFault[] {
  const parsed = CodeExecutionPayload.safeParse(payloadOf(draft))
  const faults = parsed.success ? [] : parsed.error.issues.map(issue => placed(issue.path.map(String).join('.'), issue.message))
  const limits = CODE_LIMIT_NAMES.flatMap((name) => {
    const message = limitFault(name, draft.limits[name], bounds)
    return message === undefined || faults.some(fault => fault.field === `limits.${name}`) ? [] : [placed(`limits.${name}`, message)]
  })
  const names = draft.env.map(({ name }) => name)
  const twice = names.filter((name, index) => names.indexOf(name) < index).map(name => placed('env', `${name} is there twice`))
  return [...faults, ...limits, ...twice]
}

/** The faults the server found. */
export const placeServerFaults = (details: readonly ErrorDetail[]): DraftFault[] => details.map(({ field, message }) => placed(field.replace(/^(body\.)?(payload\.)?/, ''), message))
