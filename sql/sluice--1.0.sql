/*
 * sluice 1.0: the catalog of streams, the functions that change it, the views that show it.
 *
 * Functions only change the catalog and have the launcher woken at commit; none waits for a worker.
 * They run as the extension's owner and judge by the role that called them: it needs REPLICATION
 * (or superuser) and SELECT on what it streams, and manages its own streams only.
 */
\echo Use "CREATE EXTENSION sluice" to load this file. \quit

CREATE TABLE sluice.stream (
	name text PRIMARY KEY,
	owner oid NOT NULL,
	mode text NOT NULL CHECK (mode IN ('cdc')),
	publications text NOT NULL,		-- quoted names, with commas between
	own_publication boolean NOT NULL,	-- made by create_stream, dropped with the stream
	slot_name text NOT NULL,
	options jsonb NOT NULL,
	desired text NOT NULL DEFAULT 'created'
		CHECK (desired IN ('created', 'running', 'paused', 'stopped', 'dropped')),
	state text NOT NULL DEFAULT 'created',
	error text,
	hint text,
	incarnation bigint,			-- of the slot: part of every change's identity
	start_lsn pg_catalog.pg_lsn,		-- the slot's consistent point
	system_identifier numeric,		-- of the cluster the slot is in: copies of it must not publish
	database_oid oid,
	keep_jetstream boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sluice.stream IS 'what shall run; use the functions of this schema to change it';
REVOKE ALL ON sluice.stream FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sluice.stream', '');

-- ---- what only the server knows ----

CREATE FUNCTION sluice.caller() RETURNS oid
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sluice_caller';
CREATE FUNCTION sluice.preloaded() RETURNS boolean
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sluice_preloaded';
CREATE FUNCTION sluice.scan() RETURNS void
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'sluice_scan';
CREATE FUNCTION sluice.can_move(from_state text, to_state text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'sluice_can_move';
CREATE FUNCTION sluice.name_fault(name text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'sluice_stream_name_ok';
CREATE FUNCTION sluice.stream_status(
	OUT name text, OUT state text, OUT pid integer, OUT connected boolean,
	OUT decoded_lsn pg_lsn, OUT published_lsn pg_lsn, OUT durable_lsn pg_lsn,
	OUT confirmed_lsn pg_lsn, OUT lag_seconds float8, OUT rows bigint,
	OUT rows_per_second float8, OUT bytes_per_second float8, OUT bundles bigint, OUT messages bigint,
	OUT bytes bigint, OUT in_flight bigint, OUT in_flight_bytes bigint,
	OUT jetstream_messages bigint, OUT jetstream_bytes bigint, OUT connects bigint,
	OUT failures bigint, OUT started_at timestamptz, OUT last_error text, OUT last_error_hint text,
	OUT last_error_at timestamptz) RETURNS SETOF record
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'sluice_stream_status';
CREATE FUNCTION sluice.table_status(
	OUT stream text, OUT relid oid, OUT inserts bigint, OUT updates bigint, OUT deletes bigint,
	OUT truncates bigint, OUT bytes bigint) RETURNS SETOF record
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'sluice_table_status';
REVOKE ALL ON FUNCTION sluice.scan(), sluice.stream_status(), sluice.table_status() FROM PUBLIC;

-- What a bundle holds, a line per record: for looking at what a slot gives.
CREATE FUNCTION sluice.bundle_text(bundle bytea) RETURNS SETOF text
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'sluice_bundle_text';

-- ---- who may ----

CREATE FUNCTION sluice.require_replication() RETURNS void
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT (SELECT rolsuper OR rolreplication FROM pg_roles WHERE oid = sluice.caller()) THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %s may not manage streams', sluice.caller()::regrole),
			HINT = format('ALTER ROLE %s REPLICATION lets it.', sluice.caller()::regrole);
	END IF;
END $$;

CREATE FUNCTION sluice.manages(owner oid) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN EXISTS (SELECT FROM pg_roles WHERE oid = owner)
		THEN pg_has_role(sluice.caller(), owner, 'USAGE')
		ELSE (SELECT rolsuper FROM pg_roles WHERE oid = sluice.caller()) END
$$;

-- The row, locked, after it is clear that the caller may change it.
CREATE FUNCTION sluice.own_stream(stream_name text) RETURNS sluice.stream
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_stream sluice.stream;
BEGIN
	PERFORM sluice.require_replication();
	SELECT * INTO found_stream FROM sluice.stream s WHERE s.name = stream_name FOR UPDATE;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('stream "%s" does not exist', stream_name),
			HINT = 'SELECT * FROM sluice.streams shows those there are.';
	END IF;
	IF NOT sluice.manages(found_stream.owner) THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %s does not own stream "%s"', sluice.caller()::regrole, stream_name);
	END IF;
	RETURN found_stream;
END $$;
REVOKE ALL ON FUNCTION sluice.own_stream(text) FROM PUBLIC;

-- ---- options ----

CREATE FUNCTION sluice.known_options(
	OUT name text, OUT kind text, OUT minimum numeric, OUT maximum numeric, OUT allowed text[],
	OUT initial text, OUT unit text, OUT meaning text) RETURNS SETOF record
	LANGUAGE sql IMMUTABLE AS $$
	VALUES
	('durability', 'choice', NULL::numeric, NULL::numeric, ARRAY['target', 'broker'], 'target', NULL::text,
		'what the slot is confirmed for: flushed at every target, or acknowledged by JetStream'),
	('messages', 'boolean', NULL, NULL, ARRAY['true', 'false'], 'true', NULL,
		'publish logical messages (pg_logical_emit_message)'),
	('origin', 'choice', NULL, NULL, ARRAY['any', 'none'], 'any', NULL,
		'none leaves out changes that came here by replication'),
	('bundle_rows', 'integer', 1, 1000000, NULL, '500', 'rows',
		'a bundle is sent when it has so many changes'),
	('bundle_bytes', 'integer', 4096, 67108864, NULL, '524288', 'bytes',
		'a bundle is sent when it is so long'),
	('compression', 'choice', NULL, NULL, ARRAY['none', 'lz4', 'zstd'], 'none', NULL,
		'of bundles'),
	('max_bytes', 'integer', 1048576, 9223372036854775807, NULL, '4294967296', 'bytes',
		'most that JetStream keeps; then the source''s log waits'),
	('replicas', 'integer', 1, 5, NULL, '1', NULL,
		'of the JetStream stream'),
	('replay_window', 'integer', 0, 31536000, NULL, '0', 'seconds',
		'how long JetStream keeps what every consumer has applied'),
	('consumers', 'names', NULL, NULL, NULL, 'writer', NULL,
		'whose progress the slot and JetStream wait for, with commas between')
$$;

CREATE FUNCTION sluice.option_fault(option_name text, option_value text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known record;
BEGIN
	SELECT * INTO known FROM sluice.known_options() o WHERE o.name = option_name;
	IF NOT FOUND THEN
		RETURN format('unknown option "%s": there are %s', option_name,
			(SELECT string_agg(o.name, ', ') FROM sluice.known_options() o));
	ELSIF option_value IS NULL THEN
		RETURN format('option "%s" has no value', option_name);
	ELSIF known.kind IN ('choice', 'boolean') AND NOT option_value = ANY (known.allowed) THEN
		RETURN format('option "%s" is %s, not "%s"', option_name,
			array_to_string(known.allowed, ' or '), option_value);
	ELSIF known.kind = 'integer' AND (option_value !~ '^[0-9]{1,19}$'
			OR option_value::numeric NOT BETWEEN known.minimum AND known.maximum) THEN
		RETURN format('option "%s" is a number from %s to %s%s, not "%s"', option_name,
			known.minimum, known.maximum, coalesce(' (' || known.unit || ')', ''), option_value);
	ELSIF known.kind = 'names' AND option_value !~ '^[A-Za-z0-9_-]{1,40}( *, *[A-Za-z0-9_-]{1,40}){0,7}$' THEN
		RETURN format('option "%s" is one to eight names of letters, digits, _ and -, not "%s"',
			option_name, option_value);
	END IF;
	RETURN NULL;
END $$;

CREATE FUNCTION sluice.require_options(options jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	fault text;
BEGIN
	IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'options is a JSON object';
	END IF;
	SELECT sluice.option_fault(key, value) INTO fault FROM jsonb_each_text(options)
		WHERE sluice.option_fault(key, value) IS NOT NULL LIMIT 1;
	IF fault IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = fault,
			HINT = 'SELECT * FROM sluice.known_options() explains them.';
	END IF;
END $$;

-- ---- streams ----

-- Every table must be there, be a table, and be the caller's to read.
CREATE FUNCTION sluice.require_tables(tables text[]) RETURNS regclass[]
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	table_name text;
	found_table regclass;
	result regclass[] := '{}';
BEGIN
	FOREACH table_name IN ARRAY tables LOOP
		BEGIN
			found_table := to_regclass(table_name);
		EXCEPTION WHEN invalid_name OR syntax_error THEN
			found_table := NULL;
		END;
		IF found_table IS NULL THEN
			RAISE undefined_table USING
				MESSAGE = format('table "%s" does not exist', table_name),
				HINT = 'Name tables with their schema, quoted as in SQL: ''shop."Order"''.';
		END IF;
		IF NOT EXISTS (SELECT FROM pg_class WHERE oid = found_table AND relkind IN ('r', 'p')) THEN
			RAISE wrong_object_type USING MESSAGE = format('%s is not a table', found_table);
		END IF;
		IF NOT pg_has_role(sluice.caller(), (SELECT relowner FROM pg_class WHERE oid = found_table), 'USAGE')
				AND NOT has_table_privilege(sluice.caller(), found_table, 'SELECT') THEN
			RAISE insufficient_privilege USING
				MESSAGE = format('role %s may not read table %s', sluice.caller()::regrole, found_table),
				HINT = format('GRANT SELECT ON %s TO %s lets it.', found_table, sluice.caller()::regrole);
		END IF;
		result := result || found_table;
	END LOOP;
	RETURN result;
END $$;

CREATE FUNCTION sluice.require_publication(publication text) RETURNS void
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	hidden text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = publication) THEN
		RAISE undefined_object USING
			MESSAGE = format('publication "%s" does not exist', publication),
			HINT = format('CREATE PUBLICATION %I FOR TABLE ... makes it.', publication);
	END IF;
	SELECT format('%I.%I', schemaname, tablename) INTO hidden FROM pg_publication_tables
		WHERE pubname = publication
		AND NOT has_table_privilege(sluice.caller(), format('%I.%I', schemaname, tablename)::regclass, 'SELECT')
		LIMIT 1;
	IF hidden IS NOT NULL THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %s may not read table %s of publication "%s"',
				sluice.caller()::regrole, hidden, publication),
			HINT = format('GRANT SELECT ON %s TO %s lets it.', hidden, sluice.caller()::regrole);
	END IF;
END $$;

CREATE FUNCTION sluice.create_stream(
	name text, tables text[] DEFAULT NULL, publication text DEFAULT NULL, mode text DEFAULT 'cdc',
	options jsonb DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	database oid := (SELECT oid FROM pg_database WHERE datname = current_database());
	made text := 'sluice_' || create_stream.name;
	found_tables regclass[];
	keyless regclass;
BEGIN
	PERFORM sluice.require_replication();
	IF create_stream.name IS NULL OR sluice.name_fault(create_stream.name) IS NOT NULL THEN
		RAISE invalid_name USING
			MESSAGE = coalesce(sluice.name_fault(create_stream.name), 'a stream needs a name');
	END IF;
	IF create_stream.mode IS DISTINCT FROM 'cdc' THEN
		RAISE feature_not_supported USING
			MESSAGE = format('mode "%s" is not available: this version streams changes (cdc)', create_stream.mode);
	END IF;
	PERFORM sluice.require_options(create_stream.options);
	IF (tables IS NULL) = (publication IS NULL) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a stream takes either tables or a publication',
			HINT = 'sluice.create_stream(''shop'', tables => ARRAY[''public.orders'']) or publication => ''name''.';
	END IF;
	IF EXISTS (SELECT FROM sluice.stream s WHERE s.name = create_stream.name) THEN
		RAISE duplicate_object USING MESSAGE = format('stream "%s" %s', create_stream.name,
			CASE (SELECT s.desired FROM sluice.stream s WHERE s.name = create_stream.name)
				WHEN 'dropped' THEN 'is still being dropped: sluice.stat_streams shows how far that is'
				ELSE 'already exists' END);
	END IF;
	IF tables IS NOT NULL AND EXISTS (SELECT FROM pg_publication WHERE pubname = made) THEN
		RAISE duplicate_object USING MESSAGE = format('publication "%s" already exists', made),
			HINT = format('It may be left from an earlier stream: DROP PUBLICATION %I.', made);
	END IF;
	IF tables IS NOT NULL THEN
		found_tables := sluice.require_tables(tables);
		IF found_tables = '{}' THEN
			RAISE invalid_parameter_value USING MESSAGE = 'the list of tables is empty';
		END IF;
		EXECUTE format('CREATE PUBLICATION %I FOR TABLE %s', made, array_to_string(found_tables, ', '));
	ELSE
		PERFORM sluice.require_publication(publication);
		made := publication;
	END IF;
	INSERT INTO sluice.stream (name, owner, mode, publications, own_publication, slot_name, options)
		VALUES (create_stream.name, sluice.caller(), create_stream.mode, quote_ident(made),
			tables IS NOT NULL, format('sluice_%s_%s', database, create_stream.name),
			create_stream.options);
	FOR keyless IN SELECT c.oid::regclass FROM unnest(found_tables) t JOIN pg_class c ON c.oid = t
		WHERE c.relreplident = 'n' OR (c.relreplident = 'd' AND NOT EXISTS
			(SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
	LOOP
		RAISE WARNING USING
			MESSAGE = format('table %s has no replica identity: UPDATE and DELETE on it fail from now on', keyless),
			HINT = format('ALTER TABLE %s REPLICA IDENTITY FULL, or give it a primary key.', keyless);
	END LOOP;
END $$;

-- Moves a stream's wish, when the table of states has that move from where the stream is.
CREATE FUNCTION sluice.request(stream_name text, wish text, through text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_stream(stream_name);
	at_state text := coalesce((SELECT s.state FROM sluice.stream_status() s WHERE s.name = stream_name),
		this_stream.state);
BEGIN
	IF this_stream.desired = wish OR (at_state = wish AND wish <> 'running') THEN
		RETURN;	-- asked for already
	END IF;
	IF this_stream.desired = 'dropped' OR NOT (sluice.can_move(at_state, through)
			OR sluice.can_move(this_stream.state, through)) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('stream "%s" is %s and cannot become %s', stream_name,
				CASE this_stream.desired WHEN 'dropped' THEN 'dropping' ELSE at_state END, through);
	END IF;
	UPDATE sluice.stream s SET desired = wish, changed_at = now(),
			error = CASE wish WHEN 'running' THEN NULL ELSE s.error END,
			hint = CASE wish WHEN 'running' THEN NULL ELSE s.hint END,
			state = CASE WHEN wish IN ('paused', 'stopped') AND s.state <> 'failed'
				AND NOT EXISTS (SELECT FROM sluice.stream_status() t WHERE t.name = s.name AND t.pid IS NOT NULL)
				THEN wish ELSE s.state END
		WHERE s.name = stream_name;
	PERFORM sluice.scan();
END $$;
REVOKE ALL ON FUNCTION sluice.request(text, text, text) FROM PUBLIC;

CREATE FUNCTION sluice.start_stream(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM sluice.request(start_stream.name, 'running', 'starting');
END $$;

-- Waits until a stream has what it is: the slot of a new one is made after start_stream has
-- committed, and it is that slot from which on changes count.
CREATE FUNCTION sluice.await_stream(name text, state text DEFAULT 'streaming', timeout interval DEFAULT '1 minute')
	RETURNS pg_lsn
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	until timestamptz := clock_timestamp() + timeout;
	found_state text;
	found_error text;
BEGIN
	IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'a transaction that has changed something cannot wait for a stream',
			DETAIL = 'The slot of a stream waits for every transaction that was running.',
			HINT = 'Commit first, then call sluice.await_stream.';
	END IF;
	LOOP
		SELECT t.state, t.last_error INTO found_state, found_error
			FROM sluice.my_stream_status() t WHERE t.name = await_stream.name;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('stream "%s" does not exist', await_stream.name);
		ELSIF found_state = await_stream.state THEN
			RETURN (SELECT s.start_lsn FROM sluice.stream s WHERE s.name = await_stream.name);
		ELSIF found_state = 'failed' OR clock_timestamp() > until THEN
			RAISE object_not_in_prerequisite_state USING
				MESSAGE = format('stream "%s" is %s%s', await_stream.name, found_state,
					coalesce(': ' || found_error, ''));
		END IF;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;

CREATE FUNCTION sluice.resume_stream(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_stream(resume_stream.name);
BEGIN
	IF this_stream.desired NOT IN ('paused', 'running') THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('stream "%s" is not paused', resume_stream.name),
			HINT = 'sluice.start_stream starts a stream that was stopped or never ran.';
	END IF;
	PERFORM sluice.request(resume_stream.name, 'running', 'starting');
END $$;

CREATE FUNCTION sluice.pause_stream(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM sluice.request(pause_stream.name, 'paused', 'paused');
END $$;

CREATE FUNCTION sluice.stop_stream(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM sluice.request(stop_stream.name, 'stopped', 'stopped');
END $$;

CREATE FUNCTION sluice.drop_stream(name text, keep_jetstream boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_stream(drop_stream.name);
BEGIN
	-- Without a slot there is nothing a worker would have to remove.
	IF this_stream.incarnation IS NULL AND this_stream.desired = 'created' THEN
		IF this_stream.own_publication THEN
			EXECUTE format('DROP PUBLICATION IF EXISTS %s', this_stream.publications);
		END IF;
		DELETE FROM sluice.stream s WHERE s.name = drop_stream.name;
		RETURN;
	END IF;
	UPDATE sluice.stream s SET desired = 'dropped', state = 'dropping', changed_at = now(),
			keep_jetstream = drop_stream.keep_jetstream
		WHERE s.name = drop_stream.name;
	PERFORM sluice.scan();
END $$;

-- ---- views ----

CREATE VIEW sluice.streams AS
	SELECT name, owner::regrole AS owner, mode, publications, slot_name, options, desired, state,
		error, hint, start_lsn, created_at, changed_at
	FROM sluice.stream WHERE sluice.manages(owner);

-- The live status where there is one, what the catalog remembers else.
CREATE FUNCTION sluice.my_stream_status() RETURNS TABLE (
	name text, state text, pid integer, connected boolean, decoded_lsn pg_lsn, published_lsn pg_lsn,
	durable_lsn pg_lsn, confirmed_lsn pg_lsn, lag_bytes bigint, unpublished_bytes bigint,
	kept_wal_bytes bigint, lag_seconds float8, rows bigint, rows_per_second float8,
	bytes_per_second float8, bundles bigint, messages bigint, bytes bigint,
	in_flight bigint, in_flight_bytes bigint, jetstream_messages bigint, jetstream_bytes bigint,
	connects bigint, failures bigint, started_at timestamptz, last_error text, last_error_hint text,
	last_error_at timestamptz)
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
		coalesce(t.last_error, s.error), coalesce(t.last_error_hint, s.hint), t.last_error_at
	FROM sluice.stream s
	LEFT JOIN sluice.stream_status() t USING (name)
	LEFT JOIN pg_replication_slots r USING (slot_name)
	WHERE sluice.manages(s.owner)
$$;
CREATE VIEW sluice.stat_streams AS SELECT * FROM sluice.my_stream_status();

CREATE FUNCTION sluice.my_table_status() RETURNS TABLE (
	stream text, relid oid, table_name text, inserts bigint, updates bigint, deletes bigint,
	truncates bigint, bytes bigint)
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.stream, t.relid, t.relid::regclass::text, t.inserts, t.updates, t.deletes, t.truncates,
		t.bytes
	FROM sluice.table_status() t JOIN sluice.stream s ON s.name = t.stream
	WHERE sluice.manages(s.owner)
$$;
CREATE VIEW sluice.stat_tables AS SELECT * FROM sluice.my_table_status();

-- ---- check ----

-- One row per requirement: status is ok, warning or missing; the hint is the statement that mends it.
CREATE FUNCTION sluice.check() RETURNS TABLE ("check" text, status text, detail text, hint text)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	server integer := current_setting('server_version_num')::integer;
	plugins text := current_setting('output_plugin_libraries', true);
	slots integer := current_setting('max_replication_slots')::integer;
	workers integer := current_setting('max_worker_processes')::integer;
	used integer;
	wanted integer;
	one record;
BEGIN
	RETURN QUERY SELECT 'server version', CASE WHEN server BETWEEN 130000 AND 189999 THEN 'ok' ELSE 'warning' END,
		current_setting('server_version'),
		CASE WHEN server BETWEEN 130000 AND 189999 THEN NULL ELSE 'tested with PostgreSQL 13 to 18' END;
	RETURN QUERY SELECT 'shared_preload_libraries', CASE WHEN sluice.preloaded() THEN 'ok' ELSE 'missing' END,
		CASE WHEN sluice.preloaded() THEN 'sluice is loaded' ELSE 'sluice is not loaded: streams cannot run' END,
		CASE WHEN NOT sluice.preloaded() THEN format('ALTER SYSTEM SET shared_preload_libraries = %s; then restart the server',
			concat_ws(', ', nullif(current_setting('shared_preload_libraries'), ''), 'sluice')) END;
	RETURN QUERY SELECT 'wal_level', CASE current_setting('wal_level') WHEN 'logical' THEN 'ok' ELSE 'missing' END,
		format('wal_level is %s', current_setting('wal_level')),
		CASE WHEN current_setting('wal_level') <> 'logical'
			THEN 'ALTER SYSTEM SET wal_level = logical; then restart the server' END;
	IF plugins IS NOT NULL THEN
		RETURN QUERY SELECT 'output_plugin_libraries', CASE WHEN listed THEN 'ok' ELSE 'missing' END,
			format('output_plugin_libraries is %s', plugins),
			CASE WHEN NOT listed THEN format('ALTER SYSTEM SET output_plugin_libraries = %s; then SELECT pg_reload_conf()',
				(SELECT string_agg(quote_literal(btrim(p, ' "')), ', ')
				FROM unnest(string_to_array(plugins || ', sluice', ',')) p WHERE btrim(p, ' "') <> '')) END
		FROM (SELECT 'sluice' = ANY (SELECT btrim(p, ' "') FROM unnest(string_to_array(plugins, ',')) p) AS listed) l;
	END IF;
	SELECT count(*) INTO wanted FROM sluice.stream s WHERE s.desired = 'running' AND NOT EXISTS
		(SELECT FROM pg_replication_slots r WHERE r.slot_name = s.slot_name);
	SELECT count(*) INTO used FROM pg_replication_slots;
	RETURN QUERY SELECT 'max_replication_slots', CASE WHEN slots > used + wanted - 1 AND slots > used THEN 'ok' ELSE 'missing' END,
		format('%s of %s slots are used', used, slots),
		CASE WHEN slots <= used OR slots < used + wanted
			THEN format('ALTER SYSTEM SET max_replication_slots = %s; then restart the server', used + wanted + 4) END;
	SELECT count(*) INTO used FROM pg_stat_activity WHERE backend_type NOT IN ('client backend', 'autovacuum launcher',
		'autovacuum worker', 'background writer', 'checkpointer', 'walwriter', 'walsender', 'archiver', 'startup',
		'walreceiver', 'walsummarizer', 'slotsync worker', 'io worker', 'standalone backend');
	wanted := 1;	-- a scanner
	IF sluice.preloaded() THEN
		SELECT count(*) + 1 INTO wanted FROM sluice.stream s WHERE s.desired = 'running' AND NOT EXISTS
			(SELECT FROM sluice.stream_status() t WHERE t.name = s.name AND t.pid IS NOT NULL);
	END IF;
	RETURN QUERY SELECT 'max_worker_processes', CASE WHEN workers >= used + wanted THEN 'ok' ELSE 'missing' END,
		format('%s of %s background workers are running, streams want %s more', used, workers, wanted),
		CASE WHEN workers < used + wanted
			THEN format('ALTER SYSTEM SET max_worker_processes = %s; then restart the server', used + wanted + 8) END;
	RETURN QUERY SELECT 'max_slot_wal_keep_size', CASE WHEN current_setting('max_slot_wal_keep_size') = '-1' THEN 'warning' ELSE 'ok' END,
		format('max_slot_wal_keep_size is %s', current_setting('max_slot_wal_keep_size')),
		CASE WHEN current_setting('max_slot_wal_keep_size') = '-1'
			THEN 'a stream that cannot publish keeps log without bound; to give up a stream before the disk is full: ALTER SYSTEM SET max_slot_wal_keep_size = ''100GB''; then SELECT pg_reload_conf()' END;
	RETURN QUERY SELECT 'nats_url', CASE WHEN coalesce(current_setting('sluice.nats_url', true), '') <> '' THEN 'ok' ELSE 'missing' END,
		CASE WHEN coalesce(current_setting('sluice.nats_url', true), '') <> '' THEN 'sluice.nats_url is set' ELSE 'sluice.nats_url is empty' END,
		CASE WHEN coalesce(current_setting('sluice.nats_url', true), '') = ''
			THEN 'ALTER SYSTEM SET sluice.nats_url = ''nats://host:4222''; then SELECT pg_reload_conf()' END;
	RETURN QUERY SELECT 'role', CASE WHEN r.rolsuper OR r.rolreplication THEN 'ok' ELSE 'missing' END,
		format('role %I', r.rolname),
		CASE WHEN NOT (r.rolsuper OR r.rolreplication) THEN format('ALTER ROLE %I REPLICATION', r.rolname) END
		FROM pg_roles r WHERE r.oid = sluice.caller();
	-- Tables whose updates and deletes PostgreSQL itself refuses once they are published.
	FOR one IN
		SELECT DISTINCT s.name, format('%I.%I', t.schemaname, t.tablename) AS table_name
		FROM sluice.stream s
		JOIN pg_publication p ON quote_ident(p.pubname) = s.publications AND (p.pubupdate OR p.pubdelete)
		JOIN pg_publication_tables t ON t.pubname = p.pubname
		JOIN pg_class c ON c.oid = format('%I.%I', t.schemaname, t.tablename)::regclass
		WHERE sluice.manages(s.owner) AND (c.relreplident = 'n' OR (c.relreplident = 'd' AND NOT EXISTS
			(SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)))
	LOOP
		RETURN QUERY SELECT 'replica identity', 'warning',
			format('table %s of stream "%s" has no replica identity: UPDATE and DELETE on it fail', one.table_name, one.name),
			format('ALTER TABLE %s REPLICA IDENTITY FULL, or give it a primary key', one.table_name);
	END LOOP;
END $$;

GRANT USAGE ON SCHEMA sluice TO PUBLIC;
GRANT SELECT ON sluice.streams, sluice.stat_streams, sluice.stat_tables TO PUBLIC;
