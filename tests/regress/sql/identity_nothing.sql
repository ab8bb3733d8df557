-- REPLICA IDENTITY NOTHING: inserts and truncates are told, updates and deletes are refused or left out.
CREATE TABLE t (id integer PRIMARY KEY, v text);
ALTER TABLE t REPLICA IDENTITY NOTHING;
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
INSERT INTO t VALUES (1, 'v');
UPDATE t SET v = 'w';
DELETE FROM t;
TRUNCATE t;
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
