-- ---- changes of structure while a stream runs: docs/ddl.md ----

-- What a message must begin with to be taken for the extension's own; nobody else may read it.
CREATE TABLE sluice.secret (
	secret text NOT NULL
);
COMMENT ON TABLE sluice.secret IS 'one row: what tells the extension''s own logical messages from others';
INSERT INTO sluice.secret VALUES (replace((gen_random_uuid()::text || gen_random_uuid()::text), '-', ''));

-- What is remembered of each object of a stream: its entry in the schema document, without what changes by itself.
CREATE TABLE sluice.shape (
	stream text NOT NULL,
	class oid NOT NULL,		-- pg_class or pg_type
	object oid NOT NULL,
	shape jsonb NOT NULL,
	PRIMARY KEY (class, object, stream)
);
COMMENT ON TABLE sluice.shape IS 'how the objects of streams looked when they were last told of';
REVOKE ALL ON sluice.secret, sluice.shape FROM PUBLIC;

-- A logical message of the extension's own, for one stream.
CREATE FUNCTION sluice.emit(stream_name text, transactional boolean, prefix text, content text) RETURNS pg_lsn
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	SELECT pg_logical_emit_message(transactional, prefix, format(E'%s %s\n%s', s.secret, stream_name, content))
	FROM sluice.secret s
$$;

-- ---- shapes ----

-- FOR TABLES IN SCHEMA came with PostgreSQL 15.
CREATE FUNCTION sluice.publishes_schema(publication oid, schema oid) RETURNS boolean
	LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF current_setting('server_version_num')::integer < 150000 THEN
		RETURN false;
	END IF;
	RETURN EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = publication AND s.pnnspid = schema);
END $$;

-- Whether a table is, or is part of one, that the publications publish.
CREATE FUNCTION sluice.publishes(publications oid[], relid oid) RETURNS boolean
	LANGUAGE sql STABLE AS $$
	SELECT EXISTS (
		SELECT FROM pg_class c JOIN pg_publication p ON p.oid = ANY (publications)
		WHERE c.oid = publishes.relid AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
		AND c.relnamespace <> 'sluice'::regnamespace AND sluice.document_extension('pg_class', c.oid) IS NULL
		AND (p.puballtables OR EXISTS (
			SELECT FROM (SELECT c.oid UNION SELECT a.relid FROM pg_partition_ancestors(c.oid) a) above (relid)
			JOIN pg_class ac ON ac.oid = above.relid
			WHERE EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = ac.oid)
			OR sluice.publishes_schema(p.oid, ac.relnamespace))))
$$;

-- What stands around tables in a document: what they are parts of and what they refer to.
CREATE FUNCTION sluice.neighbours(publications oid[], tables oid[]) RETURNS oid[]
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(DISTINCT n.relid), '{}') FROM (
		SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = ANY (tables)
		UNION ALL SELECT k.confrelid FROM pg_constraint k WHERE k.conrelid = ANY (tables) AND k.contype = 'f') AS n (relid)
	WHERE NOT n.relid = ANY (tables) AND sluice.publishes(publications, n.relid)
$$;

-- The shapes of tables, of the types and sequences they need, and of these types.
CREATE FUNCTION sluice.shapes(this_stream sluice.stream, tables oid[], more_types oid[] DEFAULT '{}') RETURNS SETOF sluice.shape
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
	SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET timezone = 'UTC' SET extra_float_digits = 3
	SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off AS $$
DECLARE
	publications oid[] := sluice.document_publications(this_stream);
	universe oid[] := tables || sluice.neighbours(publications, tables);
	hidden text[] := sluice.document_hidden(publications, universe);
	needed oid[] := sluice.document_types(tables, hidden);
	types oid[] := needed || ARRAY(SELECT DISTINCT t FROM unnest(more_types) AS t WHERE NOT t = ANY (needed));
