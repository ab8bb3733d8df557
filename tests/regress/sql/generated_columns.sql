-- Stored generated columns are left to the target, unless the publication of 18 and later says otherwise.
\set SHOW_CONTEXT never
CREATE TABLE t (id integer PRIMARY KEY, a integer, twice integer GENERATED ALWAYS AS (a * 2) STORED);
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
INSERT INTO t VALUES (1, 5);
UPDATE t SET a = 6;
SELECT * FROM test.compared('p');
SELECT current_setting('server_version_num')::integer < 180000 AS old \gset
\if :old
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
\echo skipped: PostgreSQL 18 brought the rest
\quit
\endif
ALTER TABLE t ADD virtual integer GENERATED ALWAYS AS (a * 3) VIRTUAL;
CREATE PUBLICATION stored FOR TABLE t WITH (publish_generated_columns = stored);
CREATE PUBLICATION listed FOR TABLE t (id, twice);
INSERT INTO t VALUES (2, 7);
SELECT * FROM test.compared('stored');
INSERT INTO t VALUES (3, 8);
SELECT * FROM test.compared('listed');
INSERT INTO t VALUES (4, 9);
SELECT * FROM test.changes('stored, p');
SELECT * FROM test.pgoutput('stored, p');
CALL test.stop();
DROP PUBLICATION p, stored, listed;
DROP TABLE t;
