-- ---- check ----

-- A row per server of sluice.nats_url; which it is, only for who may read that setting.
CREATE FUNCTION sluice.check_nats() RETURNS TABLE ("check" text, status text, detail text, hint text)
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	WITH servers AS (
		SELECT n.*, CASE WHEN pg_has_role(sluice.caller(), 'pg_read_all_settings', 'USAGE') AND n.url IS NOT NULL
				THEN n.url ELSE format('server %s of sluice.nats_url', n.number) END AS title,
			n.error IS NULL AND n.jetstream AS good
		FROM sluice.nats_servers() n WHERE coalesce(current_setting('sluice.nats_url', true), '') <> '')
	SELECT 'nats server', CASE WHEN good THEN 'ok' WHEN bool_or(good) OVER () THEN 'warning' ELSE 'missing' END,
		CASE WHEN error IS NOT NULL THEN format('%s does not answer this database server: %s', title, error)
			ELSE format('%s is nats-server %s, JetStream is %s', title, version,
				CASE WHEN jetstream THEN 'on' ELSE 'off' END) END,
		CASE WHEN error IS NOT NULL THEN 'start nats-server there or let a firewall pass it; another address: ALTER SYSTEM SET sluice.nats_url = ''nats://host:4222''; then SELECT pg_reload_conf()'
			WHEN NOT jetstream THEN 'start nats-server with -js, or with jetstream { store_dir: ... } in its configuration' END
	FROM servers
$$;
REVOKE ALL ON FUNCTION sluice.check_nats() FROM PUBLIC;

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
	RETURN QUERY SELECT * FROM sluice.check_nats();
	RETURN QUERY SELECT 'role', CASE WHEN r.rolsuper OR r.rolreplication THEN 'ok' ELSE 'missing' END,
		format('role %I', r.rolname),
		CASE WHEN NOT (r.rolsuper OR r.rolreplication) THEN format('ALTER ROLE %I REPLICATION', r.rolname) END
		FROM pg_roles r WHERE r.oid = sluice.caller();
	IF sluice.preloaded() THEN
		RETURN QUERY SELECT 'max_streams', 'missing', format('stream "%s": %s', s.name, s.error),
			format('ALTER SYSTEM SET sluice.max_streams = %s; then restart the server', current_setting('sluice.max_streams')::integer + 8)
			FROM sluice.stream s WHERE sluice.manages(s.owner) AND s.desired IN ('running', 'dropped')
				AND s.error IS NOT NULL AND NOT EXISTS (SELECT FROM sluice.stream_status() t WHERE t.name = s.name);
	END IF;
	RETURN QUERY SELECT 'publication', 'missing', format('publication %s of stream "%s" does not exist', s.publications, s.name),
		format('SELECT sluice.drop_stream(%L); create the publication and the stream anew, then copy the tables again', s.name)
		FROM sluice.stream s WHERE sluice.manages(s.owner) AND s.desired <> 'dropped'
			AND NOT EXISTS (SELECT FROM pg_publication p WHERE quote_ident(p.pubname) = s.publications);
	RETURN QUERY SELECT 'published tables', 'missing',
		format('table %s of stream "%s" was dropped and made anew: the stream does not carry it', t, s.name),
		format('ALTER PUBLICATION %s ADD TABLE %s; then copy the table again', s.publications, t)
		FROM sluice.stream s CROSS JOIN LATERAL sluice.replaced_tables(s) t
		WHERE sluice.manages(s.owner) AND s.desired <> 'dropped';
	-- Without them a stream is not told of changes of structure.
	RETURN QUERY SELECT 'event triggers', 'warning',
		CASE WHEN t.evtname IS NULL THEN 'event_triggers is off: changes of structure are not told to streams'
			ELSE format('event trigger %I does not fire: changes of structure are not told to streams', t.evtname) END,
		CASE WHEN t.evtname IS NULL THEN 'ALTER SYSTEM SET event_triggers = on; then SELECT pg_reload_conf()'
			ELSE format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t.evtname) END
		FROM (SELECT e.evtname FROM pg_event_trigger e WHERE e.evtname IN ('sluice_ddl', 'sluice_drop') AND e.evtenabled <> 'A'
			UNION ALL SELECT NULL WHERE current_setting('event_triggers', true) = 'off') t;
	-- Tables whose updates and deletes PostgreSQL itself refuses once they are published.
	FOR one IN
		SELECT DISTINCT s.name, format('%I.%I', t.schemaname, t.tablename) AS table_name
		FROM sluice.stream s
		JOIN pg_publication p ON quote_ident(p.pubname) = s.publications AND (p.pubupdate OR p.pubdelete)
		JOIN pg_publication_tables t ON t.pubname = p.pubname
		JOIN pg_class c ON c.oid = format('%I.%I', t.schemaname, t.tablename)::regclass
		WHERE sluice.manages(s.owner) AND t.schemaname <> 'sluice' AND (c.relreplident = 'n' OR (c.relreplident = 'd' AND NOT EXISTS
			(SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)))
	LOOP
		RETURN QUERY SELECT 'replica identity', 'warning',
			format('table %s of stream "%s" has no replica identity: UPDATE and DELETE on it fail', one.table_name, one.name),
			format('ALTER TABLE %s REPLICA IDENTITY FULL, or give it a primary key', one.table_name);
	END LOOP;
END $$;
