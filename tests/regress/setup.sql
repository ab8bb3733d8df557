/*
 * What every regress test finds in its database: the extension, and schema "test" with
 *
 *   start(), stop()      a slot of our plugin and one of pgoutput, both at the same place
 *   changes(pubs, ...)   what our slot gives since, a line per record; options as name, value
 *   compared(pubs)       the same, then the changes that pgoutput gives otherwise for the same log
 *   shortened(line)      the line, for one with long values
 *   wait_for(query)      until the query gives true, for 30 seconds at most
 *   document(stream, path)  the parts of a list in the stream's schema document, without fields that are
 *                        null, false or empty, and without those that differ from time to time
 */
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;
GRANT ALL ON SCHEMA public TO PUBLIC;

CREATE PROCEDURE test.start() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_create_logical_replication_slot('test_sluice', 'sluice');
	PERFORM pg_create_logical_replication_slot('test_pgoutput', 'pgoutput');
END $$;

CREATE PROCEDURE test.stop() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_drop_replication_slot('test_sluice');
	PERFORM pg_drop_replication_slot('test_pgoutput');
END $$;

CREATE FUNCTION test.changes(publications text, VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text
	LANGUAGE plpgsql AS $$
DECLARE
	data bytea;
BEGIN
	FOR data IN SELECT c.data FROM pg_logical_slot_get_binary_changes('test_sluice', NULL, NULL,
		VARIADIC ARRAY['publication_names', publications] || options) c
	LOOP
		RETURN QUERY SELECT * FROM sluice.bundle_text(data);
	END LOOP;
END $$;

-- ---- pgoutput's messages as lines like bundle_text's ----

CREATE FUNCTION test.number(data bytea, at integer, bytes integer) RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(get_byte(data, at + i)::bigint << (8 * (bytes - 1 - i)))::bigint FROM generate_series(0, bytes - 1) i;
$$;

CREATE FUNCTION test.word(data bytea, at integer) RETURNS text LANGUAGE sql AS $$
	SELECT convert_from(substring(data FROM at + 1 FOR position('\x00'::bytea IN substring(data FROM at + 1)) - 1), 'UTF8');
$$;

CREATE UNLOGGED TABLE test.relation (id bigint PRIMARY KEY, name text, columns text[], keys boolean[]);

CREATE FUNCTION test.read_relation(data bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	relation test.relation;
	schema text := test.word(data, 5);
	at integer := 5 + octet_length(schema) + 1;
	name text := test.word(data, at);
BEGIN
	relation.id := test.number(data, 1, 4);
	relation.name := schema || '.' || name;
	at := at + octet_length(name) + 1 + 1;
	FOR i IN 1 .. test.number(data, at, 2) LOOP
		relation.keys[i] := get_byte(data, at + 2) & 1 = 1;
		relation.columns[i] := test.word(data, at + 3);
		at := at + 1 + octet_length(relation.columns[i]) + 1 + 8;
	END LOOP;
	DELETE FROM test.relation r WHERE r.id = relation.id;
	INSERT INTO test.relation SELECT relation.*;
END $$;

CREATE FUNCTION test.read_row(data bytea, INOUT at integer, relation test.relation, key_only boolean, OUT line text)
	LANGUAGE plpgsql AS $$
DECLARE
	fields text[] := '{}';
	count bigint := test.number(data, at, 2);
	length integer;
	value text;
BEGIN
	at := at + 2;
	FOR i IN 1 .. count LOOP
		at := at + 1;
		CASE chr(get_byte(data, at - 1))
			WHEN 'n' THEN value := 'null';
			WHEN 'u' THEN value := 'unchanged';
			ELSE
				length := test.number(data, at, 4);
				value := quote_literal(convert_from(substring(data FROM at + 5 FOR length), 'UTF8'));
				at := at + 4 + length;
		END CASE;
		IF relation.keys[i] OR NOT key_only THEN
			fields := fields || format('%s=%s', relation.columns[i], value);
		END IF;
	END LOOP;
	line := format('(%s)', array_to_string(fields, ', '));
END $$;

CREATE FUNCTION test.read_change(data bytea, verb text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relation test.relation;
	at integer := 5;
	kind text;
	line text;
	row_line text;
BEGIN
	SELECT * INTO relation FROM test.relation r WHERE r.id = test.number(data, 1, 4);
	line := verb || ' ' || relation.name;
	WHILE at < length(data) LOOP
		kind := chr(get_byte(data, at));
		SELECT r.at, r.line INTO at, row_line FROM test.read_row(data, at + 1, relation, kind = 'K') r;
		line := line || CASE kind WHEN 'K' THEN ' key ' WHEN 'O' THEN ' old ' ELSE ' new ' END || row_line;
	END LOOP;
	RETURN line;
END $$;

CREATE FUNCTION test.read_truncate(data bytea) RETURNS text LANGUAGE sql AS $$
	SELECT 'truncate ' || (SELECT string_agg(r.name, ', ' ORDER BY i) FROM generate_series(0, test.number(data, 1, 4) - 1) i
			JOIN test.relation r ON r.id = test.number(data, 6 + 4 * i::integer, 4))
		|| CASE WHEN get_byte(data, 5) & 1 = 1 THEN ' cascade' ELSE '' END
		|| CASE WHEN get_byte(data, 5) & 2 = 2 THEN ' restart identity' ELSE '' END;
$$;

-- Begin, commit and origin are left out: before 15 pgoutput gives them for empty transactions too.
CREATE FUNCTION test.pgoutput(publications text, VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text
	LANGUAGE plpgsql AS $$
DECLARE
	data bytea;
BEGIN
	DELETE FROM test.relation;
	FOR data IN SELECT d.data FROM pg_logical_slot_get_binary_changes('test_pgoutput', NULL, NULL,
		VARIADIC ARRAY['proto_version', '1', 'publication_names', publications] || options) d
	LOOP
		CASE chr(get_byte(data, 0))
			WHEN 'R' THEN PERFORM test.read_relation(data);
			WHEN 'I' THEN RETURN NEXT test.read_change(data, 'insert');
			WHEN 'U' THEN RETURN NEXT test.read_change(data, 'update');
			WHEN 'D' THEN RETURN NEXT test.read_change(data, 'delete');
			WHEN 'T' THEN RETURN NEXT test.read_truncate(data);
			ELSE CONTINUE;
		END CASE;
	END LOOP;
END $$;

-- Lines that differ come after ours, by their number among the changes.
CREATE FUNCTION test.compared(publications text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	lines text[] := ARRAY(SELECT test.changes(publications));
	ours text[] := ARRAY(SELECT line FROM unnest(lines) line WHERE line ~ '^(insert|update|delete|truncate) ');
	theirs text[] := ARRAY(SELECT test.pgoutput(publications));
BEGIN
	RETURN QUERY SELECT unnest(lines);
	FOR i IN 1 .. greatest(cardinality(ours), cardinality(theirs)) LOOP
		IF ours[i] IS DISTINCT FROM theirs[i] THEN
			RETURN NEXT format('change %s is in pgoutput: %s', i, coalesce(theirs[i], 'not there'));
		END IF;
	END LOOP;
END $$;

-- Long runs of a character as that character and their length.
CREATE FUNCTION test.shortened(line text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run text;
BEGIN
	LOOP
		run := (regexp_match(line, '(([a-z])\2{200,})'))[1];
		IF run IS NULL THEN
			RETURN line;
		END IF;
		line := replace(line, run, left(run, 1) || ' x ' || length(run));
	END LOOP;
END $$;

-- ---- waiting ----

CREATE FUNCTION test.wait_for(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	reached boolean;
	until timestamptz := clock_timestamp() + interval '30 seconds';
BEGIN
	LOOP
		EXECUTE query INTO reached;
		IF reached THEN
			RETURN 'reached';
		ELSIF clock_timestamp() > until THEN
			RETURN 'never: ' || query;
		END IF;
		PERFORM pg_stat_clear_snapshot(), pg_sleep(0.02);
	END LOOP;
END $$;

CREATE FUNCTION test.document(stream text, path text) RETURNS SETOF text
	LANGUAGE sql AS $$
	SELECT (SELECT jsonb_object_agg(key, value) FROM jsonb_each(part)
		WHERE value NOT IN ('null', 'false', '[]') AND key NOT IN ('id', 'bytes', 'typmod', 'position'))::text
	FROM jsonb_path_query(sluice.schema_document(stream), path::jsonpath) AS part
$$;
