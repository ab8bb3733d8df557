-- ---- the schema document: schemas, types, sequences, what is carried and what is not ----

CREATE FUNCTION sluice.document_type(t pg_type) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('schema', n.nspname, 'name', t.typname, 'comment', obj_description(t.oid, 'pg_type'))
		|| CASE t.typtype
		WHEN 'e' THEN jsonb_build_object('kind', 'enum', 'labels',
			coalesce((SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '[]'))
		WHEN 'd' THEN (SELECT jsonb_build_object('kind', 'domain', 'base', format_type(b.oid, t.typtypmod),
				'collation', sluice.document_collation(t.typcollation, b.typcollation), 'not_null', t.typnotnull,
				'default', pg_get_expr(t.typdefaultbin, 0), 'checks', coalesce((SELECT jsonb_agg(jsonb_build_object(
					'name', c.conname, 'definition', pg_get_constraintdef(c.oid)) ORDER BY c.conname)
				FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'), '[]'))
			FROM pg_type b WHERE b.oid = t.typbasetype)
		WHEN 'c' THEN jsonb_build_object('kind', 'composite', 'attributes', coalesce((SELECT jsonb_agg(jsonb_build_object(
				'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
				'collation', sluice.document_collation(a.attcollation, b.typcollation)) ORDER BY a.attnum)
			FROM pg_attribute a JOIN pg_type b ON b.oid = a.atttypid
			WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '[]'))
		WHEN 'r' THEN (SELECT jsonb_build_object('kind', 'range', 'subtype', format_type(r.rngsubtype, NULL),
				'multirange', m.typname, 'definition', concat_ws(', ',
					format('subtype = %s', format_type(r.rngsubtype, NULL)),
					'subtype_opclass = ' || (SELECT format('%I.%I', on_.nspname, o.opcname) FROM pg_opclass o
						JOIN pg_namespace on_ ON on_.oid = o.opcnamespace WHERE o.oid = r.rngsubopc AND NOT o.opcdefault),
					'collation = ' || sluice.document_collation(r.rngcollation, s.typcollation),
					'canonical = ' || nullif(r.rngcanonical::oid, 0)::regproc,
					'subtype_diff = ' || nullif(r.rngsubdiff::oid, 0)::regproc,
					'multirange_type_name = ' || quote_ident(mn.nspname) || '.' || quote_ident(m.typname)))
			FROM pg_range r JOIN pg_type s ON s.oid = r.rngsubtype
			LEFT JOIN pg_type m ON m.oid::text = to_jsonb(r)->>'rngmultitypid' LEFT JOIN pg_namespace mn ON mn.oid = m.typnamespace
			WHERE r.rngtypid = t.oid)
		END
	FROM pg_namespace n WHERE n.oid = t.typnamespace
$$;

CREATE FUNCTION sluice.document_type_list(types oid[]) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(sluice.document_type(t) ORDER BY o.place), '[]')
	FROM unnest(types) WITH ORDINALITY AS o (type, place) JOIN pg_type t ON t.oid = o.type
$$;

CREATE FUNCTION sluice.document_sequence_list(tables oid[], hidden text[], types oid[]) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(sluice.document_name(s.seqrelid) || jsonb_build_object(
		'type', format_type(s.seqtypid, NULL), 'start', s.seqstart::text, 'increment', s.seqincrement::text,
		'minimum', s.seqmin::text, 'maximum', s.seqmax::text, 'cache', s.seqcache::text, 'cycle', s.seqcycle,
		'comment', obj_description(s.seqrelid, 'pg_class'), 'last_value', pg_sequence_last_value(s.seqrelid)::text,
		'owner', owner.entry, 'identity', coalesce(owner.identity, false)) ORDER BY n.nspname, c.relname), '[]')
	FROM sluice.document_sequences(tables, hidden, types) AS q (relid)
	JOIN pg_sequence s ON s.seqrelid = q.relid
	JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN LATERAL (
		SELECT jsonb_build_object('schema', tn.nspname, 'table', t.relname, 'column', a.attname) AS entry,
			d.deptype = 'i' AS identity
		FROM pg_depend d JOIN sluice.document_attributes(tables, hidden) a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
		WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.refclassid = 'pg_class'::regclass
		AND d.deptype IN ('a', 'i')) owner ON true
$$;

CREATE FUNCTION sluice.document_schemas(tables oid[]) RETURNS oid[]
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(DISTINCT c.relnamespace), '{}') FROM pg_class c WHERE c.oid = ANY (tables)
$$;

-- Every schema that something of the document is in.
CREATE FUNCTION sluice.document_schema_list(parts jsonb) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('name', n.nspname,
		'comment', nullif(obj_description(n.oid, 'pg_namespace'), 'standard public schema')) ORDER BY n.nspname), '[]')
	FROM pg_namespace n WHERE n.nspname IN (SELECT DISTINCT e->>'schema' FROM jsonb_array_elements(parts) e)
