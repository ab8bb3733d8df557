-- A new stream's slot waits for the transactions that are running; what is asked meanwhile is done at once.
CREATE TABLE t (id integer PRIMARY KEY);
SELECT sluice.create_stream('waits', tables => ARRAY['public.t'], options => '{"durability": "broker"}');
BEGIN;
INSERT INTO t VALUES (1);
PREPARE TRANSACTION 'running';
SELECT sluice.start_stream('waits');
SELECT test.wait_for($$SELECT last_error LIKE '%waits for transactions%' FROM sluice.stat_streams$$);
-- Another look at the catalog does not disturb it.
SELECT pid AS pid_before FROM sluice.stat_streams \gset
SELECT sluice.create_stream('other', tables => ARRAY['public.t'], options => '{"durability": "broker"}');
SELECT sluice.start_stream('other');
SELECT test.wait_for($$SELECT bool_and(last_error LIKE '%waits for transactions%') FROM sluice.stat_streams$$);
SELECT pid = :pid_before AS same FROM sluice.stat_streams WHERE name = 'waits';
SELECT sluice.drop_stream('other');
SELECT sluice.pause_stream('waits');
SELECT test.wait_for($$SELECT bool_and(name = 'waits' AND state = 'paused' AND pid IS NULL) FROM sluice.stat_streams$$);
SELECT desired, state, error FROM sluice.streams;
SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'sluice%';
SELECT sluice.resume_stream('waits');
SELECT test.wait_for($$SELECT last_error LIKE '%waits for transactions%' FROM sluice.stat_streams$$);
ROLLBACK PREPARED 'running';
SELECT test.wait_for($$SELECT state = 'streaming' AND last_error IS NULL FROM sluice.stat_streams$$);
SELECT sluice.drop_stream('waits');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'sluice%';
DROP TABLE t;
