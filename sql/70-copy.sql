-- ---- what a copy's processes ask of the catalog: its tables are in 15-copy.sql ----

-- ---- what is copied ----

-- The tables to be read for a stream, each with the table it is published as: leaves of partitioned
-- tables, but the root itself where a query stands for it.
CREATE FUNCTION sluice.copied_tables(stream_name text, OUT relid oid, OUT published oid, OUT query text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH this AS (SELECT s.publications, s.options FROM sluice.stream s WHERE s.name = stream_name),
	published AS (
		SELECT DISTINCT t.relid AS id, q.query
		FROM this JOIN pg_publication p ON quote_ident(p.pubname) = this.publications
		CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) t
		LEFT JOIN LATERAL (SELECT o.value AS query FROM jsonb_each_text((this.options->>'queries')::jsonb) o
			WHERE to_regclass(o.key) = t.relid LIMIT 1) q ON true),
	leaves AS (
		SELECT p.id AS relid, p.id AS published, 0 AS level, p.query FROM published p
		UNION ALL
		SELECT l.relid, p.id, l.level, NULL FROM published p, pg_partition_tree(p.id) l
		WHERE l.isleaf AND l.relid <> p.id AND p.query IS NULL)
	SELECT DISTINCT ON (l.relid) l.relid, l.published, l.query
	FROM leaves l JOIN pg_class c ON c.oid = l.relid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE (c.relkind = 'r' OR l.query IS NOT NULL) AND n.nspname <> 'sluice'
	ORDER BY l.relid, l.level DESC
$$;

-- Those of them that the next generation is for: all, or once a copy was finished, those that join.
CREATE FUNCTION sluice.tables_to_copy(stream_name text, OUT relid oid, OUT published oid, OUT query text)
	RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.relid, t.published, t.query FROM sluice.copied_tables(stream_name) t
	WHERE sluice.finished_copy(stream_name) = 0 OR EXISTS (SELECT FROM sluice.joining j WHERE j.stream = stream_name
		AND (j.relid = t.relid OR j.relid IN (SELECT a.relid FROM pg_partition_ancestors(t.relid) a)))
$$;

-- ---- plans ----

-- What an earlier plan leaves to a table: which mode it is read in now, from which generation on its
-- chunks count, and whether there is anything left.
CREATE FUNCTION sluice.copy_table_plan(stream_name text, generation integer, relid oid, filenode oid, whole boolean,
	OUT mode text, OUT base integer, OUT complete_in integer)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	earlier sluice.copy_table;
	since bigint;
	has_key boolean := EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
		WHERE c.oid = copy_table_plan.relid AND (i.indisreplident OR i.indisprimary) AND i.indimmediate);
BEGIN
	SELECT t.* INTO earlier FROM sluice.copy_table t
		WHERE t.stream = stream_name AND t.relid = copy_table_plan.relid AND t.generation < copy_table_plan.generation
		AND t.generation > sluice.finished_copy(stream_name)
		ORDER BY t.generation DESC LIMIT 1;
	mode := 'exact';
	base := copy_table_plan.generation;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	SELECT c.threshold INTO since FROM sluice.copy c WHERE c.stream = stream_name AND c.generation = earlier.base;
	IF (SELECT s.mode FROM sluice.stream s WHERE s.name = stream_name) = 'convert' THEN
		mode := 'restart';	-- no change stream could bring two snapshots together
	ELSIF earlier.lost THEN
		mode := 'restart';
	ELSIF earlier.complete_in IS NOT NULL OR NOT EXISTS (SELECT FROM sluice.copy_chunk c
			WHERE c.stream = stream_name AND c.generation = earlier.generation AND c.relid = earlier.relid
			AND NOT EXISTS (SELECT FROM sluice.copy_done d
				WHERE (d.stream, d.generation, d.chunk) = (c.stream, c.generation, c.chunk))) THEN
		mode := earlier.mode;
		base := earlier.base;
		complete_in := coalesce(earlier.complete_in, earlier.generation);
	ELSIF whole OR NOT has_key OR filenode IS DISTINCT FROM earlier.filenode
			OR txid_current() - since > 1000000000 THEN
		mode := 'restart';
	ELSE
		mode := 'catch_up';
		base := earlier.base;
	END IF;
END $$;