$$;

-- ---- functions, views and triggers ----

-- Functions of the stream's schemas and those that the tables use, as far as their source says all.
CREATE FUNCTION sluice.document_functions(tables oid[], used oid[], OUT function oid, OUT depth integer) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	WITH RECURSIVE possible AS (
		SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
		WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal')
		AND (p.pronamespace = ANY (sluice.document_schemas(tables)) OR p.oid = ANY (used))
		AND sluice.document_extension('pg_proc', p.oid) IS NULL),
	above AS (
		SELECT oid, 0 AS depth FROM possible
		UNION
		SELECT p.oid, above.depth + 1 FROM above
		JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = above.oid AND d.classid = 'pg_proc'::regclass
		JOIN possible p ON p.oid = d.objid AND p.oid <> above.oid
		WHERE above.depth < 100)
	SELECT oid, max(above.depth) FROM above GROUP BY oid
$$;

-- The relations, columns and functions that a view's query uses.
CREATE FUNCTION sluice.document_view_parts(view oid, OUT class oid, OUT object oid, OUT column_number smallint) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	SELECT DISTINCT d.refclassid, d.refobjid, d.refobjsubid::smallint
	FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
	WHERE r.ev_class = view AND d.refobjid >= 16384 AND d.refobjid <> view
	AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
$$;

-- Views of the stream's schemas: what the first thing is that keeps one from being carried, or NULL.
CREATE FUNCTION sluice.document_views(tables oid[], hidden text[], functions oid[],
	OUT view oid, OUT depth integer, OUT missing text) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	WITH RECURSIVE views AS (
		SELECT c.oid FROM pg_class c
		WHERE c.relkind = 'v' AND c.relnamespace = ANY (sluice.document_schemas(tables))
		AND sluice.document_extension('pg_class', c.oid) IS NULL),
	parts AS (
		SELECT v.oid AS view, p.* FROM views v CROSS JOIN LATERAL sluice.document_view_parts(v.oid) p),
	faults AS (
		SELECT p.view, pg_describe_object(p.class, p.object, 0) AS missing FROM parts p
		WHERE sluice.document_extension(p.class, p.object) IS NULL AND CASE p.class
			WHEN 'pg_proc'::regclass THEN NOT p.object = ANY (functions)
			ELSE NOT (p.object = ANY (tables) OR p.object IN (SELECT oid FROM views))
				OR sluice.document_is_hidden(hidden, p.object, ARRAY[p.column_number]) END
		UNION
		SELECT p.view, f.missing FROM faults f JOIN parts p ON p.object = f.view),
	above AS (
		SELECT oid AS view, 0 AS depth FROM views
		UNION
		SELECT p.view, above.depth + 1 FROM above JOIN parts p ON p.object = above.view
		WHERE above.depth < 100)	-- views can be made to use each other
	SELECT above.view, max(above.depth), (SELECT min(f.missing) FROM faults f WHERE f.view = above.view)
	FROM above GROUP BY above.view