BEGIN
	RETURN QUERY SELECT this_stream.name, 'pg_class'::regclass::oid, (e->>'id')::oid, e || '{"rows": null, "bytes": 0}'
		FROM jsonb_array_elements(sluice.document_table_list(universe, hidden)) AS e WHERE (e->>'id')::oid = ANY (tables);
	RETURN QUERY SELECT this_stream.name, 'pg_type'::regclass::oid, t.oid, sluice.document_type(t)
		FROM unnest(types) WITH ORDINALITY AS n (type, place) JOIN pg_type t ON t.oid = n.type AND t.typtype IN ('e', 'd', 'c', 'r')
		ORDER BY n.place;
	RETURN QUERY SELECT this_stream.name, 'pg_class'::regclass::oid, c.oid, e || '{"last_value": null}'
		FROM jsonb_array_elements(sluice.document_sequence_list(tables, hidden, needed)) AS e
		JOIN pg_namespace n ON n.nspname = e->>'schema' JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = e->>'name';
END $$;

-- Begins anew with what is there now.
CREATE FUNCTION sluice.remember(stream_name text) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream;
BEGIN
	SELECT * INTO STRICT this_stream FROM sluice.stream s WHERE s.name = stream_name;
	DELETE FROM sluice.shape k WHERE k.stream = stream_name;
	INSERT INTO sluice.shape SELECT s.* FROM sluice.shapes(this_stream,
		sluice.document_tables(sluice.document_publications(this_stream))) s;
END $$;

CREATE FUNCTION sluice.forget() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM sluice.shape k WHERE k.stream = OLD.name;
	RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER DELETE ON sluice.stream FOR EACH ROW EXECUTE FUNCTION sluice.forget();

-- ---- what a command touches ----

CREATE TYPE sluice.touched AS (class oid, object oid);

-- The table or type that an object named by a command is, or is part of.
CREATE FUNCTION sluice.touched_by_command(class oid, object oid) RETURNS SETOF sluice.touched
	LANGUAGE sql STABLE AS $$
	SELECT 'pg_class'::regclass::oid, c.oid FROM pg_class c WHERE class = 'pg_class'::regclass AND c.oid = object AND c.relkind IN ('r', 'p', 'S')
	UNION ALL SELECT 'pg_class'::regclass, i.indrelid FROM pg_index i WHERE class = 'pg_class'::regclass AND i.indexrelid = object
	UNION ALL SELECT 'pg_type'::regclass, c.reltype FROM pg_class c WHERE class = 'pg_class'::regclass AND c.oid = object AND c.relkind = 'c'
	UNION ALL SELECT 'pg_type'::regclass, object WHERE class = 'pg_type'::regclass
	UNION ALL SELECT 'pg_class'::regclass, k.conrelid FROM pg_constraint k WHERE class = 'pg_constraint'::regclass AND k.oid = object AND k.conrelid <> 0
	UNION ALL SELECT 'pg_type'::regclass, k.contypid FROM pg_constraint k WHERE class = 'pg_constraint'::regclass AND k.oid = object AND k.contypid <> 0
	UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_class c WHERE class = 'pg_namespace'::regclass AND c.relnamespace = object AND c.relkind IN ('r', 'p')
	UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE class = 'pg_namespace'::regclass AND t.typnamespace = object AND t.typtype IN ('e', 'd', 'c', 'r')
$$;

-- The same for what is gone: the object itself, or by its name what it was part of. A table's own
-- command touches the table; only of others has the table of an index to be found.
CREATE FUNCTION sluice.touched_by_drop(command text, class oid, object oid, type text, names text[]) RETURNS SETOF sluice.touched
	LANGUAGE sql STABLE AS $$
	SELECT class, object WHERE class IN ('pg_class'::regclass, 'pg_type'::regclass)
	UNION ALL SELECT k.class, k.object FROM sluice.shape k
		WHERE type = 'index' AND command NOT IN ('ALTER TABLE', 'DROP TABLE') AND k.shape->>'schema' = names[1]
		AND k.shape->'indexes' @> jsonb_build_array(jsonb_build_object('name', names[2]))
	UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
		WHERE type IN ('table constraint', 'default value') AND n.nspname = names[1] AND c.relname = names[2]
	UNION ALL SELECT k.class, k.object FROM sluice.shape k WHERE type = 'domain constraint' AND k.shape->>'kind' = 'domain'
$$;

