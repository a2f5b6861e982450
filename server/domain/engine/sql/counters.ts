/**
 * Rules of every statement of the engine: it moves the counters by what it changes, in the same statement; it reaches
 * jobs by `id = any(array)` and between the lowest and highest id, because a join with a set of unknown size lets the
 * planner read the whole table, and because only plain bounds keep PostgreSQL from visiting the partition of every day.
 *
 * `moved` holds (organization_id, queue_name, job_type, from_state, to_state) of every row changed.
 */
export const COUNT_MOVES = `
  insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta)
  select organization_id, queue_name, coalesce(job_type, ''), step.state, sum(step.delta * n)
  from (select organization_id, queue_name, job_type, from_state, to_state, count(*)::int as n from moved group by 1, 2, 3, 4, 5) as groups
  cross join lateral (values
    (to_state, 1),
    (from_state, -1),
    -- Not a state, but what the charts call new jobs.
    (case when from_state is null then 'created' end, 1)) as step(state, delta)
  where step.state is not null
  -- Entered and left stay apart: the charts count what entered a state.
  group by 1, 2, 3, 4, step.delta > 0`

/** States that nothing but an operator can leave. */
export const FINAL = `('completed', 'failed', 'cancelled', 'expired')`

interface NewJobRow { organization_id: string, queue_name: unknown, job_type: string | null, state: string }

/** What new rows add to the counters, in columns: organizations, queues, job types, states, numbers. */
export function countNew(rows: readonly NewJobRow[]): [string[], string[], string[], string[], number[]] {
  const groups = new Map<string, { row: NewJobRow, n: number }>()
  let last: { row: NewJobRow, n: number } | undefined
  for (const row of rows) {
    // Rows of one call are mostly alike.
    if (!last || !isAlike(last.row, row)) {
      const key = `${row.organization_id} ${row.state} ${row.job_type} ${row.queue_name}`
      last = groups.get(key) ?? { row, n: 0 }
      groups.set(key, last)
    }
    last.n++
  }
  const deltas = [...groups.values()].flatMap(({ row, n }) => [{ row, state: row.state, n }, { row, state: 'created', n }])
  return [deltas.map(({ row }) => row.organization_id), deltas.map(({ row }) => String(row.queue_name)), deltas.map(({ row }) => row.job_type ?? ''), deltas.map(({ state }) => state), deltas.map(({ n }) => n)]
}

const isAlike = (a: NewJobRow, b: NewJobRow): boolean =>
  a.queue_name === b.queue_name && a.state === b.state && a.job_type === b.job_type && a.organization_id === b.organization_id
