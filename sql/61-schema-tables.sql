-- ---- the schema document: tables ----

CREATE FUNCTION sluice.document_name(relid oid) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('schema', n.nspname, 'name', c.relname)
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relid
$$;

CREATE FUNCTION sluice.document_collation(actual oid, usual oid) RETURNS text
	LANGUAGE sql STABLE AS $$
	SELECT format('%I.%I', n.nspname, c.collname) FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
	WHERE c.oid = actual AND actual <> usual
$$;

CREATE FUNCTION sluice.document_column_names(relid oid, numbers smallint[]) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(a.attname ORDER BY n.place), '[]') FROM unnest(numbers) WITH ORDINALITY AS n (attnum, place)
	JOIN pg_attribute a ON a.attrelid = relid AND a.attnum = n.attnum
$$;

/*
 * What a default always is, as its type writes it; NULL when it may differ from time to time.
 *
 * Running somebody's expression as the extension's owner must not run their code: only constants
 * under conversions that are built in and immutable, to a type that is built in or an enum.
 */
CREATE FUNCTION sluice.document_literal(tree text, expression text, type oid, typmod integer) RETURNS text
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	result text;
BEGIN
	IF EXISTS (SELECT FROM regexp_matches(tree, '\{([A-Z]+)', 'g') AS node
				WHERE node[1] NOT IN ('CONST', 'FUNCEXPR', 'RELABELTYPE'))
			OR EXISTS (SELECT FROM regexp_matches(tree, ':consttype (\d+)', 'g') AS constant
				WHERE constant[1]::oid >= 16384 AND constant[1]::oid <> type)
			OR EXISTS (SELECT FROM regexp_matches(tree, ':funcid (\d+)', 'g') AS called JOIN pg_proc p ON p.oid = called[1]::oid
				WHERE p.oid >= 16384 OR p.provolatile <> 'i')
			OR tree ~ ':funcformat [^12]'	-- not written as a conversion
			OR NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = type AND (t.oid < 16384 OR t.typtype = 'e')) THEN
		RETURN NULL;
	END IF;
	EXECUTE format('SELECT format(''%%s'', (%1$s)::%2$s) WHERE (%1$s) IS NOT NULL', expression, format_type(type, typmod))
		INTO result;
	RETURN result;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;	-- one that no row can be inserted with
END $$;

CREATE FUNCTION sluice.document_columns(tables oid[], hidden text[], OUT relid oid, OUT entries jsonb) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	SELECT a.attrelid, jsonb_agg(jsonb_build_object(
		'name', a.attname, 'position', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
		'type_schema', n.nspname, 'type_name', t.typname, 'typmod', a.atttypmod,
		'canon', sluice.canon_of(a.atttypid), 'element', sluice.element_of(a.atttypid),
		'not_null', a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conrelid = a.attrelid
			AND x.contype = 'n' AND x.conkey = ARRAY[a.attnum] AND NOT x.convalidated),
		'collation', sluice.document_collation(a.attcollation, t.typcollation),
		'default', CASE a.attgenerated WHEN '' THEN d.expression END,
		'default_kind', CASE WHEN a.attgenerated <> '' THEN NULL WHEN d.literal IS NOT NULL THEN 'literal'
			WHEN d.expression LIKE 'nextval(%' THEN 'sequence' WHEN d.expression IS NOT NULL THEN 'expression' END,
		'default_value', CASE a.attgenerated WHEN '' THEN d.literal END,
		'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
		'generated', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END,
		'expression', CASE WHEN a.attgenerated <> '' THEN d.expression END,
		-- A column that a child declares too is its own; one that is computed could not be declared again.
		'inherited', a.attinhcount > 0 AND (NOT a.attislocal OR a.attgenerated <> '') AND EXISTS (SELECT FROM pg_inherits i
			JOIN sluice.document_attributes(ARRAY[i.inhparent], hidden) b ON b.attname = a.attname
			WHERE i.inhrelid = a.attrelid AND i.inhparent = ANY (tables)),
		'comment', col_description(a.attrelid, a.attnum)) ORDER BY a.attnum)
	FROM sluice.document_attributes(tables, hidden) a
	JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
	LEFT JOIN LATERAL (
		SELECT expression, CASE a.attgenerated WHEN ''
			THEN sluice.document_literal(f.adbin::text, expression, a.atttypid, a.atttypmod) END AS literal
		-- With the table its columns' names are made ready each time, as many as there are; defaults use none of them.
		FROM pg_attrdef f CROSS JOIN LATERAL (
			SELECT pg_get_expr(f.adbin, CASE a.attgenerated WHEN '' THEN 0 ELSE f.adrelid END) AS expression OFFSET 0) e
		WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) d ON true
	GROUP BY a.attrelid
$$;

