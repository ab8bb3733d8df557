-- ---- the schema document as a whole, and a look at it ----

-- The row of a stream that the caller manages, not locked: a copy reads it in a read-only transaction.
CREATE FUNCTION sluice.readable_stream(stream_name text) RETURNS sluice.stream
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_stream sluice.stream;
BEGIN
	SELECT * INTO found_stream FROM sluice.stream s WHERE s.name = stream_name AND sluice.manages(s.owner);
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('stream "%s" does not exist', stream_name),
			HINT = 'SELECT * FROM sluice.streams shows those there are.';
	END IF;
	RETURN found_stream;
END $$;

-- A partitioned table cannot be made at the target without the columns that divide it.
CREATE FUNCTION sluice.document_require_keys(tables oid[], hidden text[]) RETURNS void
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	divided regclass;
BEGIN
	SELECT p.partrelid INTO divided FROM unnest(tables) AS t (relid) JOIN pg_partitioned_table p ON p.partrelid = t.relid
		WHERE sluice.document_is_hidden(hidden, p.partrelid, ARRAY(SELECT d.refobjsubid::smallint FROM pg_depend d
			WHERE d.classid = 'pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid = 0
			AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.partrelid)
			|| p.partattrs::smallint[]) LIMIT 1;
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('table %s is partitioned by a column that is not published', divided),
			HINT = 'Put the columns of its partition key into the publication''s column list.';
	END IF;
END $$;

-- The schema document of a stream (docs/schema-document.md), without what is about a copy.
CREATE FUNCTION sluice.schema_document(stream text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET timezone = 'UTC' SET extra_float_digits = 3
	SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off AS $$
DECLARE
	this_stream sluice.stream := sluice.readable_stream(schema_document.stream);
	publications oid[] := sluice.document_publications(this_stream);
	tables oid[] := sluice.document_tables(publications);
	hidden text[] := sluice.document_hidden(publications, tables);
	types oid[] := sluice.document_types(tables, hidden);
	used oid[] := ARRAY(SELECT u.object FROM sluice.document_used(tables, hidden, types) u WHERE u.class = 'pg_proc'::regclass);
	wanted text[] := regexp_split_to_array(coalesce(this_stream.options->>'carry', ''), ' *, *');
	carriable oid[] := ARRAY(SELECT f.function FROM sluice.document_functions(tables, used) f WHERE 'functions' = ANY (wanted));
	type_list jsonb := sluice.document_type_list(types);
	sequence_list jsonb := sluice.document_sequence_list(tables, hidden, types);
	table_list jsonb := sluice.document_table_list(tables, hidden);
	carried jsonb;
	not_carried jsonb;
BEGIN
	PERFORM sluice.document_require_keys(tables, hidden);
	SELECT coalesce(jsonb_agg(to_jsonb(c) - 'reason' - 'place' ORDER BY c.place) FILTER (WHERE c.reason IS NULL), '[]'),
			coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'schema', c.schema, 'reason', c.reason, 'definition', c.definition,
				'name', c.name || coalesce(' on ' || c."table", '')) ORDER BY c.place) FILTER (WHERE c.reason IS NOT NULL), '[]')
		INTO carried, not_carried
		FROM sluice.document_candidates(tables, hidden, used, wanted) c;
	SELECT not_carried || coalesce(jsonb_agg(to_jsonb(n) ORDER BY n.kind, n.schema, n.name), '[]') INTO not_carried
		FROM (SELECT * FROM sluice.document_needs(tables, hidden, types, carriable)
			UNION ALL SELECT * FROM sluice.document_left_out(tables, hidden)
			UNION ALL SELECT * FROM sluice.document_others(tables)) n;
	RETURN jsonb_build_object('format', 'sluice-schema', 'version', 1, 'stream', this_stream.name, 'revision', 1,
		'source', jsonb_build_object('product', 'postgresql', 'version', current_setting('server_version_num')::integer,
			'database', current_database(), 'encoding', getdatabaseencoding()),
		'schemas', sluice.document_schema_list(type_list || sequence_list || table_list || carried),
		'types', type_list, 'sequences', sequence_list, 'tables', table_list,
		'carried', carried, 'not_carried', not_carried, 'load', NULL);
END $$;

-- ---- preview ----

