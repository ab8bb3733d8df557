-- Tables added to a stream that runs: who may, what is told and planned; and tables that leave.
\set SHOW_CONTEXT never
CREATE TABLE a (id integer PRIMARY KEY, v text);
CREATE TABLE b (id serial PRIMARY KEY, a integer REFERENCES a);
CREATE TABLE c (id integer);
CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
INSERT INTO a VALUES (1);
INSERT INTO b (a) VALUES (1), (1);
CREATE PUBLICATION mine FOR TABLE a;
CREATE PUBLICATION w FOR ALL TABLES;
SELECT sluice.create_stream('s', tables => ARRAY['public.a'], mode => 'convert+cdc');
SELECT sluice.create_stream('o', publication => 'mine');
SELECT sluice.create_stream('once', tables => ARRAY['public.a'], mode => 'convert');
-- What has not been started joins nothing: the copy is of what there is then.
SELECT sluice.add_table('s', 'c');
SELECT sluice.remove_table('s', 'c');
SELECT count(*) FROM sluice.joining;
-- As if they were started, and the copy of the first were whole.
UPDATE sluice.stream SET desired = 'stopped', state = 'stopped', incarnation = 1;
SELECT sluice.begin_copy('s');
SELECT sluice.plan_copy('s', 1, '0/1000', txid_current(), 1048576);
SELECT sluice.copy_due(s) FROM sluice.stream s WHERE name = 's';
SELECT sluice.finish_copy('s', 1);
SELECT sluice.copy_due(s), sluice.finished_copy('s') FROM sluice.stream s WHERE name = 's';

CREATE FUNCTION test.told() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s: %s', m.value->>'stream', (SELECT string_agg(format('%s %s', list, t->>'name'), ', ' ORDER BY list, t->>'name')
			FROM unnest(ARRAY['joining', 'added', 'removed']) list, jsonb_array_elements(m.value->list) t))
	FROM unnest(ARRAY['s', 'o']) stream, LATERAL (SELECT substring(line FROM 'message sluice.tables: (.*)')::jsonb FROM
		(SELECT sluice.bundle_text(data) AS line FROM pg_logical_slot_peek_binary_changes('test_sluice', NULL, NULL, 'publication_names', 'w',
			'own_messages', (SELECT secret FROM sluice.secret) || ' ' || stream)) l WHERE line ~ 'message sluice.tables') m (value)
$$;
CALL test.start();
SELECT sluice.add_table('s', 'b', 'p');
SELECT relid::regclass, generation FROM sluice.joining ORDER BY relid::regclass::text;
SELECT sluice.copy_due(s) FROM sluice.stream s WHERE name = 's';
SELECT table_name, copy_state FROM sluice.stat_tables ORDER BY 1;
SELECT table_names FROM sluice.stream WHERE name = 's';
ALTER PUBLICATION mine ADD TABLE b;
ALTER PUBLICATION mine DROP TABLE a;
ALTER PUBLICATION mine SET (publish = 'insert');
SELECT * FROM test.told();
-- A table that is dropped has not left: its end is a change of structure.
CREATE TABLE dropped (id integer PRIMARY KEY);
ALTER PUBLICATION mine ADD TABLE dropped;
DROP TABLE dropped;
SELECT message->>'command' AS command, message->'before'->'tables'->0->>'name' AS name, message->'after'->'tables' AS after
	FROM (SELECT substring(sluice.bundle_text(data) FROM 'message sluice.ddl: (.*)')::jsonb FROM pg_logical_slot_peek_binary_changes('test_sluice',
		NULL, NULL, 'publication_names', 'w', 'own_messages', (SELECT secret FROM sluice.secret) || ' o')) m (message) WHERE message IS NOT NULL;
CALL test.stop();

-- Only what joins is read; the rest of the document's load says what is there already.
SELECT sluice.begin_copy('s');
SELECT sluice.plan_copy('s', 2, '0/2000', txid_current(), 1048576);
SELECT relid::regclass, mode, base, complete_in FROM sluice.copy_table WHERE generation = 2 ORDER BY relid::regclass::text;
SELECT relid::regclass, generation FROM sluice.joining ORDER BY relid::regclass::text;
CREATE VIEW test.document AS SELECT sluice.copy_document('s', 2, 'abc') AS d;
SELECT d->'load'->'since' AS since, d->'load'->'chunks' AS chunks FROM test.document;
SELECT t->>'name' AS name, t->'position' AS position, t->'chunks' AS chunks, t->'mode' AS mode FROM test.document, jsonb_array_elements(d->'load'->'tables') t ORDER BY 1;
SELECT t->>'name' AS name, t->'foreign_keys'->0->'definition' AS key FROM test.document, jsonb_array_elements(d->'tables') t;
SELECT s->>'name' AS name, s->'last_value' AS last FROM test.document, jsonb_array_elements(d->'sequences') s;
-- One that another snapshot has to finish, and one that is gone by then.
SELECT sluice.begin_copy('s');
ALTER PUBLICATION sluice_s DROP TABLE p;
SELECT sluice.plan_copy('s', 3, '0/3000', txid_current(), 1048576);
SELECT relid::regclass, mode, base, complete_in FROM sluice.copy_table WHERE generation = 3 ORDER BY relid::regclass::text;
SELECT table_name, copy_state FROM sluice.stat_tables ORDER BY 1;
SELECT sluice.finish_copy('s', 3);
SELECT count(*) FROM sluice.joining;
SELECT sluice.copy_due(s) FROM sluice.stream s WHERE name = 's';

-- A table that comes back is copied anew.
SELECT sluice.remove_table('s', 'b');
SELECT sluice.add_table('s', 'b');
SELECT sluice.begin_copy('s');
SELECT sluice.plan_copy('s', 4, '0/4000', txid_current(), 1048576);
SELECT relid::regclass, mode, base, complete_in FROM sluice.copy_table WHERE generation = 4 ORDER BY relid::regclass::text;

-- What is refused.
SELECT sluice.add_table('s', 'b');
SELECT sluice.add_table('s', 'p1', 'b');
SELECT sluice.remove_table('s', 'p1');
SELECT sluice.add_table('s', NULL);
SELECT sluice.add_table('s', VARIADIC '{}');
SELECT sluice.add_table('o', 'c');
SELECT sluice.add_table('once', 'c');
SELECT sluice.add_table('x', 'c');
CREATE VIEW no_table AS SELECT 1;
SELECT sluice.add_table('s', 'no_table');
CREATE ROLE join_owner REPLICATION;
CREATE ROLE join_other REPLICATION;
GRANT ALL ON SCHEMA public TO join_owner;
SET ROLE join_other;
SELECT sluice.add_table('s', 'c');
SELECT sluice.note_publication(NULL);
RESET ROLE;
UPDATE sluice.stream SET owner = 'join_owner'::regrole WHERE name = 's';
SET ROLE join_owner;
CREATE TABLE theirs (id integer PRIMARY KEY);
SELECT sluice.add_table('s', 'theirs');
SELECT sluice.add_table('s', 'c');
RESET ROLE;

UPDATE sluice.stream SET incarnation = NULL;
SELECT sluice.drop_stream(name) FROM sluice.streams;
SELECT count(*) FROM sluice.joining;
DROP FUNCTION test.told;
DROP VIEW test.document, no_table;
DROP PUBLICATION mine, w;
DROP TABLE b, a, c, p, theirs;
REVOKE ALL ON SCHEMA public FROM join_owner;
DROP ROLE join_owner, join_other;