-- Its key columns, each with order, collation and operator class where they are not the usual ones.
CREATE FUNCTION sluice.document_index_columns(index pg_index) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT jsonb_agg(jsonb_build_object(
		'name', a.attname,
		'expression', CASE WHEN a.attname IS NULL THEN pg_get_indexdef(index.indexrelid, k, false) END,
		'order', CASE WHEN pg_index_column_has_property(index.indexrelid, k, 'asc') THEN 'asc'
			WHEN pg_index_column_has_property(index.indexrelid, k, 'desc') THEN 'desc' END,
		'nulls', CASE WHEN pg_index_column_has_property(index.indexrelid, k, 'nulls_first') THEN 'first'
			WHEN pg_index_column_has_property(index.indexrelid, k, 'nulls_last') THEN 'last' END,
		'collation', sluice.document_collation(index.indcollation[k - 1], coalesce(a.attcollation, t.typcollation)),
		'opclass', (SELECT format('%I.%I', n.nspname, o.opcname) FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
			WHERE o.oid = index.indclass[k - 1] AND NOT o.opcdefault)) ORDER BY k)
	FROM generate_series(1, index.indnkeyatts) AS k
	LEFT JOIN pg_attribute a ON a.attrelid = index.indrelid AND a.attnum = index.indkey[k - 1] AND a.attnum > 0
	JOIN pg_attribute own ON own.attrelid = index.indexrelid AND own.attnum = k JOIN pg_type t ON t.oid = own.atttypid
$$;

CREATE FUNCTION sluice.document_index_lists(tables oid[], hidden text[], OUT relid oid, OUT entries jsonb) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	SELECT i.indrelid, jsonb_agg(jsonb_build_object(
		'name', c.relname, 'definition', pg_get_indexdef(i.indexrelid), 'primary', i.indisprimary, 'unique', i.indisunique,
		'nulls_not_distinct', coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false),
		'method', m.amname, 'predicate', pg_get_expr(i.indpred, i.indrelid),
		'include', sluice.document_column_names(i.indrelid, (i.indkey::smallint[])[i.indnkeyatts:]),
		'columns', sluice.document_index_columns(i),
		'constraint', (SELECT jsonb_build_object('name', x.conname, 'definition', pg_get_constraintdef(x.oid),
				'deferrable', x.condeferrable, 'deferred', x.condeferred, 'comment', obj_description(x.oid, 'pg_constraint'))
			FROM pg_constraint x WHERE x.conindid = i.indexrelid AND x.conrelid = i.indrelid AND x.contype IN ('p', 'u')),
		'replica_identity', i.indisreplident, 'clustered', i.indisclustered,
		'parent', (SELECT sluice.document_name(h.inhparent) FROM pg_inherits h JOIN pg_index p ON p.indexrelid = h.inhparent
			JOIN sluice.document_indexes(ARRAY[p.indrelid], hidden) above ON above.indexrelid = h.inhparent
			WHERE h.inhrelid = i.indexrelid AND p.indrelid = ANY (tables)),
		'comment', obj_description(i.indexrelid, 'pg_class')) ORDER BY NOT i.indisprimary, c.relname)
	FROM sluice.document_indexes(tables, hidden) i
	JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
	GROUP BY i.indrelid
$$;

CREATE FUNCTION sluice.document_check_lists(tables oid[], hidden text[], OUT relid oid, OUT entries jsonb) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	SELECT c.conrelid, jsonb_agg(jsonb_build_object(
		'name', c.conname, 'definition', pg_get_constraintdef(c.oid), 'expression', pg_get_expr(c.conbin, c.conrelid),
		'validated', c.convalidated, 'no_inherit', c.connoinherit,
		'inherited', c.coninhcount > 0 AND EXISTS (SELECT FROM pg_inherits i
			JOIN sluice.document_checks(ARRAY[i.inhparent], hidden) above ON above.conname = c.conname
			WHERE i.inhrelid = c.conrelid AND i.inhparent = ANY (tables)),
		'comment', obj_description(c.oid, 'pg_constraint')) ORDER BY c.conname)
	FROM sluice.document_checks(tables, hidden) c GROUP BY c.conrelid
$$;

CREATE FUNCTION sluice.document_action(letter "char") RETURNS text
	LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE letter WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade'
		WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default' END
$$;

CREATE FUNCTION sluice.document_key_lists(tables oid[], hidden text[], OUT relid oid, OUT entries jsonb) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	SELECT c.conrelid, jsonb_agg(jsonb_build_object(
		'name', c.conname, 'columns', sluice.document_column_names(c.conrelid, c.conkey),
		'schema', n.nspname, 'table', r.relname, 'referenced', sluice.document_column_names(c.confrelid, c.confkey),
		'on_update', sluice.document_action(c.confupdtype), 'on_delete', sluice.document_action(c.confdeltype),
		'match', CASE c.confmatchtype WHEN 'f' THEN 'full' ELSE 'simple' END,
		'deferrable', c.condeferrable, 'deferred', c.condeferred, 'validated', c.convalidated,
		'inherited', EXISTS (SELECT FROM pg_constraint above WHERE above.oid = c.conparentid AND above.conrelid = ANY (tables)),
		'definition', pg_get_constraintdef(c.oid), 'comment', obj_description(c.oid, 'pg_constraint')) ORDER BY c.conname)
	FROM sluice.document_foreign_keys(tables, hidden) c
	JOIN pg_class r ON r.oid = c.confrelid JOIN pg_namespace n ON n.oid = r.relnamespace
	GROUP BY c.conrelid