-- The chunks of tables read from the start, biggest table first, and what is left of the others.
CREATE FUNCTION sluice.plan_chunks(stream_name text, this_generation integer, chunk_bytes bigint) RETURNS void
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO sluice.copy_chunk (stream, generation, chunk, relid, kind, first_block, blocks, bytes)
	WITH tables AS (
		SELECT t.*, c.relam = (SELECT oid FROM pg_am WHERE amname = 'heap') AS is_heap,
			pg_relation_size(t.relid, 'main') / current_setting('block_size')::bigint AS blocks
		FROM sluice.copy_table t JOIN pg_class c ON c.oid = t.relid
		WHERE t.stream = stream_name AND t.generation = this_generation AND t.complete_in IS NULL),
	cuts AS (
		SELECT t.*, greatest(ceil(t.blocks::numeric
			/ least(greatest(ceil(t.bytes::numeric / chunk_bytes), 1), greatest(t.blocks, 1)))::bigint, 1) AS step
		FROM tables t WHERE t.mode <> 'catch_up' AND t.query IS NULL AND t.is_heap),
	pieces AS (
		SELECT c.relid, 'blocks' AS kind, f AS first_block, least(c.step, greatest(c.blocks - f, 0)) AS blocks,
			c.bytes * least(c.step, greatest(c.blocks - f, 0)) / greatest(c.blocks, 1) AS bytes
		FROM cuts c, generate_series(0, greatest(c.blocks - 1, 0), c.step) f
		UNION ALL
		SELECT t.relid, CASE WHEN t.query IS NULL THEN 'table' ELSE 'query' END, 0, t.blocks, t.bytes FROM tables t
		WHERE t.mode <> 'catch_up' AND (t.query IS NOT NULL OR NOT t.is_heap)
		UNION ALL
		SELECT t.relid, 'blocks', b.first_block, b.blocks, b.bytes FROM tables t
		JOIN sluice.copy_chunk b ON b.stream = stream_name AND b.generation = t.base AND b.relid = t.relid
		WHERE t.mode = 'catch_up' AND NOT EXISTS (SELECT FROM sluice.copy_done d JOIN sluice.copy_chunk e
			USING (stream, generation, chunk) WHERE d.stream = stream_name AND d.generation >= t.base
			AND e.relid = t.relid AND e.kind = 'blocks' AND e.first_block = b.first_block)
		UNION ALL
		SELECT t.relid, 'moved', 0, t.blocks, 0 FROM tables t WHERE t.mode = 'catch_up')
	SELECT stream_name, this_generation,
		row_number() OVER (ORDER BY t.bytes DESC, t.relid, p.kind, p.first_block) - 1,
		p.relid, p.kind, p.first_block, p.blocks, p.bytes
	FROM pieces p JOIN tables t USING (relid)
$$;

-- What a plan says besides of tables it does not read: those that an earlier, finished copy had, and
-- those that were added and are gone again.
CREATE FUNCTION sluice.plan_others(stream_name text, this_generation integer) RETURNS void
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO sluice.copy_table (stream, generation, relid, published, filenode, mode, base, complete_in, rows, bytes, query)
		SELECT stream_name, this_generation, e.relid, e.published, e.filenode, 'exact', e.base,
			coalesce(e.complete_in, e.generation), e.rows, e.bytes, e.query
		FROM sluice.copy_table e JOIN sluice.copied_tables(stream_name) t USING (relid)
		WHERE e.stream = stream_name AND e.generation = sluice.finished_copy(stream_name)
		ON CONFLICT DO NOTHING;
	INSERT INTO sluice.copy_table (stream, generation, relid, published, mode, base, complete_in, rows, bytes)
		SELECT stream_name, this_generation, j.relid, j.relid, 'exact', this_generation, this_generation, 0, 0
		FROM sluice.joining j WHERE j.stream = stream_name
		ON CONFLICT DO NOTHING;
	UPDATE sluice.joining j SET generation = this_generation WHERE j.stream = stream_name
$$;

