-- A large value in the key: it identifies the old row, changed or not.
CREATE TABLE t (large text PRIMARY KEY, v integer);
ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
INSERT INTO t VALUES (repeat('x', 2500), 1);
UPDATE t SET v = 2;
UPDATE t SET large = 'small';
DELETE FROM t;
SELECT test.shortened(c) FROM test.compared('p') c;
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
