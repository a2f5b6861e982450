import type { z } from 'zod'
import { isJobType, ruleOf } from '#shared/job-types.ts'
import { whyNotStorable } from '#shared/schemas/primitives.ts'
import type { ApiError } from './api-error.ts'
import { placeOf, readPlaces, type JsonPlaces } from './json-places.ts'

/** Something wrong with an edited payload, at its place. */
export interface PayloadFault { line: number, column: number, offset: number, field: string, message: string }

/** The server's limit: bytes of JSON. */
const PAYLOAD_MAX_BYTES = 1024 * 1024
const pointerOf = (path: readonly PropertyKey[]) => path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The place of a field, or of the nearest one around it that is there. */
function nearest(places: JsonPlaces, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const offset = places.offsets.get(pointerOf(path.slice(0, length)))
    if (offset !== undefined) return offset
  }
  return 0
}

/** What keeps a text from being the payload of a job of this type; empty when it may be sent. */
export function judgePayload(text: string, jobType: string | null): PayloadFault[] {
  const places = readPlaces(text)
  const at = (offset: number, field: string, message: string): PayloadFault => ({ ...placeOf(text, offset), offset, field, message })
  if (places.error) return [at(places.error.offset, '', places.error.message)]
  const value: unknown = JSON.parse(text)
  const why = whyNotStorable(value)
  if (why) return [at(0, '', `The payload ${why}.`)]
  if (new Blob([text]).size > PAYLOAD_MAX_BYTES && new Blob([JSON.stringify(value)]).size > PAYLOAD_MAX_BYTES) return [at(0, '', 'The payload has more than 1 MiB. Store large data elsewhere and send a reference.')]
  const schema: z.ZodType | undefined = jobType !== null && isJobType(jobType) ? ruleOf(jobType).payload : undefined
  const parsed = schema?.safeParse(value)
  return parsed?.success === false ? parsed.error.issues.map(issue => at(nearest(places, issue.path), issue.path.map(String).join('.'), issue.message)) : []
}

/** The faults the server found, at their places in the text. */
export function placeDetails(text: string, error: ApiError): PayloadFault[] {
  const places = readPlaces(text)
  return error.details.filter(detail => /^(body\.)?payload(\.|$)/.test(detail.field)).map((detail) => {
    const path = detail.field.replace(/^body\./, '').split('.').slice(1)
    const offset = nearest(places, path)
    return { ...placeOf(text, offset), offset, field: path.join('.'), message: detail.message }
  })
}
