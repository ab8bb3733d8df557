/*
 * sluice 1.0: the catalog of streams, the functions that change it, the views that show it.
 *
 * Functions only change the catalog and have the launcher woken at commit; none waits for a worker.
 * They run as the extension's owner and judge by the role that called them: it needs REPLICATION
 * (or superuser), tables of its own or a publication of tables it may read, and manages its own
 * streams only.
 */
\echo Use "CREATE EXTENSION sluice" to load this file. \quit

CREATE TABLE sluice.stream (
	name text PRIMARY KEY,
	owner oid NOT NULL,
	mode text NOT NULL CHECK (mode IN ('cdc', 'convert', 'convert+cdc')),
	publications text NOT NULL,		-- quoted names, with commas between
	own_publication boolean NOT NULL,	-- made by create_stream, dropped with the stream
	table_oids oid[] NOT NULL DEFAULT '{}',	-- in the own publication when it was made...
	table_names text[] NOT NULL DEFAULT '{}',	-- ...and their names then
	slot_name text NOT NULL,
	options jsonb NOT NULL,
	desired text NOT NULL DEFAULT 'created'
		CHECK (desired IN ('created', 'running', 'paused', 'stopped', 'dropped')),
	state text NOT NULL DEFAULT 'created',
	error text,
	hint text,
	incarnation bigint,			-- of the slot: part of every change's identity
	start_lsn pg_catalog.pg_lsn,		-- the slot's consistent point
	system_identifier numeric NOT NULL,	-- of the cluster the stream was made in...
	database_oid oid NOT NULL,		-- ...and the database: copies of either must not publish
	keep_jetstream boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sluice.stream IS 'what shall run; use the functions of this schema to change it';
GRANT USAGE ON SCHEMA sluice TO PUBLIC;
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
CREATE FUNCTION sluice.nats_servers(
	OUT number integer, OUT url text, OUT version text, OUT jetstream boolean, OUT error text)
	RETURNS SETOF record
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'sluice_nats_servers';
REVOKE ALL ON FUNCTION sluice.scan(), sluice.stream_status(), sluice.table_status(), sluice.nats_servers()
	FROM PUBLIC;

-- What a bundle holds, a line per record: for looking at what a slot gives.
CREATE FUNCTION sluice.bundle_text(bundle bytea) RETURNS SETOF text
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'sluice_bundle_text';

-- The canonical type that values of a type travel as, and that of an array's elements.
CREATE FUNCTION sluice.canon_of(type regtype) RETURNS text
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'sluice_canon_of';
CREATE FUNCTION sluice.element_of(type regtype) RETURNS text
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'sluice_element_of';

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