-- With the tables whose description says something about those: parts, users, those that refer to them.
-- Found by pg_depend alone, which has the indexes that other catalogs lack.
CREATE FUNCTION sluice.touched_tables(objects sluice.touched[]) RETURNS oid[]
	LANGUAGE sql STABLE AS $$
	WITH RECURSIVE named AS (	-- partitions that were detached name their parent no more
		SELECT o.class, o.object FROM unnest(objects) o
		UNION SELECT child.class, child.object FROM unnest(objects) o
			JOIN sluice.shape k ON k.class = o.class AND k.object = o.object AND k.shape->>'kind' = 'partitioned'
			JOIN sluice.shape child ON child.stream = k.stream AND child.shape->'partition_of' @>
				jsonb_build_object('schema', k.shape->'schema', 'name', k.shape->'name')),
	whole AS (
		SELECT n.class, n.object FROM named n
		UNION
		SELECT coalesce(t.tableoid, d.classid), coalesce(t.oid, d.objid) FROM whole JOIN pg_depend d ON d.refclassid = whole.class AND d.refobjid = whole.object
		LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
		LEFT JOIN pg_type t ON t.oid = c.reltype AND c.relkind = 'c'
		WHERE c.relkind IN ('r', 'p', 'c') OR d.classid = 'pg_type'::regclass),
	around AS (
		SELECT object AS relid FROM whole WHERE class = 'pg_class'::regclass
		UNION SELECT d.refobjid FROM named n JOIN pg_depend d ON d.classid = n.class AND d.objid = n.object
			AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') WHERE n.class = 'pg_class'::regclass
		UNION SELECT coalesce(k.conrelid, f.adrelid) FROM whole JOIN pg_depend d ON d.refclassid = whole.class AND d.refobjid = whole.object
			LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.contype = 'f'
			LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
			WHERE d.classid IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass))
	SELECT coalesce(array_agg(DISTINCT c.oid), '{}') FROM around a
	JOIN pg_class c ON c.oid = a.relid AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
$$;

-- ---- what rows that were there have in a new column ----

-- USING of the columns whose type a command changes; `fixed` when it depends on the row and the session's settings alone.
CREATE FUNCTION sluice.ddl_conversions(command pg_ddl_command,
	OUT relid oid, OUT "position" smallint, OUT expression text, OUT fixed boolean) RETURNS SETOF record
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'sluice_ddl_conversions';
CREATE FUNCTION sluice.is_volatile(expression pg_node_tree) RETURNS boolean
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'sluice_is_volatile';

-- A column in any row of a table or its parts; no row when there is none.
CREATE FUNCTION sluice.any_value(relid oid, column_name name) RETURNS SETOF text
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	part regclass;
BEGIN
	FOR part IN WITH RECURSIVE parts AS (
			SELECT any_value.relid AS oid UNION SELECT i.inhrelid FROM parts JOIN pg_inherits i ON i.inhparent = parts.oid)
		SELECT c.oid FROM parts JOIN pg_class c ON c.oid = parts.oid AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0
	LOOP
		-- Not by a cast, which may be somebody's function.
		RETURN QUERY EXECUTE format('SELECT CASE WHEN %1$I IS NOT DISTINCT FROM NULL THEN NULL ELSE format(''%%s'', %1$I) END FROM ONLY %2$s LIMIT 1',
			column_name, part);
		IF FOUND THEN
			RETURN;
		END IF;
	END LOOP;
END $$;

