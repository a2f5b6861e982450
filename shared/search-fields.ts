import { JOB_STATES } from './job-states.ts'

/**
 * What a search for jobs may name. `kind` says what its values may be: `text` equal or a beginning (`mail*`), `contains`
 * anywhere in it, `number`, `time` and `duration` with comparisons and ranges, `json` a path and its value, `group` the whole
 * id of an error group.
 */
export type FieldKind = 'id' | 'state' | 'text' | 'contains' | 'number' | 'time' | 'duration' | 'worker' | 'json' | 'tag' | 'group'
export interface SearchField { kind: FieldKind, about: string, example: string }

export const SEARCH_FIELDS = {
  id: { kind: 'id', about: 'the id or its beginning', example: 'id:0197c4d2' },
  state: { kind: 'state', about: 'one or more states', example: 'state:failed,expired' },
  queue: { kind: 'text', about: 'the name of the queue', example: 'queue:mail' },
  type: { kind: 'text', about: 'the job type', example: 'type:random-text' },
  error: { kind: 'contains', about: 'text in the last error', example: 'error:"connection reset"' },
  error_group: { kind: 'group', about: 'the id of an error: what failed so, as its page shows it', example: 'error_group:5f9c1a2b-7a10-8c3e-9f21-5d0b6a4e1c77' },
  payload: { kind: 'json', about: 'a field of the payload, or text anywhere in it', example: 'payload.user.id:42' },
  result: { kind: 'json', about: 'a field of the result, or text anywhere in it', example: 'result.ok:true' },
  tag: { kind: 'tag', about: 'a tag, or a tag and its value', example: 'tag.env:prod' },
  age: { kind: 'duration', about: 'how long ago it was made', example: 'age:<1h' },
  created: { kind: 'time', about: 'when it was made (UTC)', example: 'created:2026-11-20..2026-11-21' },
  started: { kind: 'time', about: 'when its last run began', example: 'started:>2026-11-20T14:00' },
  finished: { kind: 'time', about: 'when it ended', example: 'finished:today' },
  due: { kind: 'time', about: 'when it is to run next', example: 'due:<2026-12-01' },
  duration: { kind: 'duration', about: 'from its start to its end', example: 'duration:>30s' },
  priority: { kind: 'number', about: 'its priority', example: 'priority:>5' },
  runs: { kind: 'number', about: 'how often it was started', example: 'runs:>2' },
  failures: { kind: 'number', about: 'failed runs', example: 'failures:1..3' },
  crashes: { kind: 'number', about: 'runs that ended their process', example: 'crashes:>0' },
  worker: { kind: 'worker', about: 'the worker that ran it last: id, its beginning, or name', example: 'worker:0197c4d2' },
  key: { kind: 'text', about: 'the idempotency key', example: 'key:order-1' },
  ordering: { kind: 'text', about: 'the ordering key', example: 'ordering:customer-7' },
  concurrency: { kind: 'text', about: 'the concurrency key', example: 'concurrency:tenant-*' },
} as const satisfies Record<string, SearchField>

export type FieldName = keyof typeof SEARCH_FIELDS
export const FIELD_NAMES = Object.keys(SEARCH_FIELDS) as FieldName[]
export const isFieldName = (name: string): name is FieldName => Object.hasOwn(SEARCH_FIELDS, name)
export const isState = (text: string): boolean => (JOB_STATES as readonly string[]).includes(text)

/** Longest search, in characters; most terms, most values of one term, deepest path. */
export const SEARCH_LIMITS = { length: 2000, terms: 40, values: 50, depth: 20 } as const
