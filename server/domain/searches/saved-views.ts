import { v7 as uuidv7 } from 'uuid'
import { AppError } from '#server/domain/app-error.ts'
import { readSearch } from '#server/domain/jobs/job-condition.ts'
import { countViews, deleteView, findView, insertView, listViewRows, updateView, type ViewRow } from '#server/domain/searches/store.ts'
import type { JobState } from '#shared/job-states.ts'
import type { ChangeViewBody, CreateViewBody, SavedView } from '#shared/schemas/saved-view.ts'

/** Most views of one organization: a menu nobody can read is no help. */
export const MOST_VIEWS = 200

/** All views, by name. */
export async function listViews(organizationId: string): Promise<SavedView[]> {
  return (await listViewRows(organizationId)).map(toView)
}

/** Throws NOT_FOUND. */
export async function getView(organizationId: string, id: string): Promise<SavedView> {
  return toView(await findView(organizationId, id) ?? notThere(id))
}

/** Keeps a search. Throws VALIDATION_ERROR (a search that makes no sense), CONFLICT (the name is taken, or there are too many). */
export async function createView({ organizationId, actor, body }: { organizationId: string, actor: string, body: CreateViewBody }): Promise<SavedView> {
  readSearch(body.q)
  if (await countViews(organizationId) >= MOST_VIEWS) throw new AppError('CONFLICT', `There are ${MOST_VIEWS} views already: delete one first.`)
  const { name, q, state, queue_name: queueName, job_type: jobType } = body
  return toView(await insertView({ id: uuidv7(), organizationId, name, q, state, queueName, jobType, createdBy: actor }) ?? nameTaken(name))
}

/** Changes what is given. Throws NOT_FOUND, VALIDATION_ERROR, CONFLICT (the name is taken). */
export async function changeView({ organizationId, id, body }: { organizationId: string, id: string, body: ChangeViewBody }): Promise<SavedView> {
  if (body.q !== undefined) readSearch(body.q)
  const { name, q, state, queue_name: queueName, job_type: jobType } = body
  const changed = await updateView(organizationId, id, { name, q, state, queueName, jobType })
  if (changed === 'taken') return nameTaken(name ?? '')
  return toView(changed ?? notThere(id))
}

/** Throws NOT_FOUND. */
export async function removeView(organizationId: string, id: string): Promise<null> {
  if (!await deleteView(organizationId, id)) notThere(id)
  return null
}

function notThere(id: string): never {
  throw new AppError('NOT_FOUND', `There is no view ${id}. All of them: GET /api/v1/views.`)
}

function nameTaken(name: string): never {
  throw new AppError('CONFLICT', `There is a view called "${name}" already: take another name, or change that one.`, { details: [{ field: 'name', message: 'is taken', code: 'taken' }] })
}

function toView(row: ViewRow): SavedView {
  const query = new URLSearchParams()
  const parts = { q: row.q, state: row.state.join(','), queue_name: row.queueName ?? '', job_type: row.jobType ?? '' }
  for (const [name, value] of Object.entries(parts)) if (value !== '') query.set(name, value)
  return {
    id: row.id, name: row.name, q: row.q, state: row.state as JobState[], queue_name: row.queueName, job_type: row.jobType, url_query: query.toString(),
    created_by: row.createdBy, created_at: row.createdAt.toISOString(), updated_at: row.updatedAt.toISOString(),
  }
}
