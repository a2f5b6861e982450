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

interface NewJob { organization_id: string, queue_name: string, job_type: string | null, state: string }

/** What new rows add to the counters, in columns: organizations, queues, job types, states, numbers. */
export function countNew(rows: readonly { rest: NewJob }[]): [string[], string[], string[], string[], number[]] {
  const alike = [...Map.groupBy(rows, row => row.rest)].map(([rest, same]) => ({ rest, n: same.length }))
  const groups = [...Map.groupBy(alike, ({ rest }) => `${rest.organization_id} ${rest.state} ${rest.job_type} ${rest.queue_name}`).values()]
  const deltas = groups.flatMap((group) => {
    const { rest } = group[0]!
    const n = group.reduce((sum, each) => sum + each.n, 0)
    return [{ rest, state: rest.state, n }, { rest, state: 'created', n }]
  })
  return [deltas.map(({ rest }) => rest.organization_id), deltas.map(({ rest }) => rest.queue_name), deltas.map(({ rest }) => rest.job_type ?? ''), deltas.map(({ state }) => state), deltas.map(({ n }) => n)]
}
