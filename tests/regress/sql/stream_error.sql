-- A publication that is missing at a place of the log ends the stream, with the way out in its hint.
CREATE TABLE t (id integer PRIMARY KEY, v text);
CREATE PUBLICATION p FOR TABLE t;
SELECT sluice.create_stream('error', publication => 'p', options => '{"durability": "broker"}');
SELECT sluice.start_stream('error');
SELECT test.wait_for($$SELECT state = 'streaming' AND connected FROM sluice.stat_streams$$);
DROP PUBLICATION p;
INSERT INTO t VALUES (1, 'while it is gone');
SELECT test.wait_for($$SELECT state = 'failed' AND pid IS NULL FROM sluice.stat_streams$$);
SELECT last_error, last_error_hint, desired FROM sluice.stat_streams JOIN sluice.streams USING (name);
SELECT * FROM sluice.check() WHERE "check" = 'publication';
SELECT sluice.drop_stream('error');
SELECT test.wait_for($$SELECT count(*) = 0 FROM sluice.streams$$);
DROP TABLE t;
