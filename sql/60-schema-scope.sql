-- ---- the schema document: what belongs to a stream ----
--
-- docs/schema-document.md says what the document is.  These functions are called by
-- sluice.schema_document() alone, under its search_path and settings.  They pass on
--   tables    the oids of the tables in the document
--   hidden    'table oid.column number' of those columns that no publication publishes
--   types     the oids of the types that the tables' columns need and that are to be made
-- Catalog columns that only newer versions have are read through to_jsonb(row).

CREATE FUNCTION sluice.document_publications(stream sluice.stream) RETURNS oid[]
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(p.oid), '{}') FROM pg_publication p
	WHERE strpos(', ' || stream.publications || ', ', ', ' || quote_ident(p.pubname) || ', ') > 0
$$;

-- Whether an object comes with CREATE EXTENSION.
CREATE FUNCTION sluice.document_extension(class regclass, object oid) RETURNS text
	LANGUAGE sql STABLE AS $$
	SELECT e.extname::text FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
	WHERE d.classid = class AND d.objid = object AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
$$;

-- What the publications name: the tables they publish, and partitioned tables whose partitions they publish.
CREATE FUNCTION sluice.document_roots(publications oid[]) RETURNS SETOF oid
	LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT c.oid FROM pg_publication p
		JOIN pg_publication_tables t ON t.pubname = p.pubname
		JOIN pg_namespace n ON n.nspname = t.schemaname
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
		WHERE p.oid = ANY (publications);
	RETURN QUERY SELECT r.prrelid FROM pg_publication_rel r WHERE r.prpubid = ANY (publications);
	RETURN QUERY SELECT c.oid FROM pg_class c
		WHERE c.relkind = 'p' AND c.oid >= 16384 AND c.relpersistence = 'p'
		AND EXISTS (SELECT FROM pg_publication p WHERE p.oid = ANY (publications) AND p.puballtables);
	IF current_setting('server_version_num')::integer >= 150000 THEN
		RETURN QUERY SELECT c.oid FROM pg_publication_namespace s JOIN pg_class c ON c.relnamespace = s.pnnspid
			WHERE c.relkind = 'p' AND c.relpersistence = 'p' AND s.pnpubid = ANY (publications);
	END IF;
END $$;

-- With all partitions of those; what an extension owns comes with it.
CREATE FUNCTION sluice.document_tables(publications oid[]) RETURNS oid[]
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(DISTINCT c.oid), '{}')
	FROM sluice.document_roots(publications) AS root (relid)
	LEFT JOIN LATERAL pg_partition_tree(root.relid) part ON true
	JOIN pg_class c ON c.oid = coalesce(part.relid, root.relid)
	WHERE c.relkind IN ('r', 'p') AND sluice.document_extension('pg_class', c.oid) IS NULL
$$;

-- A column list counts for the table it is of, and for its partitions when they are published as it.
CREATE FUNCTION sluice.document_hidden(publications oid[], tables oid[]) RETURNS text[]
	LANGUAGE sql STABLE AS $$
	WITH listed AS (
		SELECT DISTINCT t.relid, a.attname FROM unnest(tables) AS t (relid)
		CROSS JOIN LATERAL (SELECT t.relid UNION SELECT p.relid FROM pg_partition_ancestors(t.relid) p) above (relid)
		JOIN pg_publication_rel r ON r.prrelid = above.relid AND r.prpubid = ANY (publications)
		JOIN pg_publication p ON p.oid = r.prpubid AND (p.pubviaroot OR above.relid = t.relid)
		CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(to_jsonb(r)->'prattrs')
			WHEN 'array' THEN to_jsonb(r)->'prattrs' ELSE '[]' END) AS number (attnum)
		JOIN pg_attribute a ON a.attrelid = above.relid AND a.attnum = number.attnum::smallint)
	SELECT coalesce(array_agg(format('%s.%s', a.attrelid, a.attnum)), '{}')
	FROM pg_attribute a
	WHERE a.attrelid IN (SELECT l.relid FROM listed l) AND a.attnum > 0 AND NOT a.attisdropped
	AND NOT EXISTS (SELECT FROM listed l WHERE l.relid = a.attrelid AND l.attname = a.attname)
$$;

