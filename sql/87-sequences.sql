-- ---- sequences while a stream runs: docs/convert.md, "Cutting over" ----
--
-- The log says nothing of sequences that a decoder could read, so their values go as messages.

CREATE TABLE sluice.sequences_sent (
	stream text PRIMARY KEY REFERENCES sluice.stream ON DELETE CASCADE,
	content jsonb NOT NULL
);
COMMENT ON TABLE sluice.sequences_sent IS 'what a stream''s sequences were when they were last sent';
REVOKE ALL ON sluice.sequences_sent FROM PUBLIC;

-- The sequences of a stream that were used, with what was given out last.
CREATE FUNCTION sluice.sequence_values(this_stream sluice.stream) RETURNS jsonb
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	publications oid[] := sluice.document_publications(this_stream);
	tables oid[] := sluice.document_tables(publications);
	hidden text[] := sluice.document_hidden(publications, tables);
BEGIN
	RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', c.relname, 'value', v.value::text,
			'descending', s.seqincrement < 0, 'cycle', s.seqcycle, 'owner', (
				SELECT jsonb_build_object('schema', tn.nspname, 'table', t.relname, 'column', a.attname)
				FROM pg_depend d JOIN sluice.document_attributes(tables, hidden) a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
				JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
				AND d.deptype IN ('a', 'i'))) ORDER BY n.nspname, c.relname), '[]')
		FROM sluice.document_sequences(tables, hidden, sluice.document_types(tables, hidden)) q
		JOIN pg_class c ON c.oid = q JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
		CROSS JOIN LATERAL pg_sequence_last_value(c.oid) v (value) WHERE v.value IS NOT NULL);
END $$;

-- Sends them, when they are others than last time or it is `forced`; the message's position, or NULL.
CREATE FUNCTION sluice.send_sequences(this_stream sluice.stream, forced boolean) RETURNS pg_lsn
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	content jsonb;
BEGIN
	IF this_stream.incarnation IS NULL OR this_stream.mode = 'convert' THEN
		RETURN NULL;
	END IF;
	content := sluice.sequence_values(this_stream);
	IF NOT forced AND content = coalesce((SELECT s.content FROM sluice.sequences_sent s WHERE s.stream = this_stream.name), '[]') THEN
		RETURN NULL;
	END IF;
	INSERT INTO sluice.sequences_sent (stream, content) VALUES (this_stream.name, content)
		ON CONFLICT (stream) DO UPDATE SET content = excluded.content;
	RETURN sluice.emit(this_stream.name, false, 'sluice.sequences', jsonb_build_object('format', 'sluice-sequences', 'version', 1,
		'stream', this_stream.name, 'sequences', content)::text);
END $$;

-- The same for whom it must not stop.
CREATE FUNCTION sluice.try_sequences(this_stream sluice.stream) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM sluice.send_sequences(this_stream, false);
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING USING
		MESSAGE = format('values of sequences of stream "%s" were not sent: %s', this_stream.name, SQLERRM),
		HINT = 'sluice.sync_sequences() tries it again.';
END $$;

-- Of all streams that run here: what the scanner calls, every sluice.sequence_interval at least.
CREATE FUNCTION sluice.send_due_sequences() RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream;
BEGIN
	FOR this_stream IN SELECT s.* FROM sluice.told_streams() s WHERE s.desired = 'running' LOOP
		PERFORM sluice.try_sequences(this_stream);
	END LOOP;
END $$;

/*
 * Sends the values of a stream's sequences now, and gives the position to wait for: with
 * sluice.stat_streams.durable_lsn there, every target gives out numbers behind those given out here.
 */
CREATE FUNCTION sluice.sync_sequences(stream text) RETURNS pg_lsn
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	this_stream sluice.stream := sluice.own_stream(sync_sequences.stream);
	sent pg_lsn := sluice.send_sequences(this_stream, true);
BEGIN
	IF sent IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('stream "%s" has no changes that values of sequences could go with', sync_sequences.stream),
			HINT = 'They are sent once the stream was started; a copy of mode convert sets them at its end.';
	END IF;
	RETURN sent;
END $$;
REVOKE ALL ON FUNCTION sluice.sequence_values(sluice.stream), sluice.send_sequences(sluice.stream, boolean),
	sluice.try_sequences(sluice.stream), sluice.send_due_sequences() FROM PUBLIC;
