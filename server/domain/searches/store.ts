import { withTenant, withTenantSql, type Prisma } from '#server/infra/database.ts'

const SAMPLE = 300
/** Larger values are not worth reading for a completion. */
const SAMPLE_BYTES = 16_384

/** A JSON column of the newest jobs. */
export function sampleJson(organizationId: string, column: 'payload' | 'result' | 'tags'): Promise<unknown[]> {
  return withTenantSql(organizationId, async client => (await client.query<{ value: unknown }>(`
    select ${column} as value from (select j.${column} from jobs j where j.organization_id = $1 order by j.id desc limit ${SAMPLE}) as newest
    where ${column} is not null and pg_column_size(${column}) < ${SAMPLE_BYTES}`, [organizationId])).rows.map(row => row.value))
}

/** The errors of the newest failed jobs, cut to 80 characters, each with how often it is there. */
export function sampleErrors(organizationId: string): Promise<{ error: string, count: number }[]> {
  return withTenantSql(organizationId, async client => (await client.query<{ error: string, count: number }>(`
    select left(last_error, 80) as error, count(*)::int as count from (
      select j.last_error from jobs j where j.organization_id = $1 and j.failed_at is not null order by j.id desc limit ${SAMPLE}) as newest
    where last_error <> '' group by 1`, [organizationId])).rows)
}

/** Workers that are known, newest first. */
export const searchWorkers = (organizationId: string): Promise<{ id: string, name: string }[]> =>
  withTenant(organizationId, tx => tx.worker.findMany({ select: { id: true, name: true }, orderBy: { startedAt: 'desc' }, take: 100 }))

export type ViewRow = Prisma.SavedViewGetPayload<object>
export type ViewFields = Partial<Pick<ViewRow, 'name' | 'q' | 'state' | 'queueName' | 'jobType'>>
const isTaken = (error: unknown) => (error as { code?: string }).code === 'P2002'

export const listViewRows = (organizationId: string): Promise<ViewRow[]> => withTenant(organizationId, tx => tx.savedView.findMany({ where: { organizationId }, orderBy: { name: 'asc' } }))
export const countViews = (organizationId: string): Promise<number> => withTenant(organizationId, tx => tx.savedView.count({ where: { organizationId } }))
export const findView = (organizationId: string, id: string): Promise<ViewRow | null> => withTenant(organizationId, tx => tx.savedView.findFirst({ where: { organizationId, id } }))

/** Null when the name is taken. */
export async function insertView(view: Omit<ViewRow, 'createdAt' | 'updatedAt'>): Promise<ViewRow | null> {
  try {
    return await withTenant(view.organizationId, tx => tx.savedView.create({ data: view }))
  }
  catch (error) {
    if (isTaken(error)) return null
    throw error
  }
}

/** Null when there is no such view. */
export async function updateView(organizationId: string, id: string, fields: ViewFields): Promise<ViewRow | 'taken' | null> {
  try {
    return await withTenant(organizationId, async (tx) => {
      const { count } = await tx.savedView.updateMany({ where: { organizationId, id }, data: { ...fields, updatedAt: new Date() } })
      return count === 0 ? null : tx.savedView.findFirst({ where: { organizationId, id } })
    })
  }
  catch (error) {
    if (isTaken(error)) return 'taken'
    throw error
  }
}

export async function deleteView(organizationId: string, id: string): Promise<boolean> {
  return (await withTenant(organizationId, tx => tx.savedView.deleteMany({ where: { organizationId, id } }))).count > 0
}
