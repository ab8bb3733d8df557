-- ---- comparing source and target while the stream runs: docs/verify.md ----

-- The stream, after it is clear that the caller may manage it; not locked.
CREATE FUNCTION sluice.managed_stream(stream_name text) RETURNS sluice.stream
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_stream sluice.stream;
BEGIN
	PERFORM sluice.require_replication();
	SELECT * INTO found_stream FROM sluice.stream s WHERE s.name = stream_name;
	IF NOT FOUND THEN
		RAISE undefined_object USING
			MESSAGE = format('stream "%s" does not exist', stream_name),
			HINT = 'SELECT * FROM sluice.streams shows those there are.';
	END IF;
	IF NOT sluice.manages(found_stream.owner) THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %s does not own stream "%s"', sluice.caller()::regrole, stream_name);
	END IF;
	RETURN found_stream;
END $$;
REVOKE ALL ON FUNCTION sluice.managed_stream(text) FROM PUBLIC;

-- What a stream publishes: columns NULL for all of them, filter NULL for all rows.
CREATE FUNCTION sluice.published_tables(stream_name text) RETURNS TABLE (
	relid oid, schema_name name, table_name name, columns text[], filter text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	WITH named AS (
		SELECT t.schemaname, t.tablename, to_jsonb(t) AS entry FROM pg_publication p
		JOIN pg_publication_tables t ON t.pubname = p.pubname
		WHERE p.oid = ANY (sluice.document_publications(sluice.managed_stream(stream_name))))
	SELECT c.oid, n.schemaname, n.tablename,
		CASE WHEN bool_and(n.entry ? 'attnames') THEN ARRAY(SELECT DISTINCT jsonb_array_elements_text(e)
			FROM unnest(array_agg(n.entry->'attnames')) AS e ORDER BY 1) END,
		CASE WHEN bool_and(n.entry->>'rowfilter' IS NOT NULL)
			THEN string_agg(format('(%s)', n.entry->>'rowfilter'), ' OR ') END
	FROM named n JOIN pg_namespace s ON s.nspname = n.schemaname
	JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.tablename
	GROUP BY c.oid, n.schemaname, n.tablename ORDER BY 2, 3
$$;

-- Which history of changes the stream is in, to be held against the target's.
CREATE FUNCTION sluice.stream_incarnation(stream_name text) RETURNS bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT (sluice.managed_stream(stream_name)).incarnation
$$;

-- A transaction of the stream without any change: behind it a writer knows that it has passed what came before.
CREATE FUNCTION sluice.mark_stream(stream_name text) RETURNS pg_lsn
	LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT sluice.emit((sluice.managed_stream(stream_name)).name, true, 'sluice.mark', '')
$$;
