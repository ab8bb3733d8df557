-- A row that moves into the filter without its large value being logged cannot become an insert.
\set SHOW_CONTEXT never
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE TABLE t (id integer, grade integer, large text, PRIMARY KEY (id, grade));
ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
CREATE PUBLICATION p FOR TABLE t WHERE (grade > 10);
INSERT INTO t VALUES (1, 1, repeat('x', 3000)), (2, 2, repeat('y', 3000));
CALL test.start();
UPDATE t SET grade = 11 WHERE id = 1;
SELECT * FROM test.changes('p');
CALL test.stop();
ALTER TABLE t REPLICA IDENTITY FULL;
CALL test.start();
UPDATE t SET grade = 12 WHERE id = 2;
SELECT test.shortened(c) FROM test.compared('p') c;
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
