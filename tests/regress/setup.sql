/*
 * What every regress test finds in its database: the extension, and schema "test" with
 *
 *   start(), stop()      a slot of our plugin and one of pgoutput, both at the same place
 *   changes(pubs, ...)   what our slot gives since, a line per record; options as name, value
 *   differences(pubs)    where that is not what pgoutput gives for the same log; no rows: none
 *   wait_for(query)      until the query gives true, for 30 seconds at most
 */
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;
GRANT ALL ON SCHEMA public TO PUBLIC;

CREATE FUNCTION test.start() RETURNS void LANGUAGE sql AS $$
	SELECT pg_create_logical_replication_slot('test_sluice', 'sluice');
	SELECT pg_create_logical_replication_slot('test_pgoutput', 'pgoutput');
$$;

CREATE FUNCTION test.stop() RETURNS void LANGUAGE sql AS $$
	SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
	WHERE slot_name IN ('test_sluice', 'test_pgoutput');
$$;

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

-- A position in a message, moved on by the functions below.
CREATE TYPE test.cursor AS (data bytea, at integer);

CREATE FUNCTION test.number(INOUT c test.cursor, bytes integer, OUT result bigint) LANGUAGE plpgsql AS $$
BEGIN
	result := 0;
	FOR i IN 1 .. bytes LOOP
		result := result * 256 + get_byte(c.data, c.at);
		c.at := c.at + 1;
	END LOOP;
END $$;

CREATE FUNCTION test.word(INOUT c test.cursor, OUT result text) LANGUAGE plpgsql AS $$
DECLARE
	length integer := position('\x00'::bytea IN substring(c.data FROM c.at + 1)) - 1;
BEGIN
	result := convert_from(substring(c.data FROM c.at + 1 FOR length), getdatabaseencoding());
	c.at := c.at + length + 1;
END $$;

CREATE TABLE test.relation (id bigint PRIMARY KEY, name text, columns text[], keys boolean[]);

CREATE FUNCTION test.read_relation(c test.cursor) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	relation test.relation;
	schema text;
	word text;
	number bigint;
	count bigint;
BEGIN
	SELECT * INTO c, number FROM test.number(c, 4);
	relation.id := number;
	SELECT * INTO c, schema FROM test.word(c);
	SELECT * INTO c, word FROM test.word(c);
	relation.name := schema || '.' || word;
	c.at := c.at + 1;
	SELECT * INTO c, count FROM test.number(c, 2);
	FOR i IN 1 .. count LOOP
		SELECT * INTO c, number FROM test.number(c, 1);
		relation.keys[i] := number & 1 = 1;
		SELECT * INTO c, word FROM test.word(c);
		relation.columns[i] := word;
		c.at := c.at + 8;
	END LOOP;
	DELETE FROM test.relation WHERE id = relation.id;
	INSERT INTO test.relation SELECT relation.*;
END $$;

CREATE FUNCTION test.read_row(INOUT c test.cursor, relation test.relation, key_only boolean, OUT result text)
	LANGUAGE plpgsql AS $$
DECLARE
	fields text[] := '{}';
	count bigint;
	number bigint;
	value text;
BEGIN
	SELECT * INTO c, count FROM test.number(c, 2);
	FOR i IN 1 .. count LOOP
		SELECT * INTO c, number FROM test.number(c, 1);
		CASE chr(number::integer)
			WHEN 'n' THEN value := 'null';
			WHEN 'u' THEN value := 'unchanged';
			ELSE
				SELECT * INTO c, number FROM test.number(c, 4);
				value := quote_literal(convert_from(substring(c.data FROM c.at + 1 FOR number::integer), 'UTF8'));
				c.at := c.at + number;
		END CASE;
		IF relation.keys[i] OR NOT key_only THEN
			fields := fields || format('%s=%s', relation.columns[i], value);
		END IF;
	END LOOP;
	result := format('(%s)', array_to_string(fields, ', '));
END $$;

CREATE FUNCTION test.read_change(c test.cursor, verb text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relation test.relation;
	number bigint;
	kind text;
	line text;
	row_text text;
BEGIN
	SELECT * INTO c, number FROM test.number(c, 4);
	SELECT * INTO relation FROM test.relation r WHERE r.id = number;
	line := verb || ' ' || relation.name;
	WHILE c.at < length(c.data) LOOP
		SELECT * INTO c, number FROM test.number(c, 1);
		kind := chr(number::integer);
		SELECT * INTO c, row_text FROM test.read_row(c, relation, kind = 'K');
		line := line || CASE kind WHEN 'K' THEN ' key ' WHEN 'O' THEN ' old ' ELSE ' new ' END || row_text;
	END LOOP;
	RETURN line;
END $$;

CREATE FUNCTION test.read_truncate(c test.cursor) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	names text[];
	flags bigint;
	count bigint;
	number bigint;
BEGIN
	SELECT * INTO c, count FROM test.number(c, 4);
	SELECT * INTO c, flags FROM test.number(c, 1);
	FOR i IN 1 .. count LOOP
		SELECT * INTO c, number FROM test.number(c, 4);
		names[i] := (SELECT name FROM test.relation r WHERE r.id = number);
	END LOOP;
	RETURN 'truncate ' || array_to_string(names, ', ') || CASE WHEN flags & 1 = 1 THEN ' cascade' ELSE '' END
		|| CASE WHEN flags & 2 = 2 THEN ' restart identity' ELSE '' END;
END $$;

-- Begin, commit and origin are left out: before 15 pgoutput gives them for empty transactions too.
CREATE FUNCTION test.pgoutput(publications text, VARIADIC options text[] DEFAULT '{}') RETURNS SETOF text
	LANGUAGE plpgsql AS $$
DECLARE
	data bytea;
	c test.cursor;
BEGIN
	DELETE FROM test.relation;
	FOR data IN SELECT d.data FROM pg_logical_slot_get_binary_changes('test_pgoutput', NULL, NULL,
		VARIADIC ARRAY['proto_version', '1', 'publication_names', publications] || options) d
	LOOP
		c := (data, 1);
		CASE chr(get_byte(data, 0))
			WHEN 'R' THEN PERFORM test.read_relation(c);
			WHEN 'I' THEN RETURN NEXT test.read_change(c, 'insert');
			WHEN 'U' THEN RETURN NEXT test.read_change(c, 'update');
			WHEN 'D' THEN RETURN NEXT test.read_change(c, 'delete');
			WHEN 'T' THEN RETURN NEXT test.read_truncate(c);
			ELSE CONTINUE;
		END CASE;
	END LOOP;
END $$;

CREATE FUNCTION test.differences(publications text) RETURNS TABLE (number bigint, ours text, pgoutput text)
	LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY
		SELECT n, o.line, p.line
		FROM (SELECT row_number() OVER (), line FROM test.changes(publications) line
			WHERE line ~ '^(insert|update|delete|truncate) ') AS o (n, line)
		FULL JOIN (SELECT row_number() OVER (), line FROM test.pgoutput(publications) line) AS p (n, line)
		USING (n)
		WHERE o.line IS DISTINCT FROM p.line ORDER BY n;
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
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
