-- A prepared transaction is told when it is committed, in that order; one rolled back never.
CREATE TABLE t (id integer PRIMARY KEY, v text);
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
BEGIN;
INSERT INTO t VALUES (1, 'prepared');
PREPARE TRANSACTION 'first';
BEGIN;
INSERT INTO t VALUES (2, 'rolled back');
PREPARE TRANSACTION 'second';
INSERT INTO t VALUES (3, 'plain');
SELECT * FROM test.compared('p');
ROLLBACK PREPARED 'second';
COMMIT PREPARED 'first';
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
