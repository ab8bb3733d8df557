-- REPLICA IDENTITY USING INDEX: its columns are the key, the primary key is told beside.
CREATE TABLE t (id integer PRIMARY KEY, code text NOT NULL, n integer NOT NULL, v text);
CREATE UNIQUE INDEX t_code ON t (n, code) INCLUDE (v);
ALTER TABLE t REPLICA IDENTITY USING INDEX t_code;
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
INSERT INTO t VALUES (1, 'a', 10, 'v');
UPDATE t SET id = 2;
UPDATE t SET code = 'b';
UPDATE t SET v = 'w';
DELETE FROM t;
-- Without its index the identity is none.
ALTER PUBLICATION p SET (publish = 'insert');
DROP INDEX t_code;
INSERT INTO t VALUES (3, 'c', 10, 'v');
DELETE FROM t;
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