-- A column as it stands in CREATE TABLE.
CREATE FUNCTION sluice.preview_column(c jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(' ', c->>'type', 'COLLATE ' || (c->>'collation'), 'DEFAULT ' || (c->>'default'),
		'GENERATED ' || upper(c->>'identity') || ' AS IDENTITY',
		'GENERATED ALWAYS AS (' || (c->>'expression') || ') ' || upper(c->>'generated'),
		CASE WHEN (c->>'not_null')::boolean THEN 'NOT NULL' END)
$$;

CREATE FUNCTION sluice.preview_type(t jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE t->>'kind'
		WHEN 'enum' THEN format('ENUM (%s)', (SELECT string_agg(quote_literal(l), ', ') FROM jsonb_array_elements_text(t->'labels') l))
		WHEN 'composite' THEN format('(%s)', (SELECT string_agg(format('%I %s', a->>'name', concat_ws(' ', a->>'type',
			'COLLATE ' || (a->>'collation'))), ', ') FROM jsonb_array_elements(t->'attributes') a))
		WHEN 'range' THEN format('RANGE (%s)', t->>'definition')
		ELSE concat_ws(' ', t->>'base', 'COLLATE ' || (t->>'collation'), 'DEFAULT ' || (t->>'default'),
			CASE WHEN (t->>'not_null')::boolean THEN 'NOT NULL' END,
			(SELECT string_agg(format('CONSTRAINT %I %s', k->>'name', k->>'definition'), ' ') FROM jsonb_array_elements(t->'checks') k)) END
$$;

-- What a table is besides its columns.
CREATE FUNCTION sluice.preview_table(t jsonb) RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT nullif(concat_ws(' ', CASE t->>'persistence' WHEN 'unlogged' THEN 'UNLOGGED' END,
		(SELECT format('PARTITION OF %I.%I %s', t->'partition_of'->>'schema', t->'partition_of'->>'name', t->'partition_of'->>'bound')
			WHERE t->'partition_of' <> 'null'),
		(SELECT format('INHERITS (%s)', string_agg(format('%I.%I', i->>'schema', i->>'name'), ', ')) FROM jsonb_array_elements(t->'inherits') i
			HAVING count(*) > 0),
		'PARTITION BY ' || (t->'partition'->>'key'),
		(SELECT format('WITH (%s)', string_agg(o, ', ')) FROM jsonb_array_elements_text(t->'options') o HAVING count(*) > 0)), '')
$$;

/*
 * What a copy of the stream would make at the target: a row per object, columns and indexes below
 * their table, with what is lost or has to be done by hand as warnings.  Nothing is touched.
 */
CREATE FUNCTION sluice.preview(stream text) RETURNS TABLE (object text, kind text, source_definition text,
	target_definition text, rows bigint, bytes bigint, warning text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH document AS MATERIALIZED (SELECT sluice.schema_document(preview.stream) AS d),
	tables AS (
		SELECT e.t, e.place, format('%I.%I', e.t->>'schema', e.t->>'name') AS name
		FROM document, jsonb_array_elements(d->'tables') WITH ORDINALITY AS e (t, place)),
	lines AS (
		SELECT 1 AS part, e.place, 0 AS section, 0::bigint AS line, 'type' AS kind, format('%I.%I', e.t->>'schema', e.t->>'name') AS object,
			sluice.preview_type(e.t) AS definition, NULL::bigint AS rows, NULL::bigint AS bytes, NULL::text AS warning
		FROM document, jsonb_array_elements(d->'types') WITH ORDINALITY AS e (t, place)
		UNION ALL
		SELECT 2, e.place, 0, 0, 'sequence', format('%I.%I', e.s->>'schema', e.s->>'name'),
			format('AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s', e.s->>'type', e.s->>'start', e.s->>'increment',
				e.s->>'minimum', e.s->>'maximum', e.s->>'cache', CASE WHEN (e.s->>'cycle')::boolean THEN ' CYCLE' ELSE '' END), NULL, NULL, NULL
		FROM document, jsonb_array_elements(d->'sequences') WITH ORDINALITY AS e (s, place)
		UNION ALL
		SELECT 3, place, 0, 0, CASE t->>'kind' WHEN 'partitioned' THEN 'partitioned table' ELSE 'table' END, name, sluice.preview_table(t),
			(t->>'rows')::bigint, (t->>'bytes')::bigint,
			CASE WHEN t->>'rows' IS NULL THEN 'its rows are not estimated: ANALYZE it' END FROM tables
		UNION ALL
		SELECT 3, place, 1, c.line, 'column', format('%s.%I', name, c.entry->>'name'), sluice.preview_column(c.entry), NULL, NULL, NULL
		FROM tables, jsonb_array_elements(t->'columns') WITH ORDINALITY AS c (entry, line)
		UNION ALL
		SELECT 3, place, 2, i.line, CASE WHEN (i.entry->>'primary')::boolean THEN 'primary key'
				WHEN i.entry->'constraint' <> 'null' THEN 'unique constraint' ELSE 'index' END,
			format('%I.%I', t->>'schema', i.entry->>'name'), coalesce(i.entry->'constraint'->>'definition', i.entry->>'definition'), NULL, NULL, NULL
		FROM tables, jsonb_array_elements(t->'indexes') WITH ORDINALITY AS i (entry, line)
		UNION ALL
		SELECT 3, place, 3, k.line, 'check', format('%I on %s', k.entry->>'name', name), k.entry->>'definition', NULL, NULL, NULL
		FROM tables, jsonb_array_elements(t->'checks') WITH ORDINALITY AS k (entry, line)
		UNION ALL
		SELECT 3, place, 4, f.line, 'foreign key', format('%I on %s', f.entry->>'name', name), f.entry->>'definition', NULL, NULL, NULL
		FROM tables, jsonb_array_elements(t->'foreign_keys') WITH ORDINALITY AS f (entry, line)
		UNION ALL
		SELECT 4, e.place, 0, 0, e.c->>'kind', concat_ws('.', e.c->>'schema', e.c->>'name') || coalesce(' on ' || (e.c->>'table'), ''),
			e.c->>'definition', NULL, NULL, NULL
		FROM document, jsonb_array_elements(d->'carried') WITH ORDINALITY AS e (c, place))
	SELECT l.object, l.kind, l.source_definition, l.target_definition, l.rows, l.bytes, l.warning FROM (
		SELECT part, place, section, line, object, kind, definition AS source_definition, definition AS target_definition, rows, bytes, warning
		FROM lines
		UNION ALL
		SELECT 5, e.place, 0, 0, concat_ws('.', e.n->>'schema', e.n->>'name'), e.n->>'kind', e.n->>'definition', NULL, NULL, NULL,
			'not carried: ' || (e.n->>'reason')
		FROM document, jsonb_array_elements(d->'not_carried') WITH ORDINALITY AS e (n, place)) l
	ORDER BY l.part, l.place, l.section, l.line
$$;

-- What only schema_document() calls: it has judged who asks, and set how names are written.
DO $$
DECLARE
	internal regprocedure;
BEGIN
	FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'sluice'::pg_catalog.regnamespace AND (p.proname LIKE 'document\_%' OR p.proname = 'readable_stream')
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', internal);
	END LOOP;
END $$;
