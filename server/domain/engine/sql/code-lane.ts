/**
 * What the login of the code workers may do: the engine's own statements on code executions, as functions that run with
 * the rights of the tables' owner. The migration step makes them from these lines, so that there is one copy of each
 * statement; `execute` in `infra/database.ts` calls them by the statement's name. A guard goes first and takes away what
 * is not of this lane: whoever holds this login reads no table, and moves no job of another type.
 */
import { BACK, BOUNCE, CLAIM } from '#server/domain/engine/sql/claim.ts'
import { COMPLETE, COMPLETE_PLAIN, FINISH } from '#server/domain/engine/sql/finish.ts'
import { HEARTBEAT, LEAVE, LOG, PROGRESS } from '#server/domain/engine/sql/presence.ts'
import { FREE_SLOTS, UNPARK } from '#server/domain/engine/sql/slots.ts'
import { ADD_TIMES } from '#server/domain/engine/sql/times.ts'

const LANE = `'code-execution'`
const QUEUES = `array[${LANE}]`

interface LaneFunction {
  /** Of the statement, as the store names it. */
  name: string
  statement: string
  /** Types of $1, $2, ... */
  takes: string[]
  /** Columns it answers; absent: none. */
  answers?: string
  /** PL/pgSQL that takes away what is not of this lane, or returns. */
  guard: string
}

const jobsOfLane = (ids: string, bounds = '') => `array(select j.id from jobs j where j.id = any(${ids}) ${bounds} and j.job_type = ${LANE})`
const keepJobs = (bounds = '') => `$1 := ${jobsOfLane('$1', bounds)};`
const mustBeOfLane = (worker: string) => `if not exists (select from workers w where w.id = ${worker} and w.queues = ${QUEUES}) then return; end if;`
const claimsOfLane = (claims: string) =>
  `${claims} := array(select c.id from claims c where c.id = any(${claims}) and c.worker_id in (select w.id from workers w where w.queues = ${QUEUES}));`
/** The columns of these arrays belong together by their place: a run that no job has stands for what is not of this lane. */
const keepRuns = `$2 := array(select case when exists (select from jobs j where j.id = a.id and j.id between $4 and $5 and j.job_type = ${LANE}) then a.run else -1 end
    from unnest($1, $2) with ordinality as a(id, run, n) order by a.n);
  ${claimsOfLane('$3')}`

const END = ['uuid[]', 'integer[]', 'bigint[]', 'uuid', 'uuid']

const FUNCTIONS: LaneFunction[] = [
  {
    name: 'claim', statement: CLAIM, takes: ['uuid[]', 'uuid', 'double precision', 'uuid', 'uuid', 'bigint'],
    answers: `id uuid, organization_id uuid, queue_name text, job_type text, run integer, payload jsonb, failures integer, crashes integer, max_retries integer,
    backoff jsonb, timeout_seconds integer, gated boolean, ordering_key text, concurrency_key text, suspect boolean, expires boolean, wait_ms integer`,
    guard: `${mustBeOfLane('$2')} ${keepJobs('and j.id between $4 and $5')}`,
  },
  { name: 'bounce', statement: BOUNCE, takes: ['uuid[]', 'uuid', 'uuid'], guard: keepJobs('and j.id between $2 and $3') },
  { name: 'back', statement: BACK, takes: ['uuid[]', 'uuid', 'uuid'], guard: keepJobs('and j.id between $2 and $3') },
  { name: 'complete', statement: COMPLETE, takes: [...END, 'jsonb'], answers: 'id uuid', guard: keepRuns },
  { name: 'complete-plain', statement: COMPLETE_PLAIN, takes: [...END, 'jsonb'], answers: 'id uuid', guard: keepRuns },
  {
    name: 'finish', statement: FINISH, takes: [...END, 'integer[]', 'integer[]', 'integer[]', 'jsonb', 'uuid[]'],
    answers: `id uuid, run integer, state text, organization_id uuid, queue_name text, job_type text, updated_at timestamptz, gated boolean, ordering_key text,
    concurrency_key text, outcome text`,
    guard: keepRuns,
  },
  {
    name: 'heartbeat', statement: HEARTBEAT,
    takes: ['uuid', 'text', 'integer', 'text', 'text[]', 'integer', 'integer', 'text', 'text', 'jsonb', 'uuid[]', 'double precision', 'bigint[]', 'bigint[]', 'bigint', 'bigint', 'jsonb'],
    answers: 'cancels uuid[], drain boolean',
    guard: `if exists (select from workers w where w.id = $1 and w.queues <> ${QUEUES}) then
    raise insufficient_privilege using message = 'This worker is not of the code lane.';
  end if;
  $5 := ${QUEUES};
  $14 := array(select c.id from claims c where c.id = any($14) and c.worker_id = $1);`,
  },
  { name: 'leave', statement: LEAVE, takes: ['uuid'], guard: mustBeOfLane('$1') },
  { name: 'progress', statement: PROGRESS, takes: ['uuid', 'integer', 'real'], guard: `if not exists (select from jobs j where j.id = $1 and j.job_type = ${LANE}) then return; end if;` },
  {
    name: 'log', statement: LOG, takes: ['uuid[]', 'integer[]', 'integer[]', 'uuid[]', 'timestamptz[]', 'text[]'],
    guard: `select array_agg(l.job_id), array_agg(l.run), array_agg(l.line), array_agg(l.organization_id), array_agg(l.at), array_agg(l.text) into $1, $2, $3, $4, $5, $6
  from unnest($1, $2, $3, $4, $5, $6) as l(job_id, run, line, organization_id, at, text)
  where exists (select from jobs j where j.id = l.job_id and j.organization_id = l.organization_id and j.job_type = ${LANE});`,
  },
  {
    name: 'add-times', statement: ADD_TIMES, takes: ['uuid[]', 'text[]', 'text[]', 'text[]', 'smallint[]', 'bigint[]'],
    guard: `$3 := array(select ${LANE} from unnest($3));`,
  },
  {
    name: 'unpark', statement: UNPARK, takes: ['uuid[]', 'text[]', 'text[]'],
    guard: `select array_agg(k.o), array_agg(k.q), array_agg(k.w) into $1, $2, $3 from unnest($1, $2, $3) as k(o, q, w)
  where exists (select from due_jobs d where d.organization_id = k.o and d.queue_name = k.q and d.waits_for = k.w and d.lane = ${LANE});`,
  },
  { name: 'free-slots', statement: FREE_SLOTS, takes: ['uuid[]'], guard: keepJobs() },
]

/** Plans as the engine's own login has them. */
const SETTINGS = 'set search_path = public, pg_temp set enable_seqscan = off set plan_cache_mode = force_generic_plan'

function toSql({ name, statement, takes, answers, guard }: LaneFunction): string {
  const signature = `bespin_code_${name.replaceAll('-', '_')}(${takes.join(', ')})`
  return `
-- Dropped first: what it answers may have changed. Calls that are under way end well.
drop function if exists ${signature};
create function ${signature} returns ${answers ? `table (${answers})` : 'void'} language plpgsql security definer ${SETTINGS} as $body$
#variable_conflict use_column
begin
  ${guard}
  ${answers ? 'return query' : ''}${statement.startsWith('\n') ? '' : ' '}${statement};
end $body$;
revoke execute on function ${signature} from public;
grant execute on function ${signature} to bespin_code;`
}

/** The script that makes all of them; safe to repeat. Needs the owner of the tables, and the role. */
export const codeLaneSql = (): string => `begin;
grant usage on schema public to bespin_code;
${FUNCTIONS.map(toSql).join('\n')}
commit;`
