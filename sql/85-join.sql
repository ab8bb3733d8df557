-- ---- tables that join and leave a stream: docs/convert.md ----

-- The structure that a copy of the tables that join makes at the target: theirs alone, with what they
-- need and no table of before has made already.
CREATE FUNCTION sluice.join_document(stream_name text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream;
	publications oid[];
	published oid[];
	tables oid[];
	before oid[];
	document jsonb;
BEGIN
	SELECT * INTO STRICT this_stream FROM sluice.stream s WHERE s.name = stream_name;
	publications := sluice.document_publications(this_stream);
	published := sluice.document_tables(publications);
	tables := ARRAY(SELECT DISTINCT coalesce(p.relid, j.relid) FROM sluice.joining j LEFT JOIN LATERAL pg_partition_tree(j.relid) p ON true
		WHERE j.stream = stream_name AND coalesce(p.relid, j.relid) = ANY (published));
	before := ARRAY(SELECT q FROM sluice.document_sequences(ARRAY(SELECT t FROM unnest(published) t WHERE NOT t = ANY (tables)),
		sluice.document_hidden(publications, published), '{}') q);
	document := sluice.shape_document(this_stream, ARRAY(SELECT s FROM sluice.shapes(this_stream, tables) s), '[]');
	RETURN document || jsonb_build_object('sequences', (
		SELECT coalesce(jsonb_agg(e.s || jsonb_build_object('last_value', pg_sequence_last_value(c.oid)::text) ORDER BY e.place), '[]')
		FROM jsonb_array_elements(document->'sequences') WITH ORDINALITY AS e (s, place)
		JOIN pg_namespace n ON n.nspname = e.s->>'schema' JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = e.s->>'name'
		WHERE NOT c.oid = ANY (before)));
END $$;

CREATE FUNCTION sluice.name_tables(tables oid[]) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.oid::bigint, 'schema', n.nspname, 'name', c.relname)
		ORDER BY n.nspname, c.relname), '[]')
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (tables)
$$;

/*
 * A publication was altered: what it publishes more joins the stream, what it does not any more has left.
 * The message has its place among the changes, before the first one of a table that joins.
 */
CREATE FUNCTION sluice.note_publication(this_stream sluice.stream) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	before oid[] := ARRAY(SELECT k.object FROM sluice.shape k WHERE k.stream = this_stream.name
		AND k.class = 'pg_class'::regclass AND k.shape ? 'columns');
	after oid[] := sluice.document_tables(sluice.document_publications(this_stream));
	added oid[] := ARRAY(SELECT a FROM unnest(after) a WHERE NOT a = ANY (before));
	removed oid[] := ARRAY(SELECT b FROM unnest(before) b WHERE NOT b = ANY (after));
	joins boolean := this_stream.mode = 'convert+cdc';
BEGIN
	PERFORM sluice.remember(this_stream.name);
	IF this_stream.desired = 'created' OR (added = '{}' AND removed = '{}') THEN
		RETURN;
	END IF;
	PERFORM sluice.emit(this_stream.name, true, 'sluice.tables', jsonb_build_object('format', 'sluice-tables', 'version', 1,
		'stream', this_stream.name, 'joining', sluice.name_tables(CASE WHEN joins THEN added END),
		'added', sluice.name_tables(CASE WHEN NOT joins THEN added END), 'removed', sluice.name_tables(removed))::text);
	IF joins AND added <> '{}' THEN
		INSERT INTO sluice.joining (stream, relid, schema_name, table_name)
			SELECT this_stream.name, c.oid, n.nspname, c.relname
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (added)
			ON CONFLICT (stream, relid) DO UPDATE SET generation = NULL;
		PERFORM sluice.scan();
	END IF;
END $$;

-- The stream, when its own publication may be changed: by the owner of these tables.
CREATE FUNCTION sluice.own_tables(stream_name text, tables regclass[]) RETURNS sluice.stream
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_stream(stream_name);
BEGIN
	IF coalesce(cardinality(tables), 0) = 0 OR array_position(tables, NULL) IS NOT NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'the list of tables is empty, or has a NULL';
	END IF;
	IF NOT this_stream.own_publication THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the publication of stream "%s" was not made by it', stream_name),
			HINT = format('ALTER PUBLICATION %s ADD TABLE, or DROP TABLE: the stream follows it.', this_stream.publications);
	END IF;
	IF this_stream.mode = 'convert' AND this_stream.desired <> 'created' THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('stream "%s" ends with its copy: its tables stay as they are', stream_name);
	END IF;
	PERFORM sluice.require_tables(tables::text[]);
	RETURN this_stream;
END $$;

-- Notes what the stream's own publication has now.
CREATE FUNCTION sluice.note_tables(stream_name text) RETURNS void
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	UPDATE sluice.stream s SET changed_at = now(), table_oids = t.oids, table_names = t.names
	FROM (SELECT coalesce(array_agg(r.prrelid), '{}') AS oids, coalesce(array_agg(r.prrelid::regclass::text), '{}') AS names
		FROM sluice.stream o JOIN pg_publication p ON quote_ident(p.pubname) = o.publications
		JOIN pg_publication_rel r ON r.prpubid = p.oid WHERE o.name = stream_name) t
	WHERE s.name = stream_name
$$;

/*
 * Adds tables to a stream, also while it runs. With mode convert+cdc their rows are copied and they join
 * the stream where their copy was taken; with mode cdc what they have is left to the caller.
 */
CREATE FUNCTION sluice.add_table(stream text, VARIADIC tables regclass[]) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_tables(add_table.stream, tables);
	there regclass;
BEGIN
	SELECT t INTO there FROM unnest(tables) t
		WHERE t = ANY (sluice.document_tables(sluice.document_publications(this_stream))) LIMIT 1;
	IF FOUND THEN
		RAISE duplicate_object USING MESSAGE = format('table %s is in stream "%s" already', there, add_table.stream);
	END IF;
	EXECUTE format('ALTER PUBLICATION %s ADD TABLE %s', this_stream.publications, array_to_string(tables, ', '));
	PERFORM sluice.note_tables(add_table.stream);
	PERFORM sluice.warn_keyless(tables);
END $$;

-- Removes tables from a stream: the target keeps them as they were at this place of the log.
CREATE FUNCTION sluice.remove_table(stream text, VARIADIC tables regclass[]) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_tables(remove_table.stream, tables);
	missing regclass;
BEGIN
	SELECT t INTO missing FROM unnest(tables) t WHERE NOT t = ANY (this_stream.table_oids) LIMIT 1;
	IF FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('table %s was not added to stream "%s"', missing, remove_table.stream),
			HINT = 'A partition comes and goes with the table it is part of.';
	END IF;
	EXECUTE format('ALTER PUBLICATION %s DROP TABLE %s', this_stream.publications, array_to_string(tables, ', '));
	PERFORM sluice.note_tables(remove_table.stream);
END $$;
REVOKE ALL ON FUNCTION sluice.join_document(text), sluice.name_tables(oid[]), sluice.note_publication(sluice.stream),
	sluice.own_tables(text, regclass[]), sluice.note_tables(text) FROM PUBLIC;