-- Cuts the stream's tables into chunks, inside a transaction of the snapshot. NULL when the snapshot
-- cannot be used: a table was rewritten after it and before it was locked.
CREATE FUNCTION sluice.plan_copy(stream_name text, this_generation integer, snapshot_position pg_lsn,
	snapshot_threshold bigint, chunk_bytes bigint) RETURNS integer
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	planned integer;
BEGIN
	IF EXISTS (SELECT FROM sluice.tables_to_copy(stream_name) t JOIN pg_class c ON c.oid = t.relid
			WHERE c.relkind = 'r' AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)) THEN
		RETURN NULL;
	END IF;
	INSERT INTO sluice.copy_table (stream, generation, relid, published, filenode, mode, base, complete_in, rows, bytes, query)
		SELECT stream_name, this_generation, t.relid, t.published, c.relfilenode, p.mode, p.base, p.complete_in,
			greatest(c.reltuples, 0)::bigint, pg_relation_size(c.oid, 'main')
				+ CASE WHEN c.reltoastrelid <> 0 THEN pg_relation_size(c.reltoastrelid, 'main') ELSE 0 END, t.query
		FROM sluice.tables_to_copy(stream_name) t JOIN pg_class c ON c.oid = t.relid
		CROSS JOIN LATERAL sluice.copy_table_plan(stream_name, this_generation, t.relid, c.relfilenode,
			t.query IS NOT NULL OR c.relam <> (SELECT oid FROM pg_am WHERE amname = 'heap')) p;
	-- What a target has of such a table goes as a whole: there its partitions may be one table.
	UPDATE sluice.copy_table t SET mode = 'restart', base = this_generation, complete_in = NULL
		WHERE t.stream = stream_name AND t.generation = this_generation AND (t.mode, t.base) <> ('restart', this_generation)
		AND EXISTS (SELECT FROM sluice.copy_table o
			WHERE o.stream = t.stream AND o.generation = t.generation AND o.published = t.published
			AND o.mode = 'restart' AND o.base = this_generation);
	PERFORM sluice.scan_tables(stream_name);
	PERFORM sluice.plan_chunks(stream_name, this_generation, chunk_bytes);
	PERFORM sluice.plan_others(stream_name, this_generation);
	SELECT count(*) INTO planned FROM sluice.copy_chunk c WHERE c.stream = stream_name AND c.generation = this_generation;
	UPDATE sluice.copy c SET position = snapshot_position, threshold = snapshot_threshold, chunks = planned
		WHERE c.stream = stream_name AND c.generation = this_generation;
	RETURN planned;
END $$;

-- ---- the document ----

-- Numbers as "0-3,5".
CREATE FUNCTION sluice.number_ranges(numbers integer[]) RETURNS text
	LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(string_agg(CASE WHEN low = high THEN low::text ELSE format('%s-%s', low, high) END, ',' ORDER BY low), '')
	FROM (SELECT min(n) AS low, max(n) AS high FROM
		(SELECT n, n - row_number() OVER (ORDER BY n) AS island FROM unnest(numbers) n) i GROUP BY island) r
$$;

-- Chunks of earlier generations that are not read again.
CREATE FUNCTION sluice.kept_chunks(this_table sluice.copy_table) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('generation', k.generation, 'chunks', k.chunks) ORDER BY k.generation), '[]')
	FROM (SELECT d.generation, sluice.number_ranges(array_agg(d.chunk)) AS chunks
		FROM sluice.copy_done d JOIN sluice.copy_chunk c USING (stream, generation, chunk)
		WHERE d.stream = this_table.stream AND c.relid = this_table.relid
		AND d.generation >= this_table.base AND d.generation < this_table.generation
		AND (c.kind <> 'moved' OR this_table.complete_in = d.generation)
		GROUP BY d.generation) k
$$;

-- "load" of the schema document, for a plan that was just made.
CREATE FUNCTION sluice.load_document(stream_name text, this_generation integer, slot_incarnation text) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object('generation', this_generation, 'since', sluice.finished_copy(stream_name) + 1, 'position', this.position, 'chunks', this.chunks,
		'mode', s.mode, 'incarnation', slot_incarnation, 'tables', coalesce((
			SELECT jsonb_agg(jsonb_build_object('id', t.published::bigint,
				'schema', coalesce(n.nspname, j.schema_name), 'name', coalesce(c.relname, j.table_name),
				'first_chunk', coalesce(k.first, 0), 'chunks', coalesce(k.number, 0), 'rows', t.rows, 'bytes', t.bytes,
				'position', e.position, 'mode', t.mode, 'restarted', CASE WHEN EXISTS (SELECT FROM sluice.copy_table o
					WHERE (o.stream, o.generation, o.relid) = (t.stream, t.base, t.relid) AND o.mode = 'restart')
					THEN t.base ELSE 0 END, 'kept', sluice.kept_chunks(t)) ORDER BY t.bytes DESC, t.relid)
			FROM sluice.copy_table t LEFT JOIN pg_class c ON c.oid = t.relid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
			LEFT JOIN sluice.joining j ON j.stream = t.stream AND j.relid = t.relid
			JOIN sluice.copy e ON e.stream = t.stream AND e.generation = coalesce(t.complete_in, t.generation)
			LEFT JOIN LATERAL (SELECT min(chunk) AS first, count(*) AS number FROM sluice.copy_chunk x
				WHERE x.stream = t.stream AND x.generation = t.generation AND x.relid = t.relid) k ON true
			WHERE t.stream = stream_name AND t.generation = this_generation), '[]'))
	FROM sluice.copy this JOIN sluice.stream s ON s.name = this.stream
	WHERE this.stream = stream_name AND this.generation = this_generation
