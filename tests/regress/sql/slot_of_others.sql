-- A slot that somebody made with our plugin is left alone, whatever its name.
CREATE TABLE t (id integer PRIMARY KEY);
SELECT 'made' FROM pg_create_logical_replication_slot('sluice_mine', 'sluice');
SELECT sluice.create_stream('others', tables => ARRAY['public.t'], options => '{"durability": "broker"}');
SELECT sluice.start_stream('others');
SELECT test.wait_for($$SELECT state = 'streaming' FROM sluice.stat_streams$$);
SELECT sluice.pause_stream('others');
SELECT test.wait_for($$SELECT state = 'paused' AND pid IS NULL FROM sluice.stat_streams$$);
-- Ours, whose stream is gone, is not: seeing that go, the scan is done.
SELECT 'made' FROM pg_create_logical_replication_slot(
	format('sluice_%s_gone', (SELECT oid FROM pg_database WHERE datname = current_database())), 'sluice');
SELECT sluice.resume_stream('others');
SELECT test.wait_for($$SELECT count(*) = 0 FROM pg_replication_slots WHERE slot_name LIKE 'sluice%gone'$$);
SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'sluice%' AND slot_name NOT LIKE '%others';
SELECT sluice.drop_stream('others');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
SELECT pg_drop_replication_slot('sluice_mine');
DROP TABLE t;
