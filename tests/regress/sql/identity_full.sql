-- REPLICA IDENTITY FULL: the whole old row, also in a table without a key.
CREATE TABLE t (a integer, v text);
ALTER TABLE t REPLICA IDENTITY FULL;
CREATE TABLE k (id integer PRIMARY KEY, v text);
ALTER TABLE k REPLICA IDENTITY FULL;
CREATE PUBLICATION p FOR TABLE t, k;
CALL test.start();
INSERT INTO t VALUES (1, 'v'), (1, 'v'), (NULL, NULL);
UPDATE t SET v = 'w' WHERE a = 1;
DELETE FROM t;
INSERT INTO k VALUES (1, 'v');
UPDATE k SET v = 'w';
UPDATE k SET id = 2;
DELETE FROM k;
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t, k;
