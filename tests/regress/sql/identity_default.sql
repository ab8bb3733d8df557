-- By default the primary key identifies; it is told apart only when an update changes it.
CREATE TABLE t (a integer, v text, b text, PRIMARY KEY (b, a));
CREATE TABLE keyless (a integer, v text);
CREATE PUBLICATION p FOR TABLE t;
CREATE PUBLICATION inserts FOR TABLE keyless WITH (publish = 'insert');
CREATE PUBLICATION complete FOR TABLE keyless;
CALL test.start();
INSERT INTO t VALUES (1, 'v', 'x');
UPDATE t SET v = 'w';
UPDATE t SET a = 2;
UPDATE t SET b = b;
UPDATE t SET a = 3, b = 'y', v = NULL;
DELETE FROM t;
SELECT * FROM test.compared('p');
-- PostgreSQL itself refuses updates that nobody could apply.
INSERT INTO keyless VALUES (1, 'v');
UPDATE keyless SET v = 'w';
DROP PUBLICATION complete;
UPDATE keyless SET v = 'w';
DELETE FROM keyless;
SELECT * FROM test.compared('inserts');
CALL test.stop();
DROP PUBLICATION p, inserts;
DROP TABLE t, keyless;