CREATE FUNCTION sluice.fill(relid oid, "position" integer, kind text, content text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('table', relid::bigint, 'position', "position", 'kind', kind, 'text', content)
$$;

-- Of a column that a command added; NULL when its definition says all.
CREATE FUNCTION sluice.fill_of_column(a pg_attribute) RETURNS jsonb
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	expression pg_node_tree := (SELECT f.adbin FROM pg_attrdef f WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum);
	domain_default pg_node_tree := (SELECT t.typdefaultbin FROM pg_type t WHERE t.oid = a.atttypid AND t.typtype = 'd');
	value text;
BEGIN
	IF a.attgenerated <> '' THEN
		RETURN NULL;
	ELSIF a.atthasmissing THEN
		RETURN sluice.fill(a.attrelid, a.attnum, 'constant', (SELECT (x.attmissingval::text::text[])[1] FROM pg_attribute x WHERE x.attrelid = a.attrelid AND x.attnum = a.attnum));
	ELSIF a.attidentity = '' AND expression IS NULL AND domain_default IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT v INTO value FROM sluice.any_value(a.attrelid, a.attname) AS v;
	IF NOT FOUND THEN
		RETURN NULL;
	ELSIF a.attidentity <> '' OR sluice.is_volatile(coalesce(expression, domain_default)) THEN
		RETURN sluice.fill(a.attrelid, a.attnum, 'unknown', CASE WHEN a.attidentity <> '' THEN 'it is an identity' ELSE 'its default is volatile' END);
	END IF;
	RETURN sluice.fill(a.attrelid, a.attnum, 'constant', value);
END $$;

CREATE FUNCTION sluice.positions(shape jsonb) RETURNS SETOF smallint
	LANGUAGE sql IMMUTABLE AS $$
	SELECT (c->>'position')::smallint FROM jsonb_array_elements(shape->'columns') AS c
$$;

-- For the tables of a message; `made` are those that the command itself made, whose rows are sent.
CREATE FUNCTION sluice.fills(before jsonb, after jsonb, made oid[], conversions jsonb) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	WITH pairs AS (
		SELECT (n->>'id')::oid AS relid, o AS old, n AS new
		FROM jsonb_array_elements(after) AS n LEFT JOIN jsonb_array_elements(before) AS o ON o->>'id' = n->>'id'),
	added AS MATERIALIZED (
		SELECT p.relid, n.attnum FROM pairs p
		CROSS JOIN LATERAL (SELECT sluice.positions(p.new) EXCEPT SELECT sluice.positions(p.old)) AS n (attnum)
		WHERE p.old IS NOT NULL),
	fills AS MATERIALIZED (
		SELECT sluice.fill_of_column(a) AS fill FROM added n JOIN pg_attribute a ON a.attrelid = n.relid AND a.attnum = n.attnum
		UNION ALL
		SELECT sluice.fill(p.relid, (c->>'position')::integer, CASE WHEN (c->>'fixed')::boolean THEN 'expression' ELSE 'unknown' END,
			CASE WHEN (c->>'fixed')::boolean THEN c->>'expression' ELSE 'its USING depends on more than the row' END)
		FROM pairs p JOIN jsonb_array_elements(conversions) AS c ON (c->>'relid')::oid = p.relid WHERE p.old IS NOT NULL
		UNION ALL
		SELECT sluice.fill(p.relid, 0, 'unknown', 'it was not in the stream before')
		FROM pairs p WHERE p.old IS NULL AND NOT p.relid = ANY (made)
		AND EXISTS (SELECT FROM sluice.any_value(p.relid, 'tableoid')))
	SELECT coalesce(jsonb_agg(f.fill), '[]') FROM fills f WHERE f.fill IS NOT NULL
$$;

-- ---- the message ----

-- A schema document of these objects; tables that only stand there for others are added.
CREATE FUNCTION sluice.shape_document(this_stream sluice.stream, objects sluice.shape[], context jsonb) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	WITH entries AS (
		SELECT o.object, o.shape, o.ordinality AS place, o.class = 'pg_type'::regclass AS is_type, o.shape ? 'columns' AS is_table
		FROM unnest(objects) WITH ORDINALITY AS o),
	lists AS (
		SELECT coalesce(jsonb_agg(e.shape ORDER BY e.place) FILTER (WHERE e.is_type), '[]') AS types,
			coalesce(jsonb_agg(e.shape ORDER BY e.object) FILTER (WHERE NOT e.is_type AND NOT e.is_table), '[]') AS sequences,
			context || coalesce(jsonb_agg(e.shape ORDER BY cardinality(ARRAY(SELECT a.relid FROM pg_partition_ancestors(e.object) a)), e.object)
				FILTER (WHERE e.is_table), '[]') AS tables
		FROM entries e)
	SELECT jsonb_build_object('format', 'sluice-schema', 'version', 1, 'stream', this_stream.name, 'revision', 1,
		'source', jsonb_build_object('product', 'postgresql', 'version', current_setting('server_version_num')::integer,
			'database', current_database(), 'encoding', getdatabaseencoding()),
		'schemas', sluice.document_schema_list(l.types || l.sequences || l.tables),
		'types', l.types, 'sequences', l.sequences, 'tables', l.tables,
		'carried', '[]'::jsonb, 'not_carried', '[]'::jsonb, 'load', NULL)
	FROM lists l
$$;

CREATE FUNCTION sluice.renames(before sluice.shape[], after sluice.shape[]) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('kind', CASE o.class WHEN 'pg_type'::regclass THEN 'type' ELSE 'sequence' END,
		'from', jsonb_build_object('schema', o.shape->'schema', 'name', o.shape->'name'),
		'to', jsonb_build_object('schema', n.shape->'schema', 'name', n.shape->'name'))), '[]')
	FROM unnest(before) AS o JOIN unnest(after) AS n USING (class, object)
	WHERE NOT o.shape ? 'columns' AND (o.shape->'schema', o.shape->'name') IS DISTINCT FROM (n.shape->'schema', n.shape->'name')
