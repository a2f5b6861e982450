/** Every move of every job, written down by the database itself, in a table of the benchmark's own: the product is as it ships. */
import pg from 'pg'

const AUDIT = `
  create schema chaos;
  create table chaos.moves (
    seq bigint generated always as identity,
    job_id uuid not null, from_state text, to_state text, run integer, worker_id uuid, at timestamptz not null default clock_timestamp()
  );
  create index moves_job on chaos.moves (job_id, seq);
  create function chaos.note() returns trigger language plpgsql security definer set search_path = chaos as $$
  begin
    if tg_op = 'DELETE' then
      insert into moves (job_id, from_state, run, worker_id) values (old.id, old.state, old.run, old.worker_id);
    elsif tg_op = 'INSERT' then
      insert into moves (job_id, to_state, run, worker_id) values (new.id, new.state, new.run, new.worker_id);
    else
      insert into moves (job_id, from_state, to_state, run, worker_id) values (new.id, old.state, new.state, new.run, new.worker_id);
    end if;
    return null;
  end $$;
  create trigger chaos_rows after insert or delete on jobs for each row execute function chaos.note();
  create trigger chaos_moves after update on jobs for each row
    when (old.state is distinct from new.state or old.run is distinct from new.run) execute function chaos.note()`

/** The owner's connections to the product's database. */
export function openOwner(databaseUrl: string): pg.Pool {
  const owner = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 5000 })
  owner.on('error', () => {})
  return owner
}

/** Begins to write down the moves. Before the first job. */
export async function installAudit(owner: pg.Pool): Promise<void> {
  await owner.query(AUDIT)
}
