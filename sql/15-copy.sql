-- ---- copies (mode convert and convert+cdc): docs/convert.md ----
--
-- A generation is a snapshot and a plan of chunks. What a chunk is does not change while its table is
-- not rewritten: a later generation reads the chunks that an earlier one did not finish, and what has
-- moved since between them. What plans and reads them is in 70-copy.sql.

CREATE TABLE sluice.copy (
	stream text NOT NULL REFERENCES sluice.stream ON DELETE CASCADE,
	generation integer NOT NULL,
	position pg_catalog.pg_lsn,	-- of the snapshot
	threshold bigint,		-- transactions from this one on may be unseen by the snapshot
	chunks integer,
	started_at timestamptz NOT NULL DEFAULT now(),
	copied_at timestamptz,		-- all chunks are in JetStream
	finished_at timestamptz,	-- all consumers have all
	PRIMARY KEY (stream, generation)
);
COMMENT ON TABLE sluice.copy IS 'a row per snapshot of a stream''s copy; the newest one counts';

CREATE TABLE sluice.copy_table (
	stream text NOT NULL,
	generation integer NOT NULL,
	relid oid NOT NULL,		-- the table that is read
	published oid NOT NULL,		-- the table it is published as
	filenode oid,
	mode text NOT NULL,		-- exact, catch_up, restart: docs/schema-document.md
	base integer NOT NULL,		-- the generation from which on its chunks count
	complete_in integer,		-- the earlier generation that finished it: nothing to read in this one
	rows bigint NOT NULL,		-- estimated
	bytes bigint NOT NULL,
	query text,			-- read in place of the table
	lost boolean NOT NULL DEFAULT false,	-- JetStream no longer had all of it for a consumer that wants it
	PRIMARY KEY (stream, generation, relid),
	FOREIGN KEY (stream, generation) REFERENCES sluice.copy ON DELETE CASCADE
);

CREATE TABLE sluice.copy_chunk (
	stream text NOT NULL,
	generation integer NOT NULL,
	chunk integer NOT NULL,		-- from 0, those of a table one after the other
	relid oid NOT NULL,
	kind text NOT NULL CHECK (kind IN ('blocks', 'table', 'moved', 'query')),
	first_block bigint NOT NULL,
	blocks bigint NOT NULL,
	bytes bigint NOT NULL,		-- estimated
	PRIMARY KEY (stream, generation, chunk),
	FOREIGN KEY (stream, generation) REFERENCES sluice.copy ON DELETE CASCADE
);

CREATE TABLE sluice.copy_done (
	stream text NOT NULL,
	generation integer NOT NULL,
	chunk integer NOT NULL,
	relid oid NOT NULL,
	rows bigint NOT NULL,
	bytes bigint NOT NULL,
	bundles bigint NOT NULL,
	done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (stream, generation, chunk),
	FOREIGN KEY (stream, generation) REFERENCES sluice.copy ON DELETE CASCADE
);

CREATE TABLE sluice.joining (
	stream text NOT NULL REFERENCES sluice.stream ON DELETE CASCADE,
	relid oid NOT NULL,
	schema_name text NOT NULL,	-- when it was added
	table_name text NOT NULL,
	generation integer,		-- the last one whose snapshot has the table in the publication; NULL: none yet
	PRIMARY KEY (stream, relid)
);
COMMENT ON TABLE sluice.joining IS 'tables added to the publication of a stream that runs, until their rows are copied';
REVOKE ALL ON sluice.copy, sluice.copy_table, sluice.copy_chunk, sluice.copy_done, sluice.joining FROM PUBLIC;

-- The last generation that every consumer has; 0 for none. What comes after it copies tables that join.
CREATE FUNCTION sluice.finished_copy(stream_name text) RETURNS integer
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(max(c.generation), 0) FROM sluice.copy c WHERE c.stream = stream_name AND c.finished_at IS NOT NULL
$$;

-- Whether there is something to copy that not every consumer has.
CREATE FUNCTION sluice.copy_due(this_stream sluice.stream) RETURNS boolean
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT this_stream.mode <> 'cdc' AND (EXISTS (SELECT FROM sluice.joining j WHERE j.stream = this_stream.name)
		OR coalesce((SELECT max(c.generation) FROM sluice.copy c WHERE c.stream = this_stream.name), 1)
			> sluice.finished_copy(this_stream.name))
$$;
REVOKE ALL ON FUNCTION sluice.finished_copy(text), sluice.copy_due(sluice.stream) FROM PUBLIC;

