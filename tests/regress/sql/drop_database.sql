-- DROP DATABASE, and ALTER DATABASE, with a running stream.
CREATE DATABASE leaves;
\c leaves
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE TABLE t (id integer PRIMARY KEY);
SELECT sluice.create_stream('leaving', tables => ARRAY['public.t']);
SELECT sluice.start_stream('leaving');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT state = 'streaming' AND connected FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, state FROM sluice.stat_streams ORDER BY name;
\c regression
ALTER DATABASE leaves RENAME TO moved;
-- It goes on under the new name.
SELECT test.wait_for($$SELECT count(*) = 1 FROM pg_replication_slots WHERE database = 'moved' AND active$$);
-- One that was refused lets it go on too.
BEGIN;
DROP DATABASE moved;
ROLLBACK;
SELECT test.wait_for($$SELECT count(*) = 1 FROM pg_replication_slots WHERE database = 'moved' AND active$$);
DROP DATABASE moved;
SELECT count(*) FROM pg_replication_slots WHERE database = 'moved';
SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'sluice%' AND datname = 'moved';
