-- Values of sequences: what is sent of them, when, and when nothing is.
\set SHOW_CONTEXT never
CREATE SEQUENCE shared INCREMENT BY 5 MAXVALUE 20 CYCLE;
CREATE SEQUENCE down INCREMENT BY -1;
CREATE SEQUENCE nobodys;
CREATE TABLE t (id serial PRIMARY KEY, n integer GENERATED ALWAYS AS IDENTITY, s integer DEFAULT nextval('shared'), d integer DEFAULT nextval('down'));
CREATE TABLE hidden (id serial PRIMARY KEY);
CREATE PUBLICATION w FOR ALL TABLES;
SELECT sluice.create_stream('s', tables => ARRAY['public.t']);
SELECT sluice.create_stream('once', tables => ARRAY['public.hidden'], mode => 'convert');
SELECT sluice.sync_sequences('s');
SELECT sluice.sync_sequences('x');
-- As if it was started and ran.
UPDATE sluice.stream SET desired = CASE name WHEN 's' THEN 'running' ELSE 'stopped' END, incarnation = 1;
SELECT sluice.sync_sequences('once');
CREATE FUNCTION test.sent() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', x.e->>'schema', x.e->>'name', x.e->>'value', 'of ' || (x.e->'owner'->>'column'),
		CASE WHEN (x.e->>'descending')::boolean THEN 'down' END, CASE WHEN (x.e->>'cycle')::boolean THEN 'round' END)
	FROM (SELECT sluice.bundle_text(data) AS line FROM pg_logical_slot_get_binary_changes('test_sluice', NULL, NULL, 'publication_names', 'w',
		'own_messages', (SELECT secret FROM sluice.secret) || ' s')) l,
		LATERAL (SELECT e FROM jsonb_array_elements(substring(line FROM 'message alone sluice.sequences: (.*)')::jsonb->'sequences') e
			UNION ALL SELECT '{"name": "none"}' WHERE line ~ 'sluice.sequences.*"sequences": \[\]') x
$$;
CALL test.start();
-- Nothing was given out yet: nothing to say, unless somebody asks.
SELECT sluice.send_due_sequences();
SELECT * FROM test.sent();
SELECT sluice.sync_sequences('s') > '0/0' AS sent;
SELECT * FROM test.sent();
INSERT INTO t DEFAULT VALUES;
INSERT INTO t DEFAULT VALUES;
SELECT nextval('nobodys');
SELECT sluice.send_due_sequences();
SELECT * FROM test.sent();
SELECT sluice.send_due_sequences();
SELECT * FROM test.sent();
SELECT sluice.sync_sequences('s') > '0/0' AS sent;
SELECT count(*) FROM test.sent();
-- Stopping sends what is new.
INSERT INTO t DEFAULT VALUES;
INSERT INTO t DEFAULT VALUES;
INSERT INTO t DEFAULT VALUES;
SELECT sluice.pause_stream('s');
SELECT * FROM test.sent();
-- A failure does not keep a stream from stopping.
ALTER TABLE sluice.sequences_sent RENAME TO elsewhere;
SELECT sluice.stop_stream('s');
SELECT desired FROM sluice.streams WHERE name = 's';
ALTER TABLE sluice.elsewhere RENAME TO sequences_sent;
CREATE ROLE sequences_other REPLICATION;
SET ROLE sequences_other;
SELECT sluice.sync_sequences('s');
SELECT sluice.send_due_sequences();
RESET ROLE;
DROP ROLE sequences_other;
CALL test.stop();
UPDATE sluice.stream SET incarnation = NULL, desired = 'stopped';
SELECT sluice.drop_stream(name) FROM sluice.streams;
SELECT count(*) FROM sluice.sequences_sent;
DROP FUNCTION test.sent;
DROP PUBLICATION w;
DROP TABLE t, hidden;
DROP SEQUENCE shared, down, nobodys;
