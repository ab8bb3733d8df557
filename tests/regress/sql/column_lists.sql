-- Column lists, which 15 brought: other columns are never there; a list of all is as no list.
\set SHOW_CONTEXT never
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE TABLE t (id integer PRIMARY KEY, a text, secret text, b text);
CREATE PUBLICATION p FOR TABLE t (b, id, a);
CREATE PUBLICATION same FOR TABLE t (id, a, b);
CREATE PUBLICATION complete FOR TABLE t (id, a, secret, b);
CREATE PUBLICATION plain FOR TABLE t;
CALL test.start();
INSERT INTO t VALUES (1, 'a', 'x', 'b');
UPDATE t SET secret = 'y';
UPDATE t SET id = 2;
DELETE FROM t;
SELECT * FROM test.compared('p');
INSERT INTO t VALUES (3, 'a', 'x', 'b');
SELECT * FROM test.compared('p, same');
INSERT INTO t VALUES (4, 'a', 'x', 'b');
SELECT * FROM test.compared('complete, plain');
-- Contradicting each other:
INSERT INTO t VALUES (5, 'a', 'x', 'b');
SELECT * FROM test.changes('p, plain');
SELECT * FROM test.changes('p, complete');
-- The list changes in the middle of the log.
ALTER PUBLICATION p SET TABLE t (id);
INSERT INTO t VALUES (6, 'a', 'x', 'b');
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p, same, complete, plain;
DROP TABLE t;
