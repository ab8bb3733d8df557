-- The streams of a copied database fail rather than publish as their originals.
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
SELECT name, state FROM sluice.stat_streams ORDER BY name;
\c regression
CREATE DATABASE copy TEMPLATE original;
\c copy
-- The next look at this database finds the copied row.
SELECT sluice.create_stream('in_copy', tables => ARRAY['public.t']);
SELECT sluice.start_stream('in_copy');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) FROM sluice.stat_streams WHERE (name = 'copied' AND state = 'failed' AND pid IS NULL) OR (name = 'in_copy' AND connected)) = 2;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, desired, state, error, hint FROM sluice.streams ORDER BY name;
SELECT count(*) FROM pg_replication_slots WHERE database = 'copy';
-- Dropping the copied row leaves the original's slot and JetStream stream.
SELECT sluice.drop_stream('copied');
SELECT sluice.drop_stream('in_copy');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) FROM sluice.streams) = 0;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT count(*) FROM sluice.streams;
\c original
INSERT INTO t VALUES (1);
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT rows = 1 AND in_flight = 0 FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT name, state, rows, jetstream_messages > 0 AS kept, last_error FROM sluice.stat_streams;
\c regression
DROP DATABASE copy;
DROP DATABASE original;
