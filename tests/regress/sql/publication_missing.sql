-- A publication that is not there at the change's place is an error, whatever is there now.
\set SHOW_CONTEXT never
CREATE TABLE t (id integer PRIMARY KEY);
CALL test.start();
INSERT INTO t VALUES (1);
CREATE PUBLICATION "Late one" FOR TABLE t;
SELECT * FROM test.changes('"Late one"');
SELECT * FROM test.changes('never');
CALL test.stop();
DROP PUBLICATION "Late one";
DROP TABLE t;
