import { countByName } from '#server/domain/jobs/count-jobs.ts'
import { listErrors } from '#server/domain/errors/list-errors.ts'
import { samplePaths, type SampledPath } from '#server/domain/searches/sample-terms.ts'
import { sampleErrors, sampleJson, searchWorkers } from '#server/domain/searches/store.ts'
import { JOB_STATES } from '#shared/job-states.ts'
import type { SearchTerms, SearchTermsQuery } from '#shared/schemas/job-search.ts'
import { placeAt, type WritingPlace } from '#shared/search-cursor.ts'
import { FIELD_NAMES, SEARCH_FIELDS, type FieldKind, type FieldName } from '#shared/search-fields.ts'
import { printKey, quoteValue } from '#shared/search-terms.ts'

type Item = SearchTerms['items'][number]
const MOST_ITEMS = 20

/**
 * What may be written at a place of a search: qualifiers, and values that really occur. Queues and types come from the
 * counters, workers from those alive, error groups last seen first, errors, tags, paths and values of JSON from the newest jobs.
 */
export async function listSearchTerms(organizationId: string, { q, cursor }: SearchTermsQuery): Promise<SearchTerms> {
  const place = placeAt(q, Math.min(cursor ?? q.length, q.length))
  const items = place.key === null ? await keysFor(organizationId, place.written) : await valuesFor(organizationId, place)
  const wanted = place.written.replace(/^"/, '').toLowerCase()
  const fits = (item: Item) => item.text.toLowerCase().replace(/^"/, '').includes(wanted) && item.text !== place.written
  const begins = (item: Item) => Number(item.text.toLowerCase().replace(/^"/, '').startsWith(wanted))
  return { from: place.from, to: place.to, items: items.filter(fits).sort((a, b) => begins(b) - begins(a)).slice(0, MOST_ITEMS) }
}

const JSON_FIELDS = ['payload', 'result', 'tag'] as const
const isJsonField = (name: string): name is typeof JSON_FIELDS[number] => (JSON_FIELDS as readonly string[]).includes(name)

async function keysFor(organizationId: string, written: string): Promise<Item[]> {
  const root = /^[a-z]+(?=[.[])/i.exec(written)?.[0].toLowerCase()
  if (root === undefined || !isJsonField(root)) return FIELD_NAMES.map(name => ({ text: `${name}${hasFields(name) ? '.' : ':'}`, about: SEARCH_FIELDS[name].about, count: null }))
  return byCount([...(await pathsOf(organizationId, root)).entries()].map(([text, { count }]) => ({ text: `${text}:`, about: null, count })))
}

/** A tag is most often searched for with its value, payload and result with a path. */
const hasFields = (name: FieldName) => isJsonField(name)

async function valuesFor(organizationId: string, { key, field }: WritingPlace): Promise<Item[]> {
  if (field === null || key === null) return []
  if (isJsonField(field)) return jsonValues(await pathsOf(organizationId, field), { key, field })
  const { kind } = SEARCH_FIELDS[field]
  switch (field) {
    case 'queue':
    case 'type': return byCount([...await countByName(organizationId, field)].map(([name, count]) => ({ text: quoteValue(name), about: null, count })))
    case 'worker': return (await searchWorkers(organizationId)).map(({ id, name }) => ({ text: name === '' ? id : quoteValue(name), about: id, count: null }))
    case 'error': return byCount((await sampleErrors(organizationId)).map(({ error, count }) => ({ text: quoteValue(error, true), about: null, count })))
    case 'error_group': return (await listErrors(organizationId, { limit: MOST_ITEMS })).errors.map(({ id, form, count }) => ({ text: id, about: form.split('\n', 1)[0]!, count }))
    default: return (EXAMPLES[kind] ?? []).map(text => ({ text, about: null, count: null }))
  }
}

function jsonValues(paths: Map<string, SampledPath>, { key, field }: { key: string, field: string }): Item[] {
  if (key.toLowerCase() !== 'tag') return byCount([...paths.get(field + key.slice(field.length))?.values ?? []].map(([text, count]) => ({ text, about: null, count })))
  return byCount([...paths.values()].flatMap(({ path: [tag], count }) => (typeof tag === 'string' ? [{ text: quoteValue(tag), about: null, count }] : [])))
}

const EXAMPLES: Partial<Record<FieldKind, readonly string[]>> = {
  state: JOB_STATES,
  time: ['today', 'yesterday', '>yesterday'], duration: ['<5m', '<1h', '<1d', '>1h', '>1d'], number: ['>0', '>5', '0', '1..3'],
}

async function pathsOf(organizationId: string, field: typeof JSON_FIELDS[number]): Promise<Map<string, SampledPath>> {
  return samplePaths(await sampleJson(organizationId, field === 'tag' ? 'tags' : field), path => printKey({ field, path }))
}

const byCount = (items: Item[]): Item[] => items.sort((a, b) => (b.count ?? 0) - (a.count ?? 0) || a.text.localeCompare(b.text))
