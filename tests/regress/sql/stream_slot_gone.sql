-- A stream whose slot is gone fails for good and says so; starting it again changes nothing.
\set SHOW_CONTEXT never
CREATE TABLE t (id integer PRIMARY KEY);
SELECT sluice.create_stream('gone', tables => ARRAY['public.t']);
SELECT sluice.start_stream('gone');
SELECT test.wait_for($$SELECT state = 'streaming' AND connected FROM sluice.stat_streams$$);
SELECT sluice.stop_stream('gone');
SELECT test.wait_for($$SELECT state = 'stopped' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT pg_drop_replication_slot(slot_name) FROM sluice.streams;
SELECT sluice.start_stream('gone');
SELECT test.wait_for($$SELECT state = 'failed' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT desired, state, error, hint FROM sluice.streams;
SELECT state, last_error, last_error_hint FROM sluice.stat_streams;
SELECT sluice.start_stream('gone');
SELECT test.wait_for($$SELECT s.state = 'failed' AND desired = 'stopped' FROM sluice.streams s$$);
SELECT sluice.drop_stream('gone');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
-- A slot of that name that belongs to another.
SELECT sluice.create_stream('taken', tables => ARRAY['public.t']);
SELECT FROM pg_create_logical_replication_slot((SELECT slot_name FROM sluice.streams), 'pgoutput');
SELECT sluice.start_stream('taken');
SELECT test.wait_for($$SELECT state = 'failed' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT desired, state, error, hint FROM sluice.streams;
SELECT sluice.drop_stream('taken');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'sluice%';
DROP TABLE t;
