-- DROP EXTENSION ends its streams: no worker and no slot is left.
CREATE DATABASE ends;
\c ends
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE TABLE t (id integer PRIMARY KEY);
SELECT sluice.create_stream('ending_one', tables => ARRAY['public.t']);
SELECT sluice.create_stream('ending_two', tables => ARRAY['public.t']);
SELECT sluice.start_stream('ending_one');
SELECT sluice.start_stream('ending_two');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) FROM sluice.stat_streams WHERE state = 'streaming' AND connected) = 2;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, state FROM sluice.stat_streams ORDER BY name;
-- Rolled back, they go on.
BEGIN;
DROP EXTENSION sluice;
ROLLBACK;
INSERT INTO t VALUES (1);
SELECT count(*) FROM sluice.stat_streams WHERE pid IS NOT NULL;
DROP EXTENSION sluice;
\c regression
SELECT test.wait_for($$SELECT count(*) = 0 FROM pg_replication_slots WHERE database = 'ends'$$);
SELECT test.wait_for($$SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'ends'$$);
DROP DATABASE ends;
