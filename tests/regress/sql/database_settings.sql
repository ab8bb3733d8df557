-- What a database sets for its sessions does not hold in workers.
CREATE ROLE nobody_special;
CREATE DATABASE odd;
\c odd
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE TABLE t (id integer PRIMARY KEY);
ALTER DATABASE odd SET default_transaction_read_only = on;
ALTER DATABASE odd SET statement_timeout = '1ms';
ALTER DATABASE odd SET lock_timeout = '1ms';
ALTER DATABASE odd SET role = nobody_special;
DO $$
BEGIN
	IF current_setting('transaction_timeout', true) IS NOT NULL THEN
		ALTER DATABASE odd SET transaction_timeout = '100ms';
	END IF;
END $$;
SELECT sluice.create_stream('odd', tables => ARRAY['public.t'], options => '{"durability": "broker"}');
SELECT sluice.start_stream('odd');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT state = 'streaming' AND connected FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
INSERT INTO t SELECT generate_series(1, 200000);
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT rows = 200000 AND in_flight = 0 FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT state, rows, failures, last_error FROM sluice.stat_streams;
SELECT sluice.pause_stream('odd');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT state = 'paused' AND pid IS NULL FROM sluice.stat_streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT desired, state, error FROM sluice.streams;
SELECT sluice.drop_stream('odd');
DO $$
BEGIN
	FOR i IN 1 .. 600 LOOP
		EXIT WHEN (SELECT count(*) = 0 FROM sluice.streams);
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT count(*) FROM sluice.streams;
\c regression
DROP DATABASE odd;
DROP ROLE nobody_special;
