-- ---- a look at all values before a copy (option scan) ----
--
-- What the source's types can have and another database's cannot is seldom there. Who asks for it has every
-- value of such columns looked at when the first copy is planned: "scan" in the schema document tells, and
-- the loss policy auto of writers goes by it. It is looked for once: structure that was made stays.

CREATE TABLE sluice.scan (
	stream text NOT NULL REFERENCES sluice.stream ON DELETE CASCADE,
	relid oid NOT NULL,
	columns jsonb NOT NULL,		-- by name
	PRIMARY KEY (stream, relid)
);
COMMENT ON TABLE sluice.scan IS 'what the values of columns are like, as of the first copy''s plan';
REVOKE ALL ON sluice.scan FROM PUBLIC;

-- What is asked of a column: an SQL expression of a JSON object with aggregates; NULL of types that fit everywhere.
CREATE FUNCTION sluice.scan_question(name text, type oid, typmod integer) RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format(CASE
		WHEN type = 'numeric'::regtype AND (typmod = -1 OR ((typmod - 4) >> 16) > 65 OR (typmod - 4) & 2047 > 30) THEN
			$q$'nan', coalesce(bool_or(%1$I = 'NaN'), false),
			'infinity', coalesce(bool_or(%1$I <> 'NaN' AND %1$I::text LIKE '%%Inf%%'), false),
			'integer_digits', max(length(trunc(abs(%1$I))::text)), 'fraction_digits', max(min_scale(%1$I))$q$
		WHEN type IN ('float4'::regtype, 'float8'::regtype) THEN
			$q$'nan', coalesce(bool_or(%1$I = 'NaN'), false),
			'infinity', coalesce(bool_or(%1$I IN ('Infinity', '-Infinity')), false)$q$
		WHEN type IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN
			$q$'infinity', coalesce(bool_or(NOT isfinite(%1$I)), false),
			'beyond', coalesce(bool_or(isfinite(%1$I) AND (%1$I < '0001-01-01' OR %1$I > '9999-12-31 23:59:59.999999')), false)$q$
		END, name)
$$;

CREATE FUNCTION sluice.scan_table(this_table regclass) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	questions text := (
		WITH RECURSIVE typed AS (
			SELECT a.attnum, a.attname, a.atttypid AS type, a.atttypmod AS typmod FROM pg_attribute a
			WHERE a.attrelid = this_table AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL
			SELECT y.attnum, y.attname, t.typbasetype, t.typtypmod FROM typed y JOIN pg_type t ON t.oid = y.type WHERE t.typtype = 'd')
		SELECT string_agg(format('jsonb_build_object(%s) AS %I', sluice.scan_question(y.attname::text, y.type, y.typmod), y.attname),
			', ' ORDER BY y.attnum)
		FROM typed y WHERE sluice.scan_question(y.attname::text, y.type, y.typmod) IS NOT NULL);
	answers jsonb;
BEGIN
	IF questions IS NULL THEN
		RETURN '{}';
	END IF;
	EXECUTE format('SELECT to_jsonb(q) FROM (SELECT %s FROM %s) q', questions, this_table) INTO answers;
	RETURN answers;
END $$;

-- Looks at the tables that were not looked at; partitions have what their root has.
CREATE FUNCTION sluice.scan_tables(stream_name text) RETURNS void
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	WITH roots AS (
		SELECT DISTINCT coalesce(pg_partition_root(t.relid)::oid, t.relid) AS relid FROM sluice.tables_to_copy(stream_name) t
		WHERE (SELECT (s.options->>'scan')::boolean FROM sluice.stream s WHERE s.name = stream_name)),
	found AS MATERIALIZED (
		SELECT r.relid, sluice.scan_table(r.relid) AS columns FROM roots r
		WHERE NOT EXISTS (SELECT FROM sluice.scan s WHERE (s.stream, s.relid) = (stream_name, r.relid)))
	INSERT INTO sluice.scan (stream, relid, columns)
		SELECT stream_name, p.relid, f.columns FROM found f CROSS JOIN LATERAL (
			SELECT f.relid UNION SELECT t.relid::oid FROM pg_partition_tree(f.relid) t) p
		ON CONFLICT DO NOTHING
$$;

-- The document with what was found.
CREATE FUNCTION sluice.document_with_scan(document jsonb, stream_name text) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN EXISTS (SELECT FROM sluice.scan s WHERE s.stream = stream_name)
		THEN document || jsonb_build_object('tables', coalesce((
			SELECT jsonb_agg(t.entry || jsonb_build_object('columns', (
				SELECT coalesce(jsonb_agg(c.entry || coalesce(jsonb_build_object('scan', s.columns->(c.entry->>'name')), '{}')
					ORDER BY c.place), '[]')
				FROM jsonb_array_elements(t.entry->'columns') WITH ORDINALITY AS c (entry, place))) ORDER BY t.place)
			FROM jsonb_array_elements(document->'tables') WITH ORDINALITY AS t (entry, place)
			LEFT JOIN sluice.scan s ON s.stream = stream_name AND s.relid = (t.entry->>'id')::oid), '[]'))
		ELSE document END
$$;
REVOKE ALL ON FUNCTION sluice.scan_question(text, oid, integer), sluice.scan_table(regclass), sluice.scan_tables(text),
	sluice.document_with_scan(jsonb, text) FROM PUBLIC;
