import type { CodeLimitName } from '#shared/code-limits.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import { exampleOf } from './code-examples.ts'

export interface DraftFile { name: string, content: string, encoding: 'utf8' | 'base64' | 'hex' }
export interface DraftInput { name: string, stdin: string, args: string[] }
/** What the editor page holds: everything a submission may bring, as it is typed. */
export interface CodeDraft {
  language: string
  /** The source of each language that was edited: changing the language loses nothing. */
  sources: Record<string, string>
  files: DraftFile[]
  stdin: string
  args: string[]
  env: { name: string, value: string }[]
  limits: Partial<Record<CodeLimitName, number>>
  hasSeveral: boolean
  inputs: DraftInput[]
  doesStop: boolean
  isCompileOnly: boolean
}

export const newInput = (): DraftInput => ({ name: '', stdin: '', args: [] })
export const newDraft = (language: string): CodeDraft => ({
  language, sources: {}, files: [], stdin: '', args: [], env: [], limits: {}, hasSeveral: false, inputs: [newInput()], doesStop: false, isCompileOnly: false,
})

/** The source in the editor: what was typed for the language, else its starting program. */
export const sourceOf = (draft: CodeDraft): string => (Object.hasOwn(draft.sources, draft.language) ? draft.sources[draft.language]! : exampleOf(draft.language))

const filled = <T>(list: readonly T[]): T[] | undefined => (list.length > 0 ? [...list] : undefined)
const text = (value: string) => (value === '' ? undefined : value)

/** What is submitted: only what was said, so that defaults stay the server's. */
export function payloadOf(draft: CodeDraft): CodeExecutionPayload {
  const limits = Object.fromEntries(Object.entries(draft.limits).filter(([, value]) => value !== undefined))
  const input = draft.hasSeveral
    ? { runs: draft.inputs.map(({ name, stdin, args }) => ({ name: text(name.trim()), stdin: text(stdin), args: filled(args) })), stop_at_first_failure: draft.doesStop || undefined }
    : { stdin: text(draft.stdin), args: filled(draft.args) }
  return {
    language: draft.language, code: sourceOf(draft), files: filled(draft.files),
    ...(draft.isCompileOnly ? { compile_only: true } : input),
    env: draft.env.length > 0 ? Object.fromEntries(draft.env.map(({ name, value }) => [name, value])) : undefined,
    limits: Object.keys(limits).length > 0 ? limits : undefined,
  }
}

/** The draft that would submit this payload. */
export function draftOf(payload: CodeExecutionPayload): CodeDraft {
  const { language, code, runs } = payload
  return {
    language, sources: Object.fromEntries([[language, code]]),
    files: (payload.files ?? []).map(file => ({ ...file })),
    stdin: payload.stdin ?? '', args: [...payload.args ?? []],
    env: Object.entries(payload.env ?? {}).map(([name, value]) => ({ name, value })),
    limits: { ...payload.limits },
    hasSeveral: runs !== undefined,
    inputs: runs?.map(({ name, stdin, args }) => ({ name: name ?? '', stdin: stdin ?? '', args: [...args ?? []] })) ?? [newInput()],
    doesStop: payload.stop_at_first_failure === true, isCompileOnly: payload.compile_only === true,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
/** A draft that was kept as text; null when it is not one of ours. */
export function readDraft(kept: string | null): CodeDraft | null {
  try {
    const value: unknown = JSON.parse(kept ?? 'null')
    if (!isRecord(value) || typeof value.language !== 'string') return null
    const fresh = newDraft(value.language)
    const isLike = (name: keyof CodeDraft) => typeof value[name] === typeof fresh[name] && Array.isArray(value[name]) === Array.isArray(fresh[name]) && value[name] !== null
    const names = (Object.keys(fresh) as (keyof CodeDraft)[]).filter(isLike)
    const draft: CodeDraft = { ...fresh, ...Object.fromEntries(names.map(name => [name, value[name]])) }
    return draft.inputs.length > 0 ? draft : { ...draft, inputs: fresh.inputs }
  }
  catch {
    return null // written by something else: begin anew
  }
}
