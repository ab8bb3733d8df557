-- ---- streams ----

-- Every table must be there, be a table, and be the caller's: like CREATE PUBLICATION, since what is
-- published without a replica identity can no longer be updated.
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
		IF NOT pg_has_role(sluice.caller(), (SELECT relowner FROM pg_class WHERE oid = found_table), 'USAGE') THEN
			RAISE insufficient_privilege USING
				MESSAGE = format('role %s does not own table %s and may not publish it', sluice.caller()::regrole, found_table),
				HINT = format('Let its owner make a publication, GRANT SELECT ON %s TO %s, and name it: publication => ''name''.',
					found_table, sluice.caller()::regrole);
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

-- A database of this server that has a slot for a stream of this name: the two would share a
-- JetStream stream, which has no database in its name.
CREATE FUNCTION sluice.namesake(stream_name text) RETURNS name
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT database FROM pg_replication_slots
	WHERE plugin = 'sluice' AND database <> current_database()
		AND slot_name = format('sluice_%s_%s', datoid, stream_name)
$$;

CREATE FUNCTION sluice.require_no_namesake(stream_name text) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	other name := sluice.namesake(stream_name);
BEGIN
	IF other IS NOT NULL THEN
		RAISE duplicate_object USING
			MESSAGE = format('database "%s" of this server already has a stream "%s"', other, stream_name),
			DETAIL = 'Streams of one name share a JetStream stream, whatever their database.',
			HINT = 'Choose another name.';
	END IF;
END $$;

CREATE FUNCTION sluice.warn_keyless(tables regclass[]) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	keyless regclass;
BEGIN
	FOR keyless IN SELECT c.oid::regclass FROM unnest(tables) t JOIN pg_class c ON c.oid = t
		WHERE c.relreplident = 'n' OR (c.relreplident = 'd' AND NOT EXISTS
			(SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
	LOOP
		RAISE WARNING USING
			MESSAGE = format('table %s has no replica identity: UPDATE and DELETE on it fail from now on', keyless),
			HINT = format('ALTER TABLE %s REPLICA IDENTITY FULL, or give it a primary key.', keyless);
	END LOOP;
END $$;

CREATE FUNCTION sluice.create_stream(
	name text, tables text[] DEFAULT NULL, publication text DEFAULT NULL, mode text DEFAULT 'cdc',
	options jsonb DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	database oid := (SELECT oid FROM pg_database WHERE datname = current_database());
	made text := 'sluice_' || create_stream.name;
	found_tables regclass[];
BEGIN
	PERFORM sluice.require_replication();
	IF create_stream.name IS NULL OR sluice.name_fault(create_stream.name) IS NOT NULL THEN
		RAISE invalid_name USING
			MESSAGE = coalesce(sluice.name_fault(create_stream.name), 'a stream needs a name');
	END IF;
	IF create_stream.mode IS NULL OR create_stream.mode NOT IN ('cdc', 'convert', 'convert+cdc') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('a stream''s mode is cdc, convert or convert+cdc, not "%s"', create_stream.mode);
	END IF;
	PERFORM sluice.require_options(create_stream.options);
	PERFORM sluice.require_queries(create_stream.mode, (create_stream.options->>'queries')::jsonb);
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
	PERFORM sluice.require_no_namesake(create_stream.name);
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
	INSERT INTO sluice.stream (name, owner, mode, publications, own_publication, table_oids, table_names,
			slot_name, options, system_identifier, database_oid)
		VALUES (create_stream.name, sluice.caller(), create_stream.mode, quote_ident(made),
			tables IS NOT NULL, coalesce(found_tables::oid[], '{}'), coalesce(found_tables::text[], '{}'),
			format('sluice_%s_%s', database, create_stream.name),
			create_stream.options, (SELECT c.system_identifier FROM pg_control_system() c), database);
	PERFORM sluice.remember(create_stream.name);
	PERFORM sluice.warn_keyless(found_tables);
END $$;

-- Moves a stream's wish, when the table of states has that move from where the stream is.
CREATE FUNCTION sluice.request(stream_name text, wish text, through text) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_stream(stream_name);
	at_state text := coalesce((SELECT s.state FROM sluice.stream_status() s WHERE s.name = stream_name),
		this_stream.state);
BEGIN
	IF this_stream.desired = 'running' AND at_state IN ('paused', 'stopped') THEN
		at_state := 'starting';	-- asked for a moment ago: no worker has come up yet
	END IF;
	IF this_stream.desired = wish OR (at_state = wish AND wish <> 'running') THEN
		RETURN;	-- asked for already
	END IF;
	IF this_stream.desired = 'dropped' OR NOT (sluice.can_move(at_state, through)
			OR sluice.can_move(this_stream.state, through)) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('stream "%s" is %s and cannot become %s', stream_name,
				CASE this_stream.desired WHEN 'dropped' THEN 'dropping' ELSE at_state END, through);
	END IF;
	IF wish IN ('paused', 'stopped') THEN
		PERFORM sluice.try_sequences(this_stream);
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
DECLARE
	this_stream sluice.stream := sluice.own_stream(start_stream.name);
BEGIN
	IF this_stream.incarnation IS NULL AND this_stream.desired = 'created' THEN
		PERFORM sluice.require_no_namesake(start_stream.name);	-- made since this one was
	END IF;
	IF NOT EXISTS (SELECT FROM sluice.shape k WHERE k.stream = start_stream.name) THEN
		PERFORM sluice.remember(start_stream.name);	-- a restored dump has no shapes
	END IF;
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
	-- Without a slot there is nothing a worker would have to remove: one that never had a worker's place.
	IF this_stream.incarnation IS NULL AND (this_stream.desired = 'created'
			OR NOT EXISTS (SELECT FROM sluice.stream_status() t WHERE t.name = drop_stream.name)) THEN
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
