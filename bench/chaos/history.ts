import type pg from 'pg'

/** Everything the database knows of a job, as lines: its row, its moves, its attempts, what operators did. */
export async function historyOf(owner: pg.Pool, id: string): Promise<string> {
  const read = async (sql: string) => (await owner.query<{ line: string }>(sql, [id])).rows.map(row => `    ${row.line}`)
  return [
    `  job ${id}`,
    ...await read(`select to_jsonb(jobs)::text as line from jobs where id = $1`),
    ...await read(`select format('%s  %s -> %s  run %s  worker %s', at, coalesce(from_state, 'new'), coalesce(to_state, 'deleted'), run, coalesce(worker_id::text, '-')) as line
      from chaos.moves where job_id = $1 order by seq`),
    ...await read(`select format('attempt %s: %s, worker %s, %s to %s%s', run, outcome, worker_id, started_at, finished_at, ' ' || error) as line
      from job_attempts where job_id = $1 order by run`),
    ...await read(`select format('%s  %s by %s', created_at, action, actor) as line from events where subject_id = $1::text order by id`),
    ...await read(`select format('waiting room: %s', to_jsonb(due_jobs)) as line from due_jobs where job_id = $1`),
    ...await read(`select format('slot: %s', to_jsonb(job_slots)) as line from job_slots where job_id = $1`),
    ...await read(`select format('claim: %s', to_jsonb(claims)) as line from claims where $1 = any(job_ids)`),
  ].join('\n')
}
