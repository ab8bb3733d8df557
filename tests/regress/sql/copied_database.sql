-- The streams of a copied database fail rather than publish as their originals.
\set SHOW_CONTEXT never
CREATE DATABASE original;
\c original
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE TABLE t (id integer PRIMARY KEY);
SELECT sluice.create_stream('copied', tables => ARRAY['public.t']);
SELECT sluice.start_stream('copied');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT state = 'streaming' AND connected FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT sluice.create_stream('waiting', tables => ARRAY['public.t']);
SELECT name, state FROM sluice.stat_streams ORDER BY name;
\c regression
CREATE DATABASE copy TEMPLATE original;
\c copy
-- The next look at this database finds the copied row.
SELECT sluice.create_stream('in_copy', tables => ARRAY['public.t']);
SELECT sluice.start_stream('in_copy');
-- Neither does one that had not been started when it was copied.
SELECT sluice.start_stream('waiting');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) FROM sluice.stat_streams WHERE (name IN ('copied', 'waiting') AND state = 'failed' AND pid IS NULL) OR (name = 'in_copy' AND connected)) = 3;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, desired, state, error, hint FROM sluice.streams ORDER BY name;
SELECT count(*) FROM pg_replication_slots WHERE database = 'copy';
-- Dropping the copied row leaves the original's slot and JetStream stream.
SELECT sluice.drop_stream('copied');
SELECT sluice.drop_stream('in_copy');
SELECT sluice.drop_stream('waiting');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) FROM sluice.streams) = 0;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT count(*) FROM sluice.streams;
-- A name that the original streams by is taken, one that it only has is not yet.
SELECT sluice.create_stream('copied', tables => ARRAY['public.t']);
SELECT sluice.create_stream('waiting', tables => ARRAY['public.t']);
\c original
SELECT sluice.start_stream('waiting');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT state = 'streaming' AND connected FROM sluice.stat_streams WHERE name = 'waiting');
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, state, last_error FROM sluice.stat_streams WHERE name = 'waiting';
\c copy
SELECT sluice.start_stream('waiting');
\c original
INSERT INTO t VALUES (1);
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT bool_and(rows = 1 AND in_flight = 0 AND jetstream_messages > 0) FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, state, rows, jetstream_messages > 0 AS kept, last_error FROM sluice.stat_streams ORDER BY name;
\c regression
DROP DATABASE copy;
DROP DATABASE original;