$$;

-- Rows as the last ANALYZE or VACUUM saw them, for the size of today; NULL when there was none.
CREATE FUNCTION sluice.document_rows(relid oid) RETURNS bigint
	LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN size = 0 THEN 0 WHEN c.relpages > 0 AND c.reltuples >= 0
		THEN (c.reltuples::float8 / c.relpages * (size / current_setting('block_size')::bigint))::bigint END
	FROM pg_class c CROSS JOIN LATERAL (SELECT pg_relation_size(c.oid) OFFSET 0) AS s (size) WHERE c.oid = relid
$$;

-- How deep a table is below others of the document.
CREATE FUNCTION sluice.document_depths(tables oid[], OUT relid oid, OUT depth integer) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	WITH RECURSIVE below AS (
		SELECT t.relid, 0 AS depth FROM unnest(tables) AS t (relid)
		UNION
		SELECT i.inhrelid, below.depth + 1 FROM below JOIN pg_inherits i ON i.inhparent = below.relid
		JOIN unnest(tables) AS t (relid) ON t.relid = i.inhrelid)
	SELECT below.relid, max(below.depth) FROM below GROUP BY below.relid
$$;

-- Which of its root's rows a partition has; NULL when only a server that knows all of them can tell:
-- those that are divided by hash, those of a default partition.
CREATE FUNCTION sluice.document_condition(partition oid) RETURNS text
	LANGUAGE sql STABLE AS $$
	SELECT pg_get_partition_constraintdef(partition) WHERE NOT EXISTS (
		SELECT FROM (SELECT partition UNION SELECT a.relid FROM pg_partition_ancestors(partition) a) above (relid)
		JOIN pg_class c ON c.oid = above.relid LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
		LEFT JOIN pg_partitioned_table p ON p.partrelid = i.inhparent
		WHERE p.partstrat = 'h' OR pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT')
$$;

CREATE FUNCTION sluice.document_table(c pg_class, tables oid[]) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object(
		'id', c.oid::bigint, 'kind', CASE c.relkind WHEN 'p' THEN 'partitioned' ELSE 'table' END,
		'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END,
		'comment', obj_description(c.oid, 'pg_class'),
		'options', to_jsonb(coalesce(c.reloptions, '{}') || ARRAY(SELECT 'toast.' || o
			FROM pg_class toast CROSS JOIN unnest(toast.reloptions) WITH ORDINALITY AS u (o, place) WHERE toast.oid = c.reltoastrelid ORDER BY place)),
		'replica_identity', CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' WHEN 'n' THEN 'nothing' ELSE 'default' END,
		'rows', CASE c.relkind WHEN 'p' THEN (SELECT CASE WHEN count(*) = count(sluice.document_rows(p.relid))
				THEN coalesce(sum(sluice.document_rows(p.relid)), 0)::bigint END FROM pg_partition_tree(c.oid) p WHERE p.isleaf AND p.relid <> c.oid)
			ELSE sluice.document_rows(c.oid) END,
		'bytes', CASE c.relkind WHEN 'p' THEN (SELECT coalesce(sum(pg_table_size(p.relid)), 0)::bigint FROM pg_partition_tree(c.oid) p)
			ELSE pg_table_size(c.oid) END,
		'inherits', coalesce((SELECT jsonb_agg(sluice.document_name(i.inhparent) ORDER BY i.inhseqno) FROM pg_inherits i
			WHERE i.inhrelid = c.oid AND NOT c.relispartition AND i.inhparent = ANY (tables)), '[]'),
		'partition', (SELECT jsonb_build_object(
				'strategy', CASE p.partstrat WHEN 'r' THEN 'range' WHEN 'l' THEN 'list' WHEN 'h' THEN 'hash' END,
				'key', pg_get_partkeydef(c.oid)) FROM pg_partitioned_table p WHERE p.partrelid = c.oid),
		'partition_of', (SELECT sluice.document_name(i.inhparent) || jsonb_build_object(
				'bound', pg_get_expr(c.relpartbound, c.oid), 'condition', sluice.document_condition(c.oid))
			FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition AND i.inhparent = ANY (tables)))
		|| sluice.document_name(c.oid)
$$;

CREATE FUNCTION sluice.document_table_list(tables oid[], hidden text[]) RETURNS jsonb
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(sluice.document_table(c, tables) || jsonb_build_object(
		'columns', coalesce(a.entries, '[]'), 'indexes', coalesce(i.entries, '[]'),
		'checks', coalesce(k.entries, '[]'), 'foreign_keys', coalesce(f.entries, '[]'))
		ORDER BY d.depth, n.nspname, c.relname), '[]')
	FROM sluice.document_depths(tables) d
	JOIN pg_class c ON c.oid = d.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN sluice.document_columns(tables, hidden) a ON a.relid = c.oid
	LEFT JOIN sluice.document_index_lists(tables, hidden) i ON i.relid = c.oid
	LEFT JOIN sluice.document_check_lists(tables, hidden) k ON k.relid = c.oid
	LEFT JOIN sluice.document_key_lists(tables, hidden) f ON f.relid = c.oid
$$;
