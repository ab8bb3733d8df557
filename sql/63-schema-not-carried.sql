-- ---- the schema document: what stays behind, and why ----
--
-- Each function gives rows (kind, schema, name, reason, definition) for the list not_carried.

CREATE TYPE sluice.not_carried AS (kind text, schema text, name text, reason text, definition text);

-- What an extension has to bring, and what else must be there before the tables are.
CREATE FUNCTION sluice.document_needs(tables oid[], hidden text[], types oid[], carried_functions oid[])
	RETURNS SETOF sluice.not_carried
	LANGUAGE sql STABLE AS $$
	WITH used AS MATERIALIZED (
		SELECT u.class, u.object, u.used_by, sluice.document_extension(u.class, u.object) AS extension
		FROM (SELECT * FROM sluice.document_used(tables, hidden, types)
			UNION ALL SELECT 'pg_type'::regclass, p.type, NULL FROM sluice.document_type_parts(tables, hidden) p
				JOIN pg_type t ON t.oid = p.type
				WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND NOT p.type = ANY (types) AND NOT (t.typlen = -1 AND t.typelem <> 0)) u)
	SELECT DISTINCT 'extension', NULL, extension, format('needs CREATE EXTENSION %I at the target', extension),
		format('CREATE EXTENSION %I', extension)
	FROM used WHERE extension IS NOT NULL
	UNION ALL
	SELECT i.type, i.schema, i.identity, CASE WHEN u.used_by IS NOT NULL
		THEN format('used by %s: it must be at the target before the tables', u.used_by)
		ELSE format('types of this kind are not carried (%s): it must be at the target before the tables',
			CASE WHEN t.typtype = 'c' THEN 'a table''s rows' ELSE 'a base type' END) END, NULL
	FROM used u CROSS JOIN LATERAL pg_identify_object(u.class, u.object, 0) i
	LEFT JOIN pg_type t ON u.class = 'pg_type'::regclass AND t.oid = u.object
	WHERE u.extension IS NULL AND NOT (u.class = 'pg_proc'::regclass AND u.object = ANY (carried_functions))
$$;

-- Columns that are not published, and what uses them; constraints that are of another kind or lead out of the stream.
CREATE FUNCTION sluice.document_left_out(tables oid[], hidden text[]) RETURNS SETOF sluice.not_carried
	LANGUAGE sql STABLE AS $$
	SELECT 'column', n.nspname, format('%s of %s', a.attname, c.relname), 'it is not published', NULL::text
	FROM unnest(tables) AS t (relid) JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE sluice.document_is_hidden(hidden, c.oid, ARRAY[a.attnum])
	UNION ALL
	SELECT CASE x.contype WHEN 'x' THEN 'exclusion constraint' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' ELSE 'index' END,
		n.nspname, format('%s on %s', ic.relname, c.relname),
		CASE WHEN x.contype = 'x' THEN 'exclusion constraints are not carried'
			WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'it is not valid'
			ELSE 'it uses a column that is not published' END,
		coalesce(format('ALTER TABLE %s ADD CONSTRAINT ', i.indrelid::regclass) || quote_ident(x.conname) || ' ' || pg_get_constraintdef(x.oid),
			pg_get_indexdef(i.indexrelid))
	FROM unnest(tables) AS t (relid) JOIN pg_index i ON i.indrelid = t.relid
	JOIN pg_class ic ON ic.oid = i.indexrelid
	JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN pg_constraint x ON x.conindid = i.indexrelid AND x.conrelid = i.indrelid AND x.contype IN ('p', 'u', 'x')
	WHERE NOT EXISTS (SELECT FROM sluice.document_indexes(ARRAY[i.indrelid], hidden) carried WHERE carried.indexrelid = i.indexrelid)
	UNION ALL
	SELECT CASE x.contype WHEN 'c' THEN 'check' ELSE 'foreign key' END, n.nspname, format('%s on %s', x.conname, c.relname),
		CASE WHEN x.contype = 'f' AND NOT x.confrelid = ANY (tables) THEN format('table %s is not in the stream', x.confrelid::regclass)
			ELSE 'it uses a column that is not published' END,
		format('ALTER TABLE %s ADD CONSTRAINT %I ', x.conrelid::regclass, x.conname) || pg_get_constraintdef(x.oid)
	FROM (SELECT * FROM sluice.document_declared_keys(tables)
		UNION ALL SELECT k.* FROM unnest(tables) AS t (relid) JOIN pg_constraint k ON k.conrelid = t.relid AND k.contype = 'c') x
	JOIN pg_class c ON c.oid = x.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE sluice.document_is_hidden(hidden, x.conrelid, x.conkey) OR (x.contype = 'f' AND
		(NOT x.confrelid = ANY (tables) OR sluice.document_is_hidden(hidden, x.confrelid, x.confkey)))
	UNION ALL
	SELECT 'not null', n.nspname, format('%s on %s', x.conname, c.relname), 'it is not validated', NULL
	FROM unnest(tables) AS t (relid) JOIN pg_constraint x ON x.conrelid = t.relid AND x.contype = 'n' AND NOT x.convalidated
	JOIN pg_class c ON c.oid = x.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	UNION ALL
	SELECT CASE WHEN c.relispartition THEN 'partition' ELSE 'inheritance' END, n.nspname, c.relname,
		format('%s is not in the stream: the target has a table of its own here', i.inhparent::regclass), NULL
	FROM unnest(tables) AS t (relid) JOIN pg_inherits i ON i.inhrelid = t.relid
	JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE NOT i.inhparent = ANY (tables)
	UNION ALL
	SELECT 'foreign table', n.nspname, c.relname, 'partitions on other servers are not carried', NULL
	FROM unnest(tables) AS t (relid) JOIN pg_inherits i ON i.inhparent = t.relid
	JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'f' JOIN pg_namespace n ON n.oid = c.relnamespace