CREATE FUNCTION sluice.document_is_hidden(hidden text[], relid oid, numbers smallint[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS $$
	SELECT hidden <> '{}' AND EXISTS (SELECT FROM unnest(numbers) AS n WHERE format('%s.%s', relid, n) = ANY (hidden))
$$;

-- The published columns.
CREATE FUNCTION sluice.document_attributes(tables oid[], hidden text[]) RETURNS SETOF pg_attribute
	LANGUAGE sql STABLE AS $$
	SELECT a.* FROM unnest(tables) AS t (relid) JOIN pg_attribute a ON a.attrelid = t.relid
	WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT sluice.document_is_hidden(hidden, a.attrelid, ARRAY[a.attnum])
$$;

-- Every type that is part of a column's, with the deepest place it is used at; extensions' are ends.
CREATE FUNCTION sluice.document_type_parts(tables oid[], hidden text[], OUT type oid, OUT depth integer)
	RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	WITH RECURSIVE tree AS (
		SELECT DISTINCT a.atttypid AS type, 0 AS depth FROM sluice.document_attributes(tables, hidden) a
		WHERE a.atttypid >= 16384
		UNION
		SELECT part.type, tree.depth + 1 FROM tree JOIN pg_type t ON t.oid = tree.type
		CROSS JOIN LATERAL (
			SELECT t.typelem
			UNION ALL SELECT t.typbasetype
			UNION ALL SELECT a.atttypid FROM pg_attribute a
				WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
			UNION ALL SELECT r.rngtypid FROM pg_range r WHERE to_jsonb(r)->>'rngmultitypid' = t.oid::text) part (type)
		WHERE part.type >= 16384 AND sluice.document_extension('pg_type', t.oid) IS NULL)
	SELECT tree.type, max(tree.depth) FROM tree GROUP BY tree.type
$$;

-- Those of them that can be made: the last parts first.
CREATE FUNCTION sluice.document_types(tables oid[], hidden text[]) RETURNS oid[]
	LANGUAGE sql STABLE AS $$
	SELECT coalesce(array_agg(t.oid ORDER BY p.depth DESC, n.nspname, t.typname), '{}')
	FROM sluice.document_type_parts(tables, hidden) p
	JOIN pg_type t ON t.oid = p.type JOIN pg_namespace n ON n.oid = t.typnamespace
	LEFT JOIN pg_class c ON c.oid = t.typrelid
	WHERE t.typtype IN ('e', 'd', 'c', 'r') AND coalesce(c.relkind = 'c', true)
	AND sluice.document_extension('pg_type', t.oid) IS NULL
$$;

-- Sequences that columns own, identity columns have, or defaults use.
CREATE FUNCTION sluice.document_sequences(tables oid[], hidden text[], types oid[]) RETURNS SETOF oid
	LANGUAGE sql STABLE AS $$
	SELECT d.objid FROM sluice.document_attributes(tables, hidden) a
		JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
			AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
		JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
	UNION
	SELECT c.oid FROM (
			SELECT 'pg_attrdef'::regclass, f.oid FROM sluice.document_attributes(tables, hidden) a
				JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
			UNION ALL SELECT 'pg_type'::regclass, t FROM unnest(types) AS t) AS user_of (class, object)
		JOIN pg_depend d ON d.classid = user_of.class AND d.objid = user_of.object AND d.refclassid = 'pg_class'::regclass
		JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'S'
$$;

-- The indexes and constraints whose columns are all published.
CREATE FUNCTION sluice.document_indexes(tables oid[], hidden text[]) RETURNS SETOF pg_index
	LANGUAGE sql STABLE AS $$
	SELECT i.* FROM unnest(tables) AS t (relid) JOIN pg_index i ON i.indrelid = t.relid
	WHERE i.indisvalid AND i.indisready AND i.indislive
	AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conindid = i.indexrelid AND x.contype = 'x')
	AND NOT sluice.document_is_hidden(hidden, i.indrelid, i.indkey::smallint[])
	AND NOT sluice.document_is_hidden(hidden, i.indrelid, ARRAY(SELECT d.refobjsubid::smallint FROM pg_depend d
		WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
		AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid))
$$;

CREATE FUNCTION sluice.document_checks(tables oid[], hidden text[]) RETURNS SETOF pg_constraint
	LANGUAGE sql STABLE AS $$
	SELECT c.* FROM unnest(tables) AS t (relid) JOIN pg_constraint c ON c.conrelid = t.relid
	WHERE c.contype = 'c' AND NOT sluice.document_is_hidden(hidden, c.conrelid, c.conkey)
$$;

-- Foreign keys as they were declared: not those that partitions of the referenced table add to them.
CREATE FUNCTION sluice.document_declared_keys(tables oid[]) RETURNS SETOF pg_constraint
	LANGUAGE sql STABLE AS $$
	SELECT c.* FROM unnest(tables) AS t (relid) JOIN pg_constraint c ON c.conrelid = t.relid
	LEFT JOIN pg_constraint above ON above.oid = c.conparentid
	WHERE c.contype = 'f' AND (c.conparentid = 0 OR (above.conrelid <> c.conrelid AND above.confrelid = c.confrelid))
$$;

CREATE FUNCTION sluice.document_foreign_keys(tables oid[], hidden text[]) RETURNS SETOF pg_constraint
	LANGUAGE sql STABLE AS $$
	SELECT c.* FROM sluice.document_declared_keys(tables) c JOIN unnest(tables) AS t (relid) ON t.relid = c.confrelid
	WHERE NOT sluice.document_is_hidden(hidden, c.conrelid, c.conkey)
	AND NOT sluice.document_is_hidden(hidden, c.confrelid, c.confkey)
$$;

-- Functions, operators and the like that must be there before the tables are, with who needs them.
CREATE FUNCTION sluice.document_used(tables oid[], hidden text[], types oid[],
	OUT class oid, OUT object oid, OUT used_by text) RETURNS SETOF record
	LANGUAGE sql STABLE AS $$
	WITH users AS (
		SELECT 'pg_attrdef'::regclass AS class, f.oid AS object FROM sluice.document_attributes(tables, hidden) a
			JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
		UNION ALL SELECT 'pg_constraint', c.oid FROM sluice.document_checks(tables, hidden) c
		UNION ALL SELECT 'pg_constraint', c.oid FROM pg_constraint c WHERE c.contypid = ANY (types)
		UNION ALL SELECT 'pg_class', i.indexrelid FROM sluice.document_indexes(tables, hidden) i
		UNION ALL SELECT 'pg_class', t.relid FROM unnest(tables) AS t (relid)
		UNION ALL SELECT 'pg_type', t FROM unnest(types) AS t
		UNION ALL SELECT 'pg_class', t.typrelid FROM unnest(types) AS o JOIN pg_type t ON t.oid = o WHERE t.typrelid <> 0)
	SELECT d.refclassid, d.refobjid, min(pg_describe_object(d.classid, d.objid, d.objsubid))
	FROM users u JOIN pg_depend d ON d.classid = u.class AND d.objid = u.object
	WHERE d.refobjid >= 16384 AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass,
		'pg_collation'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_cast'::regclass)
	AND NOT sluice.document_is_hidden(hidden, d.objid, ARRAY[d.objsubid::smallint])
	GROUP BY d.refclassid, d.refobjid
$$;
