-- What a code worker proved of its sandbox and found of languages: null for workers that run no code. Published with the
-- heartbeat, when it changed.
ALTER TABLE workers ADD COLUMN runner jsonb;