$$;

CREATE FUNCTION sluice.document_triggers(tables oid[]) RETURNS SETOF pg_trigger
	LANGUAGE sql STABLE AS $$
	SELECT g.* FROM unnest(tables) AS t (relid) JOIN pg_trigger g ON g.tgrelid = t.relid
	WHERE NOT g.tgisinternal AND g.tgparentid = 0
$$;

CREATE FUNCTION sluice.document_view_definition(view oid) RETURNS text
	LANGUAGE sql STABLE AS $$
	SELECT format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, c.relname,
		' WITH (' || array_to_string(c.reloptions, ', ') || ')', btrim(rtrim(pg_get_viewdef(view), ';')))
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = view
$$;

-- Only with the second statement does it fire as it does at the source.
CREATE FUNCTION sluice.document_trigger_definition(g pg_trigger) RETURNS text
	LANGUAGE sql STABLE AS $$
	SELECT pg_get_triggerdef(g.oid) || CASE WHEN g.tgenabled IN ('A', 'R') THEN format('; ALTER TABLE %s ENABLE %s TRIGGER %I',
		g.tgrelid::regclass, CASE g.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, g.tgname) ELSE '' END
$$;

-- All functions, views and triggers there are: in `carried` when they are wanted and whole, else with the reason.
CREATE FUNCTION sluice.document_candidates(tables oid[], hidden text[], used oid[], wanted text[],
	OUT kind text, OUT schema text, OUT name text, OUT "table" text, OUT definition text,
	OUT before_tables boolean, OUT reason text, OUT place bigint) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	WITH functions AS MATERIALIZED (SELECT * FROM sluice.document_functions(tables, used)),
	carried_functions AS (SELECT coalesce(array_agg(f.function), '{}') AS oids FROM functions f WHERE 'functions' = ANY (wanted)),
	all_of_them AS (
		SELECT 'function' AS kind, n.nspname::text AS schema, format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
			NULL::text AS "table", pg_get_functiondef(p.oid) AS definition, p.oid = ANY (used) AS before_tables,
			CASE WHEN NOT 'functions' = ANY (wanted) THEN 'functions are carried only on request (option carry)' END AS reason,
			1 AS kind_place, f.depth
		FROM functions f JOIN pg_proc p ON p.oid = f.function JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE 'functions' = ANY (wanted) OR NOT p.oid = ANY (used)	-- used ones are told of by who uses them
		UNION ALL
		SELECT 'view', n.nspname, c.relname, NULL, sluice.document_view_definition(c.oid), false,
			CASE WHEN NOT 'views' = ANY (wanted) THEN 'views are carried only on request (option carry)'
				ELSE 'it uses ' || v.missing || ', which is not carried' END, 2, v.depth
		FROM carried_functions f CROSS JOIN LATERAL sluice.document_views(tables, hidden, f.oids) v
		JOIN pg_class c ON c.oid = v.view JOIN pg_namespace n ON n.oid = c.relnamespace
		UNION ALL
		SELECT 'trigger', n.nspname, g.tgname, c.relname, sluice.document_trigger_definition(g), false,
			CASE WHEN NOT 'triggers' = ANY (wanted) THEN 'triggers are carried only on request (option carry)'
				WHEN g.tgenabled = 'D' THEN 'it is disabled'
				WHEN NOT (g.tgfoid < 16384 OR g.tgfoid = ANY (f.oids) OR sluice.document_extension('pg_proc', g.tgfoid) IS NOT NULL)
					THEN format('its function %s is not carried', g.tgfoid::regprocedure) END, 3, 0
		FROM carried_functions f CROSS JOIN sluice.document_triggers(tables) g
		JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace)
	SELECT a.kind, a.schema, a.name, a."table", a.definition, a.before_tables, a.reason,
		row_number() OVER (ORDER BY a.kind_place, a.depth, a.schema, a.name, a."table")
	FROM all_of_them a
$$;