-- Live status, per stream and per worker that reads a table.
CREATE FUNCTION sluice.copy_status(
	OUT stream text, OUT generation integer, OUT jetstream_messages bigint, OUT jetstream_bytes bigint,
	OUT error text) RETURNS SETOF record
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'sluice_copy_status';
CREATE FUNCTION sluice.copy_worker_status(
	OUT stream text, OUT pid integer, OUT relid oid, OUT rows bigint, OUT bytes bigint) RETURNS SETOF record
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'sluice_copy_worker_status';
REVOKE ALL ON FUNCTION sluice.copy_status(), sluice.copy_worker_status() FROM PUBLIC;

-- How far the newest generation is, and how far each table is in it.
CREATE FUNCTION sluice.table_copies(
	OUT stream text, OUT relid oid, OUT state text, OUT estimated_rows bigint, OUT copied_rows bigint,
	OUT copied_bytes bigint, OUT rows_per_second float8, OUT seconds_left float8, OUT error text)
	RETURNS SETOF record
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	WITH newest AS (
		SELECT DISTINCT ON (c.stream) c.* FROM sluice.copy c ORDER BY c.stream, c.generation DESC),
	done AS (
		SELECT t.stream, t.relid, t.rows AS estimated_rows, coalesce(d.rows, 0) + coalesce(w.rows, 0) AS rows,
			coalesce(d.bytes, 0) + coalesce(w.bytes, 0) AS bytes, coalesce(d.chunks, 0) >= coalesce(c.chunks, 0) AS whole,
			w.relid IS NOT NULL OR d.relid IS NOT NULL AS begun,
			n.finished_at IS NOT NULL OR coalesce(t.complete_in <= sluice.finished_copy(t.stream), false) AS joined,
			extract(epoch FROM clock_timestamp() - n.started_at)::float8 AS seconds, s.error
		FROM newest n JOIN sluice.copy_table t USING (stream, generation)
		LEFT JOIN LATERAL (SELECT count(*) AS chunks FROM sluice.copy_chunk x
			WHERE (x.stream, x.generation, x.relid) = (t.stream, t.generation, t.relid)) c ON true
		LEFT JOIN (SELECT x.stream, x.relid, sum(x.rows)::bigint AS rows, sum(x.bytes)::bigint AS bytes,
			count(*) FILTER (WHERE x.generation = y.generation) AS chunks FROM sluice.copy_done x
			JOIN newest y USING (stream) GROUP BY 1, 2) d ON (d.stream, d.relid) = (t.stream, t.relid)
		LEFT JOIN (SELECT x.stream, x.relid, sum(x.rows)::bigint AS rows, sum(x.bytes)::bigint AS bytes
			FROM sluice.copy_worker_status() x WHERE x.relid IS NOT NULL GROUP BY 1, 2) w
			ON (w.stream, w.relid) = (t.stream, t.relid)
		LEFT JOIN sluice.copy_status() s ON s.stream = t.stream)
	SELECT d.stream, d.relid, CASE WHEN d.joined THEN 'streaming' WHEN d.whole THEN 'copied'
			WHEN d.begun THEN 'copying' ELSE 'waiting' END,
		d.estimated_rows, d.rows, d.bytes,
		CASE WHEN NOT d.whole AND d.seconds > 0 THEN d.rows / d.seconds END,
		CASE WHEN NOT d.whole AND d.rows > 0 THEN greatest(d.estimated_rows - d.rows, 0) * d.seconds / d.rows END,
		CASE WHEN NOT d.whole THEN d.error END
	FROM done d
	UNION ALL
	SELECT j.stream, j.relid, 'waiting', NULL, NULL, NULL, NULL, NULL,
		(SELECT s.error FROM sluice.copy_status() s WHERE s.stream = j.stream)
	FROM sluice.joining j WHERE NOT EXISTS (SELECT FROM done d WHERE (d.stream, d.relid) = (j.stream, j.relid))
	AND EXISTS (SELECT FROM pg_class c WHERE c.oid = j.relid AND c.relkind = 'r')
$$;
REVOKE ALL ON FUNCTION sluice.table_copies() FROM PUBLIC;

-- Queries stand for tables of a copy that nothing follows.
CREATE FUNCTION sluice.require_queries(mode text, queries jsonb) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	missing text;
BEGIN
	IF queries IS NOT NULL AND mode <> 'convert' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'option "queries" needs mode convert: changes of a query''s result cannot be streamed';
	END IF;
	SELECT q.name INTO missing FROM jsonb_object_keys(queries) q(name) WHERE to_regclass(q.name) IS NULL LIMIT 1;
	IF missing IS NOT NULL THEN
		RAISE undefined_table USING MESSAGE = format('option "queries" names table "%s", which does not exist', missing);
	END IF;
END $$;