$$;

CREATE FUNCTION sluice.copy_document(stream_name text, this_generation integer, slot_incarnation text) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN sluice.document_with_scan(CASE sluice.finished_copy(stream_name) WHEN 0 THEN sluice.schema_document(stream_name)
			ELSE sluice.join_document(stream_name) END, stream_name)
		|| jsonb_build_object('load', sluice.load_document(stream_name, this_generation, slot_incarnation));
END $$;

-- ---- for the copy's processes ----

CREATE FUNCTION sluice.begin_copy(stream_name text) RETURNS integer
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO sluice.copy (stream, generation)
	SELECT stream_name, coalesce(max(c.generation), 0) + 1 FROM sluice.copy c WHERE c.stream = stream_name
	RETURNING generation
$$;

-- All its chunks are in JetStream. The message brings the writers to a position behind its snapshot's.
CREATE FUNCTION sluice.note_copied(stream_name text, this_generation integer) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE sluice.copy c SET copied_at = now() WHERE c.stream = stream_name AND c.generation = this_generation;
	PERFORM sluice.emit(stream_name, false, 'sluice.copied', this_generation::text);
END $$;

-- Chunks are in JetStream no more, though a consumer lacks them: of those not in `complete`, or of ones kept
-- from earlier generations. Their tables are to start over in another generation; how many there are.
CREATE FUNCTION sluice.note_lost(stream_name text, this_generation integer, complete integer[]) RETURNS integer
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tables oid[] := ARRAY(SELECT DISTINCT c.relid FROM sluice.copy_chunk c
		WHERE c.stream = stream_name AND c.generation = this_generation AND c.chunk <> ALL (complete));
	found integer;
BEGIN
	UPDATE sluice.copy_table t SET lost = true WHERE t.stream = stream_name AND t.generation = this_generation
		AND (t.relid = ANY (tables) OR tables = '{}' AND t.base < this_generation);
	GET DIAGNOSTICS found = ROW_COUNT;
	UPDATE sluice.copy c SET copied_at = NULL WHERE c.stream = stream_name AND c.generation = this_generation;
	RETURN found;
END $$;

-- Every consumer has it.
CREATE FUNCTION sluice.finish_copy(stream_name text, this_generation integer) RETURNS void
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	UPDATE sluice.copy c SET finished_at = now() WHERE c.stream = stream_name AND c.generation = this_generation;
	DELETE FROM sluice.joining j WHERE j.stream = stream_name AND j.generation <= this_generation
$$;

-- A chunk that is not done yet; no row for one that is.
CREATE FUNCTION sluice.chunk_to_do(stream_name text, this_generation integer, this_chunk integer,
	OUT relid oid, OUT published oid, OUT kind text, OUT first_block bigint, OUT blocks bigint, OUT threshold bigint,
	OUT query text) RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT c.relid, t.published, c.kind, c.first_block, c.blocks, b.threshold, t.query
	FROM sluice.copy_chunk c JOIN sluice.copy_table t USING (stream, generation, relid)
	JOIN sluice.copy b ON b.stream = c.stream AND b.generation = t.base
	WHERE c.stream = stream_name AND c.generation = this_generation AND c.chunk = this_chunk
	AND NOT EXISTS (SELECT FROM sluice.copy_done d WHERE (d.stream, d.generation, d.chunk) = (c.stream, c.generation, c.chunk))
$$;
REVOKE ALL ON FUNCTION sluice.copied_tables(text), sluice.tables_to_copy(text), sluice.plan_others(text, integer),
	sluice.note_copied(text, integer), sluice.note_lost(text, integer, integer[]), sluice.finish_copy(text, integer), sluice.copy_table_plan(text, integer, oid, oid, boolean),
	sluice.plan_chunks(text, integer, bigint), sluice.plan_copy(text, integer, pg_lsn, bigint, bigint),
	sluice.kept_chunks(sluice.copy_table), sluice.load_document(text, integer, text),
	sluice.copy_document(text, integer, text), sluice.begin_copy(text), sluice.chunk_to_do(text, integer, integer)
	FROM PUBLIC;
