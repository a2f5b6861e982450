/**
 * The lines of the waiting room, in SQL: who is looked at, in which order, and what is held. The dispatcher goes through
 * them, the explanation of a waiting job reads them. Arguments are SQL: a parameter or a column.
 */
export interface LineOf { lane: string, organization: string, queue: string, limit: string }

/** The ready rows of one queue that are gated, or those that are not, first come first. */
export const readyRows = ({ lane, organization, queue, limit }: LineOf, gated: string, columns = 'd.job_id'): string => `
  select ${columns} from due_jobs d
  where d.lane = ${lane} and d.gated = ${gated} and d.ready and d.organization_id = ${organization} and d.queue_name = ${queue}
  order by d.priority desc, d.job_id limit ${limit}`

const GATED_COLUMNS = 'd.job_id, d.seq, d.priority, d.ordering_key, d.concurrency_key'

/** First come first, the urgent before. */
export const GATED_ORDER = 'priority desc, seq'

/** The line of a queue whose jobs pass a gate; `limited`: those without a key stand in it too. */
export const gatedLine = (line: LineOf, limited: string): string => `
  select job_id, seq, priority, ordering_key, concurrency_key from (
    (${readyRows(line, 'true', GATED_COLUMNS)})
    union all
    (select * from (${readyRows(line, 'false', GATED_COLUMNS)}) as ungated where ${limited})
  ) as both_kinds order by ${GATED_ORDER} limit ${line.limit}`

interface InQueue { organization: string, queue: string }
/** The first of each ordering key, among those that wait for it and those that are ready. */
export const headsOf = ({ organization, queue }: InQueue, keys: string): string => `
  select ordering_key, min(seq)::text as seq from due_jobs
  where organization_id = ${organization} and queue_name = ${queue} and ordering_key = any(${keys}) and due_at is null group by 1`

/** Who holds the places of a queue, and these keys of it. */
export const heldIn = ({ organization, queue }: InQueue, keys: { ordering: string, concurrency: string }): string => `
  select kind, key, slot, job_id from job_slots where organization_id = ${organization} and queue_name = ${queue}
    and (kind = 'queue' or (kind = 'ordering' and key = any(${keys.ordering})) or (kind = 'concurrency' and key = any(${keys.concurrency})))`
