-- Row filters, which 15 brought: NULL is no; a row that an update moves in or out is an insert or a delete.
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE TABLE t (id integer, grade integer, name text, PRIMARY KEY (id, grade));
CREATE PUBLICATION p FOR TABLE t WHERE (grade > 10);
CREATE PUBLICATION low FOR TABLE t WHERE (grade < 5);
CREATE PUBLICATION named FOR TABLE t WHERE (name = 'x') WITH (publish = 'insert');
CREATE PUBLICATION plain FOR TABLE t WITH (publish = 'delete');
CALL test.start();
INSERT INTO t VALUES (1, 1, 'a'), (2, 11, 'b'), (3, 7, 'x');
UPDATE t SET grade = 12 WHERE id = 1;
UPDATE t SET grade = 13 WHERE id = 1;
UPDATE t SET name = 'c' WHERE id = 2;
UPDATE t SET name = 'd' WHERE id = 3;
UPDATE t SET grade = 2 WHERE id = 2;
DELETE FROM t WHERE id <> 1;
DELETE FROM t WHERE id = 1;
SELECT * FROM test.compared('p');
-- Several: any that lets it through is enough, of those that publish the action.
INSERT INTO t VALUES (4, 1, 'a'), (5, 11, 'b'), (6, 7, 'x'), (7, 7, 'y'), (8, 7, NULL);
UPDATE t SET grade = 20 WHERE id = 4;
UPDATE t SET grade = 7 WHERE id = 5;
UPDATE t SET name = 'x' WHERE id = 7;
SELECT * FROM test.compared('p, low, named');
DELETE FROM t;
SELECT * FROM test.compared('p, plain');
-- Full identity lets a filter look at any column.
ALTER TABLE t REPLICA IDENTITY FULL;
ALTER PUBLICATION p SET TABLE t WHERE (name IS DISTINCT FROM 'hidden' AND length(name) < 10);
INSERT INTO t VALUES (1, 1, 'hidden'), (2, 2, 'seen'), (3, 3, NULL);
UPDATE t SET name = 'seen' WHERE id = 1;
UPDATE t SET name = 'hidden' WHERE id = 2;
UPDATE t SET name = 'seen' WHERE id = 3;
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p, low, named, plain;
DROP TABLE t;