$$;

-- What one stream has to be told, and remembers from now on.
CREATE FUNCTION sluice.note_for_stream(this_stream sluice.stream, command text, objects sluice.touched[], made oid[],
	conversions jsonb, settings jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp
	SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET timezone = 'UTC' SET extra_float_digits = 3
	SET bytea_output = 'hex' SET lc_monetary = 'C'
	-- A few objects are looked up in catalogs of any size.
	SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
DECLARE
	publications oid[] := sluice.document_publications(this_stream);
	tables oid[] := sluice.touched_tables(objects);
	converted oid[] := ARRAY(SELECT (c->>'relid')::oid FROM jsonb_array_elements(conversions) c);	-- perhaps in rows alone
	types oid[];
	known sluice.shape[];
	fresh sluice.shape[] := '{}';
	before sluice.shape[];
	after sluice.shape[];
	around sluice.shape[];
	context jsonb;
	old_document jsonb;
	new_document jsonb;
BEGIN
	tables := ARRAY(SELECT t FROM unnest(tables) AS t WHERE sluice.publishes(publications, t)
		OR EXISTS (SELECT FROM sluice.shape k WHERE k.stream = this_stream.name AND k.class = 'pg_class'::regclass AND k.object = t));
	-- Two commands on one table at once tell what each changed: the second waits for the first.
	PERFORM FROM sluice.shape k WHERE k.stream = this_stream.name
		AND (k.object = ANY (tables) OR (k.class, k.object) IN (SELECT o.class, o.object FROM unnest(objects) o))
		ORDER BY k.class, k.object FOR UPDATE;
	types := ARRAY(SELECT k.object FROM sluice.shape k JOIN unnest(objects) o USING (class, object)
		WHERE k.stream = this_stream.name AND k.class = 'pg_type'::regclass);
	IF tables <> '{}' OR types <> '{}' THEN
		fresh := ARRAY(SELECT s FROM sluice.shapes(this_stream, tables, types) s);
	END IF;
	known := ARRAY(SELECT k FROM sluice.shape k WHERE k.stream = this_stream.name AND (k.class, k.object) IN
		(SELECT f.class, f.object FROM unnest(fresh) f UNION SELECT o.class, o.object FROM unnest(objects) o));
	before := ARRAY(SELECT k FROM unnest(known) k LEFT JOIN unnest(fresh) f USING (class, object)
		WHERE CASE WHEN f.object IS NOT NULL THEN f.shape <> k.shape OR k.object = ANY (converted)
			ELSE NOT EXISTS (SELECT FROM pg_class c WHERE k.class = 'pg_class'::regclass AND c.oid = k.object)
				AND NOT EXISTS (SELECT FROM pg_type t WHERE k.class = 'pg_type'::regclass AND t.oid = k.object) END);
	after := ARRAY(SELECT ROW(f.stream, f.class, f.object, f.shape)::sluice.shape
		FROM unnest(fresh) WITH ORDINALITY f LEFT JOIN unnest(known) k USING (class, object)
		WHERE k.shape IS DISTINCT FROM f.shape OR f.object = ANY (converted) ORDER BY f.ordinality);
	IF before = '{}' AND after = '{}' THEN
		RETURN;
	END IF;
	DELETE FROM sluice.shape k WHERE k.stream = this_stream.name
		AND (k.class, k.object) IN (SELECT b.class, b.object FROM unnest(before) b);
	INSERT INTO sluice.shape SELECT a.* FROM unnest(after) a
		WHERE NOT a.shape ? 'columns' OR sluice.publishes(publications, a.object);
	-- What stands around: parents; types of the columns; with a type that changed, the tables that use it.
	WITH RECURSIVE above AS (	-- of what was a partition: its parents up to the root
		SELECT b.shape->'partition_of' AS parent FROM unnest(before) b WHERE b.shape->'partition_of' <> 'null'
		UNION SELECT k.shape->'partition_of' FROM above a JOIN sluice.shape k ON k.stream = this_stream.name
			AND k.class = 'pg_class'::regclass AND (k.shape->'schema', k.shape->'name') = (a.parent->'schema', a.parent->'name')
			WHERE k.shape->'partition_of' <> 'null')
	SELECT coalesce(jsonb_agg(k.shape), '[]') INTO context FROM sluice.shape k
		WHERE k.stream = this_stream.name AND k.class = 'pg_class'::regclass AND k.shape ? 'columns'
		AND ((k.shape->'schema', k.shape->'name') IN (SELECT a.parent->'schema', a.parent->'name' FROM above a)
			OR k.object = ANY (sluice.neighbours(publications, ARRAY(SELECT a.object FROM unnest(after) a WHERE a.shape ? 'columns')))
			OR (k.object = ANY (tables) AND EXISTS (SELECT FROM unnest(before || after) c WHERE c.class = 'pg_type'::regclass)))
		AND NOT EXISTS (SELECT FROM unnest(before || after) c WHERE c.class = k.class AND c.object = k.object);
	around := ARRAY(SELECT ROW(f.stream, f.class, f.object, f.shape)::sluice.shape FROM unnest(fresh) WITH ORDINALITY f
		WHERE f.class = 'pg_type'::regclass
		AND NOT EXISTS (SELECT FROM unnest(before || after) c WHERE c.class = f.class AND c.object = f.object) ORDER BY f.ordinality);
	old_document := sluice.shape_document(this_stream, around || before, context);
	new_document := sluice.shape_document(this_stream, around || after, context);
	PERFORM sluice.emit(this_stream.name, true, 'sluice.ddl', jsonb_build_object('format', 'sluice-ddl', 'version', 1,
		'stream', this_stream.name, 'command', command, 'before', old_document, 'after', new_document,
		'renamed', sluice.renames(before, after), 'settings', settings,
		'fills', sluice.fills(old_document->'tables', new_document->'tables', made, conversions))::text);
END $$;

-- ---- the triggers ----

-- Not those that came here with a copy of another database.
CREATE FUNCTION sluice.told_streams() RETURNS SETOF sluice.stream
	LANGUAGE sql STABLE AS $$
	SELECT s.* FROM sluice.stream s JOIN pg_database d ON d.oid = s.database_oid AND d.datname = current_database()
	WHERE s.desired <> 'dropped'
$$;

-- Never fails: the user's command is not ours to undo.
CREATE FUNCTION sluice.note_ddl() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	objects sluice.touched[];
	made oid[];
	conversions jsonb;
	publications boolean;
	this_stream sluice.stream;
	settings jsonb := jsonb_build_object('TimeZone', current_setting('TimeZone'), 'DateStyle', current_setting('DateStyle'),
		'IntervalStyle', current_setting('IntervalStyle'));
BEGIN
	IF NOT EXISTS (SELECT FROM sluice.told_streams()) THEN
		RETURN;
	END IF;
	BEGIN
		SELECT array_agg(DISTINCT t), array_agg(DISTINCT c.objid) FILTER (WHERE c.command_tag IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO'))
			INTO objects, made
			FROM pg_event_trigger_ddl_commands() c CROSS JOIN LATERAL sluice.touched_by_command(c.classid, c.objid) t
			WHERE NOT c.in_extension AND c.schema_name IS DISTINCT FROM 'pg_temp'
			AND (c.classid <> 'pg_namespace'::regclass OR c.command_tag = 'ALTER SCHEMA');
		SELECT coalesce(bool_or(c.classid IN ('pg_publication'::regclass, 'pg_publication_rel'::regclass)
				OR c.object_type LIKE 'publication%'), false) INTO publications
			FROM pg_event_trigger_ddl_commands() c;
		IF TG_EVENT = 'sql_drop' THEN
			objects := objects || ARRAY(SELECT DISTINCT t FROM pg_event_trigger_dropped_objects() d
				CROSS JOIN LATERAL sluice.touched_by_drop(TG_TAG, d.classid, d.objid, d.object_type, d.address_names) t
				WHERE NOT d.is_temporary);
			-- With a table goes its place in publications; that is told of the table.
			publications := publications OR TG_TAG IN ('ALTER PUBLICATION', 'DROP PUBLICATION');
		END IF;
		IF publications THEN
			PERFORM sluice.note_publication(s) FROM sluice.told_streams() s;
		ELSIF objects <> '{}' THEN
			SELECT coalesce(jsonb_agg(to_jsonb(v)), '[]') INTO conversions
				FROM pg_event_trigger_ddl_commands() c CROSS JOIN LATERAL sluice.ddl_conversions(c.command) v
				WHERE c.command_tag = 'ALTER TABLE';
			IF TG_EVENT = 'sql_drop' THEN	-- those that the command's end will tell of are told once
				objects := ARRAY(SELECT o FROM unnest(objects) o WHERE o.class <> 'pg_class'::regclass
					OR NOT EXISTS (SELECT FROM jsonb_array_elements(conversions) c WHERE (c->>'relid')::oid = o.object));
			END IF;
			FOR this_stream IN SELECT * FROM sluice.told_streams() LOOP
				PERFORM sluice.note_for_stream(this_stream, TG_TAG, objects, coalesce(made, '{}'), conversions, settings);
			END LOOP;
		END IF;
	EXCEPTION WHEN OTHERS THEN
		RAISE WARNING USING
			MESSAGE = format('streams were not told of this %s: %s', TG_TAG, SQLERRM),
			HINT = 'Another command on the same table, a comment say, tells of both.';
	END;
END $$;

REVOKE ALL ON FUNCTION sluice.emit(text, boolean, text, text), sluice.publishes(oid[], oid), sluice.publishes_schema(oid, oid),
	sluice.neighbours(oid[], oid[]), sluice.shapes(sluice.stream, oid[], oid[]), sluice.remember(text), sluice.forget(),
	sluice.touched_by_command(oid, oid), sluice.touched_by_drop(text, oid, oid, text, text[]),
	sluice.touched_tables(sluice.touched[]), sluice.ddl_conversions(pg_ddl_command), sluice.is_volatile(pg_node_tree),
	sluice.any_value(oid, name), sluice.fill(oid, integer, text, text), sluice.fill_of_column(pg_attribute),
	sluice.positions(jsonb), sluice.fills(jsonb, jsonb, oid[], jsonb), sluice.shape_document(sluice.stream, sluice.shape[], jsonb),
	sluice.renames(sluice.shape[], sluice.shape[]), sluice.told_streams(),
	sluice.note_for_stream(sluice.stream, text, sluice.touched[], oid[], jsonb, jsonb), sluice.note_ddl() FROM PUBLIC;

CREATE EVENT TRIGGER sluice_ddl ON ddl_command_end
	WHEN TAG IN ('ALTER DOMAIN', 'ALTER INDEX', 'ALTER PUBLICATION', 'ALTER SCHEMA', 'ALTER SEQUENCE', 'ALTER TABLE', 'ALTER TYPE',
		'COMMENT', 'CREATE INDEX', 'CREATE SCHEMA', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO')
	EXECUTE FUNCTION sluice.note_ddl();
CREATE EVENT TRIGGER sluice_drop ON sql_drop EXECUTE FUNCTION sluice.note_ddl();
-- Also for what another writer applies here.
ALTER EVENT TRIGGER sluice_ddl ENABLE ALWAYS;
ALTER EVENT TRIGGER sluice_drop ENABLE ALWAYS;
