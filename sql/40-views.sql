-- ---- views ----

CREATE VIEW sluice.streams AS
	SELECT name, owner::regrole AS owner, mode, publications, slot_name, options, desired, state,
		error, hint, start_lsn, created_at, changed_at
	FROM sluice.stream WHERE sluice.manages(owner);

-- Tables of a stream's own publication that were dropped and are there again: another table to
-- PostgreSQL, which its publication does not have.
CREATE FUNCTION sluice.replaced_tables(stream sluice.stream) RETURNS SETOF text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT was.name FROM unnest(stream.table_oids, stream.table_names) AS was(id, name)
	JOIN pg_class c ON c.oid = to_regclass(was.name) AND c.relkind IN ('r', 'p')
	WHERE stream.own_publication AND c.oid <> was.id
		AND NOT EXISTS (SELECT FROM pg_class old WHERE old.oid = was.id)
		AND NOT EXISTS (SELECT FROM pg_publication p JOIN pg_publication_tables t ON t.pubname = p.pubname
			WHERE quote_ident(p.pubname) = stream.publications
				AND format('%I.%I', t.schemaname, t.tablename)::regclass = c.oid)
$$;
REVOKE ALL ON FUNCTION sluice.replaced_tables(sluice.stream) FROM PUBLIC;

CREATE FUNCTION sluice.replaced_tables_note(stream sluice.stream) RETURNS text
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('not carried any more, since it was dropped and made anew: %s', string_agg(t, ', '))
		FROM sluice.replaced_tables(stream) t HAVING count(*) > 0
$$;
REVOKE ALL ON FUNCTION sluice.replaced_tables_note(sluice.stream) FROM PUBLIC;

-- The live status where there is one, what the catalog remembers else.
CREATE FUNCTION sluice.my_stream_status() RETURNS TABLE (
	name text, state text, pid integer, connected boolean, decoded_lsn pg_lsn, published_lsn pg_lsn,
	durable_lsn pg_lsn, confirmed_lsn pg_lsn, lag_bytes bigint, unpublished_bytes bigint,
	kept_wal_bytes bigint, lag_seconds float8, rows bigint, rows_per_second float8,
	bytes_per_second float8, bundles bigint, messages bigint, bytes bigint,
	in_flight bigint, in_flight_bytes bigint, jetstream_messages bigint, jetstream_bytes bigint,
	connects bigint, failures bigint, started_at timestamptz, last_error text, last_error_hint text,
	last_error_at timestamptz, copy_generation integer, copy_chunks_done bigint, copy_chunks integer,
	copy_rows bigint, copy_bytes bigint, copy_jetstream_messages bigint, copy_jetstream_bytes bigint)
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT s.name,
		CASE WHEN s.desired = 'dropped' THEN 'dropping'
			WHEN t.pid IS NOT NULL OR (s.desired = 'running' AND t.state IS NOT NULL) THEN t.state
			ELSE s.state END,
		t.pid, coalesce(t.connected, false), t.decoded_lsn, t.published_lsn, t.durable_lsn,
		coalesce(t.confirmed_lsn, r.confirmed_flush_lsn),
		pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(t.confirmed_lsn, r.confirmed_flush_lsn))::bigint,
		pg_wal_lsn_diff(pg_current_wal_lsn(), t.decoded_lsn)::bigint,
		pg_wal_lsn_diff(pg_current_wal_lsn(), r.restart_lsn)::bigint,
		t.lag_seconds, t.rows, t.rows_per_second, t.bytes_per_second, t.bundles, t.messages, t.bytes, t.in_flight, t.in_flight_bytes, t.jetstream_messages,
		t.jetstream_bytes, t.connects, t.failures, t.started_at,
		coalesce(t.last_error, s.error, sluice.replaced_tables_note(s)),
		CASE WHEN t.last_error IS NOT NULL THEN t.last_error_hint WHEN s.error IS NOT NULL THEN s.hint
			WHEN sluice.replaced_tables_note(s) IS NOT NULL THEN 'sluice.check() has the statements that mend it.' END,
		t.last_error_at, c.generation, c.done, c.chunks, l.rows, l.bytes, k.jetstream_messages, k.jetstream_bytes
	FROM sluice.stream s
	LEFT JOIN sluice.stream_status() t USING (name)
	LEFT JOIN LATERAL (SELECT n.generation, n.chunks, (SELECT count(*) FROM sluice.copy_done d
		WHERE d.stream = n.stream AND d.generation = n.generation) AS done
		FROM sluice.copy n WHERE n.stream = s.name ORDER BY n.generation DESC LIMIT 1) c ON true
	LEFT JOIN (SELECT stream, sum(copied_rows)::bigint AS rows, sum(copied_bytes)::bigint AS bytes
		FROM sluice.table_copies() GROUP BY stream) l ON l.stream = s.name
	LEFT JOIN sluice.copy_status() k ON k.stream = s.name
	LEFT JOIN pg_replication_slots r USING (slot_name)
	WHERE sluice.manages(s.owner)
$$;
CREATE VIEW sluice.stat_streams AS SELECT * FROM sluice.my_stream_status();

CREATE FUNCTION sluice.my_table_status() RETURNS TABLE (
	stream text, relid oid, table_name text, inserts bigint, updates bigint, deletes bigint,
	truncates bigint, bytes bigint, copy_state text, estimated_rows bigint, copied_rows bigint, copied_bytes bigint,
	copy_rows_per_second float8, copy_seconds_left float8, copy_error text)
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT stream, relid, relid::regclass::text, coalesce(t.inserts, 0), coalesce(t.updates, 0),
		coalesce(t.deletes, 0), coalesce(t.truncates, 0), coalesce(t.bytes, 0), coalesce(c.state, 'streaming'),
		c.estimated_rows, c.copied_rows, c.copied_bytes, c.rows_per_second, c.seconds_left, c.error
	FROM sluice.table_status() t FULL JOIN sluice.table_copies() c USING (stream, relid)
	JOIN sluice.stream s ON s.name = stream
	WHERE sluice.manages(s.owner)
$$;
CREATE VIEW sluice.stat_tables AS SELECT * FROM sluice.my_table_status();

GRANT SELECT ON sluice.streams, sluice.stat_streams, sluice.stat_tables TO PUBLIC;
