import { AppError } from '#server/domain/app-error.ts'
import { decodedBytes, judgeFiles } from '#server/domain/code/judge-files.ts'
import { withLowerDefaults, type CodeCaps } from '#server/domain/code/merge-caps.ts'
import type { Runners } from '#server/domain/code/merge-runners.ts'
import { CODE_BOUNDS, CODE_LIMIT_NAMES, CODE_LIMITS } from '#shared/code-limits.ts'
import type { CodeExecutionPayload, Runtime } from '#shared/schemas/code.ts'
import type { ErrorDetail } from '#shared/schemas/error.ts'

/** What a submission is judged by. `field` is what the payload is called in messages; none when its fields are the caller's own. */
export interface Court { runners: Runners, caps: CodeCaps, field?: string }

/**
 * Judges a submission that fits its shape, before anything is queued, and answers it as it is stored: the language by its own
 * name, defaults that an organization's cap lowers written out. Throws VALIDATION_ERROR with every field that is wrong, and
 * SERVICE_UNAVAILABLE with reason and remedy when nothing can be run.
 */
export function judgeSubmission(payload: CodeExecutionPayload, { runners, caps, field }: Court): CodeExecutionPayload {
  const runtime = runners.byName.get(payload.language.toLowerCase())
  const details = [
    ...(runtime || runners.trouble ? [] : [refuseLanguage(payload.language, runners)]),
    ...judgeFiles(payload.files ?? [], runtime?.source_file), ...judgeInputs(payload), ...judgeSize(payload), ...judgeLimits(payload, caps),
  ].map(detail => ({ ...detail, field: field === undefined ? detail.field : `${field}.${detail.field}` })).slice(0, 50)
  if (details.length > 0) throw new AppError('VALIDATION_ERROR', details.map(detail => `${detail.field}: ${detail.message}`).join('; ').slice(0, 2000), { details })
  if (runners.trouble) throw unavailable(runners.trouble)
  return withLowerDefaults({ ...payload, language: (runtime as Runtime).language }, caps)
}

/** The refusal while no code worker can run anything. */
export function unavailable({ reason, remedy }: { reason: string, remedy: string }): AppError {
  const message = `Code cannot be run now, and nothing was queued. ${sentence(reason)} What to do: ${remedy}`
  return new AppError('SERVICE_UNAVAILABLE', message, { headers: { 'retry-after': '5' }, extra: { reason, remedy } })
}

const sentence = (text: string) => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

function refuseLanguage(language: string, { runtimes, missingByName }: Runners): ErrorDetail {
  const available = runtimes.length > 0 ? `available: ${runtimes.map(runtime => runtime.language).join(', ')}` : 'no language is available'
  const missing = missingByName.get(language.toLowerCase())
  return missing
    ? { field: 'language', message: `${missing.title} is known, but no code worker has it; ${available}. To get it: ${missing.install}`, code: 'missing_toolchain' }
    : { field: 'language', message: `"${language}" is not a language here; ${available}`, code: 'unknown_language' }
}

function judgeInputs({ runs, stdin, args, stop_at_first_failure: stops }: CodeExecutionPayload): ErrorDetail[] {
  if (runs === undefined) return stops === true ? [{ field: 'stop_at_first_failure', message: 'needs runs', code: 'conflict' }] : []
  return (['stdin', 'args'] as const).filter(name => ({ stdin, args })[name] !== undefined)
    .map(name => ({ field: name, message: 'cannot be given together with runs: give each of the runs its own', code: 'conflict' }))
}

/** Everything a submission brings, in bytes, by field. */
function bytesByField({ code, files = [], stdin = '', args = [], env = {}, runs = [] }: CodeExecutionPayload): Record<string, number> {
  const all = (texts: Iterable<string>) => [...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return {
    code: all([code]), files: files.reduce((sum, file) => sum + Buffer.byteLength(file.name) + (decodedBytes(file) ?? 0), 0),
    stdin: all([stdin]), args: all(args), env: all(Object.entries(env).flat()),
    runs: runs.reduce((sum, run) => sum + all([run.stdin ?? '', ...run.args ?? []]), 0),
  }
}

function judgeSize(payload: CodeExecutionPayload): ErrorDetail[] {
  const sizes = Object.entries(bytesByField(payload)).sort(([, one], [, other]) => other - one)
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
  if (total <= CODE_BOUNDS.totalBytes) return []
  const message = `has the largest part of ${total} bytes; source, files, inputs, arguments and environment may have ${CODE_BOUNDS.totalBytes} bytes together`
  return [{ field: sizes[0]![0], message, code: 'too_big' }]
}

/** What is above a cap is refused, never lowered in silence. */
function judgeLimits({ limits = {} }: CodeExecutionPayload, caps: CodeCaps): ErrorDetail[] {
  return CODE_LIMIT_NAMES.flatMap((name) => {
    const asked = limits[name]
    const { value, of } = caps[name]
    if (asked === undefined || asked <= value) return []
    const unit = CODE_LIMITS[name].unit === 'count' ? '' : ` ${CODE_LIMITS[name].unit}`
    return [{ field: `limits.${name}`, message: `must be at most ${value}${unit}, the cap of ${of === 'organization' ? 'this organization' : 'this server'}; ${asked} was asked for`, code: 'over_cap' }]
  })
}