$$;

-- Whatever else hangs on the tables or stands in their schemas.
CREATE FUNCTION sluice.document_others(tables oid[]) RETURNS SETOF sluice.not_carried
	LANGUAGE sql STABLE AS $$
	SELECT 'policy', p.schemaname, format('%s on %s', p.policyname, p.tablename), 'who may see which rows is the target''s affair',
		format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.policyname, p.schemaname, p.tablename, p.permissive, p.cmd,
			(SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ') FROM unnest(p.roles) AS r))
			|| coalesce(' USING (' || p.qual || ')', '') || coalesce(' WITH CHECK (' || p.with_check || ')', '')
	FROM unnest(tables) AS t (relid) JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_policies p ON p.schemaname = n.nspname AND p.tablename = c.relname
	UNION ALL
	SELECT 'row security', n.nspname, c.relname, 'who may see which rows is the target''s affair',
		format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', c.oid::regclass)
	FROM unnest(tables) AS t (relid) JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relrowsecurity
	UNION ALL
	SELECT 'rule', n.nspname, format('%s on %s', r.rulename, c.relname), 'rules are not carried', pg_get_ruledef(r.oid)
	FROM unnest(tables) AS t (relid) JOIN pg_rewrite r ON r.ev_class = t.relid
	JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	UNION ALL
	SELECT 'statistics', n.nspname, s.stxname, 'statistics objects are not carried', pg_get_statisticsobjdef(s.oid)
	FROM unnest(tables) AS t (relid) JOIN pg_statistic_ext s ON s.stxrelid = t.relid
	JOIN pg_namespace n ON n.oid = s.stxnamespace
	UNION ALL
	SELECT 'storage', n.nspname, format('%s of %s', a.attname, c.relname), 'how values are stored is the target''s affair',
		format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE %s', c.oid::regclass, a.attname,
			CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
	FROM unnest(tables) AS t (relid) JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN pg_type y ON y.oid = a.atttypid AND y.typstorage <> a.attstorage
	UNION ALL
	SELECT 'tablespace', n.nspname, c.relname, 'where tables are stored is the target''s affair',
		format('ALTER TABLE %s SET TABLESPACE %I', c.oid::regclass, s.spcname)
	FROM unnest(tables) AS t (relid) JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_tablespace s ON s.oid = c.reltablespace
	UNION ALL
	SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'unlogged table' END, n.nspname, c.relname,
		CASE c.relkind WHEN 'f' THEN 'its rows are on another server' ELSE 'what is not in the log cannot be streamed' END,
		CASE c.relkind WHEN 'r' THEN format('ALTER TABLE %s SET LOGGED', c.oid::regclass) END
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE (c.relkind = 'f' OR (c.relkind = 'r' AND c.relpersistence = 'u'))
	AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = ANY (tables))
	AND c.relnamespace = ANY (sluice.document_schemas(tables)) AND sluice.document_extension('pg_class', c.oid) IS NULL
	UNION ALL
	SELECT 'materialized view', n.nspname, c.relname, 'materialized views are not carried',
		format('CREATE MATERIALIZED VIEW %s AS %s', c.oid::regclass, btrim(rtrim(pg_get_viewdef(c.oid), ';')))
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'm' AND c.relnamespace = ANY (sluice.document_schemas(tables))
	AND sluice.document_extension('pg_class', c.oid) IS NULL
	UNION ALL
	SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END, n.nspname,
		format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)),
		CASE p.prokind WHEN 'a' THEN 'aggregates are not carried' ELSE 'it is in a library of the source' END, NULL
	FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
	WHERE p.oid >= 16384 AND (p.prokind IN ('a', 'w') OR l.lanname IN ('c', 'internal'))
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
		AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i')	-- a range's constructor
	AND p.pronamespace = ANY (sluice.document_schemas(tables)) AND sluice.document_extension('pg_proc', p.oid) IS NULL
$$;
