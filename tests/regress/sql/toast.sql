-- A large value that an update leaves alone is marked; the full identity has it in the old row.
CREATE TABLE t (id integer PRIMARY KEY, v integer, large text, packed text);
ALTER TABLE t ALTER large SET STORAGE EXTERNAL;
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
INSERT INTO t VALUES (1, 1, repeat('x', 3000), repeat('y', 200000)), (2, 1, NULL, 'small');
UPDATE t SET v = 2;
UPDATE t SET large = repeat('z', 3000);
UPDATE t SET large = NULL, packed = '';
DELETE FROM t;
SELECT test.shortened(c) FROM test.compared('p') c;
ALTER TABLE t REPLICA IDENTITY FULL;
INSERT INTO t VALUES (1, 1, repeat('x', 3000), repeat('y', 200000));
UPDATE t SET v = 2;
SELECT test.shortened(c) FROM test.compared('p') c;
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
