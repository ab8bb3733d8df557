-- A stream from its making to its end: start, pause, resume, stop, start, drop; what it counts on the way.
\set SHOW_CONTEXT never
CREATE TABLE t (id integer PRIMARY KEY, v text);
SELECT sluice.create_stream('life', tables => ARRAY['public.t'], options => '{"durability": "broker"}');
SELECT name, state, pid IS NULL AS idle, connected, lag_bytes FROM sluice.stat_streams;
SELECT sluice.pause_stream('life');
SELECT sluice.resume_stream('life');
SELECT sluice.start_stream('life');
SELECT sluice.start_stream('life');
SELECT test.wait_for($$SELECT state = 'streaming' AND connected FROM sluice.stat_streams WHERE name = 'life'$$);
SELECT name, desired, state, error, start_lsn IS NOT NULL AS started FROM sluice.streams;
SELECT plugin, slot_type, active, confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots WHERE slot_name LIKE 'sluice%life';
INSERT INTO t SELECT i, 'v' FROM generate_series(1, 10) i;
UPDATE t SET v = 'w' WHERE id <= 4;
DELETE FROM t WHERE id <= 2;
SELECT test.wait_for($$SELECT rows = 16 AND in_flight = 0 AND confirmed_lsn >= published_lsn FROM sluice.stat_streams$$);
SELECT inserts, updates, deletes, truncates, bytes > 0 AS bytes FROM sluice.stat_tables WHERE table_name = 'public.t';
TRUNCATE t;
SELECT test.wait_for($$SELECT truncates = 1 FROM sluice.stat_tables WHERE table_name = 'public.t'$$);
SELECT state, pid > 0 AS pid, bundles > 0 AS bundles, messages > 0 AS messages, bytes > 0 AS bytes,
	failures, last_error FROM sluice.stat_streams;
-- The slot moves on while other tables write.
CREATE TABLE other AS SELECT i, repeat('x', 100) FROM generate_series(1, 10000) i;
SELECT pg_current_wal_insert_lsn() AS after_other \gset
SELECT test.wait_for(format('SELECT confirmed_lsn >= %L FROM sluice.stat_streams', :'after_other'));
SELECT sluice.pause_stream('life');
SELECT test.wait_for($$SELECT state = 'paused' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT sluice.pause_stream('life');
-- The last wish counts, also when no worker has come up for the one before.
BEGIN;
SELECT sluice.resume_stream('life');
SELECT sluice.pause_stream('life');
COMMIT;
SELECT desired FROM sluice.streams;
SELECT test.wait_for($$SELECT state = 'paused' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT active FROM pg_replication_slots WHERE slot_name LIKE 'sluice%life';
INSERT INTO t SELECT i, 'v' FROM generate_series(1, 3) i;
SELECT sluice.resume_stream('life');
SELECT test.wait_for($$SELECT state = 'streaming' AND inserts = 13 FROM sluice.stat_streams, sluice.stat_tables WHERE table_name = 'public.t'$$);
SELECT sluice.stop_stream('life');
SELECT test.wait_for($$SELECT state = 'stopped' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT desired, state FROM sluice.streams;
SELECT sluice.resume_stream('life');
SELECT sluice.pause_stream('life');
INSERT INTO t VALUES (4, 'v');
SELECT sluice.start_stream('life');
SELECT test.wait_for($$SELECT state = 'streaming' AND inserts = 14 FROM sluice.stat_streams, sluice.stat_tables WHERE table_name = 'public.t'$$);
-- A worker that is ended is started again.
SELECT pid AS old_pid FROM sluice.stat_streams \gset
SELECT pg_terminate_backend(:old_pid);
SELECT test.wait_for(format($$SELECT state = 'streaming' AND pid <> %s FROM sluice.stat_streams$$, :old_pid));
SELECT sluice.drop_stream('life');
SELECT sluice.start_stream('life');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'sluice%';
SELECT count(*) FROM pg_publication WHERE pubname LIKE 'sluice%';
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.stat_streams$$);
-- The same name again is a new stream: nothing of the old one is in JetStream.
SELECT sluice.create_stream('life', tables => ARRAY['public.t'], options => '{"durability": "broker"}');
SELECT sluice.start_stream('life');
SELECT test.wait_for($$SELECT state = 'streaming' AND jetstream_messages BETWEEN 1 AND 3 FROM sluice.stat_streams$$);
SELECT count(*) FROM sluice.stat_tables;
SELECT sluice.drop_stream('life');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
DROP TABLE t, other;
