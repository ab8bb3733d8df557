-- A publication's actions decide what gets through; those of several add up.
CREATE TABLE t (id integer PRIMARY KEY, v text);
CREATE PUBLICATION inserts FOR TABLE t WITH (publish = 'insert');
CREATE PUBLICATION updates FOR TABLE t WITH (publish = 'update');
CREATE PUBLICATION deletes FOR TABLE t WITH (publish = 'delete');
CREATE PUBLICATION truncates FOR TABLE t WITH (publish = 'truncate');
CREATE PUBLICATION nothing FOR TABLE t WITH (publish = '');
CREATE PROCEDURE work() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO t VALUES (1, 'one');
	UPDATE t SET v = 'two';
	DELETE FROM t;
	TRUNCATE t;
END $$;
CALL test.start();
CALL work();
SELECT * FROM test.compared('inserts');
CALL work();
SELECT * FROM test.compared('updates');
CALL work();
SELECT * FROM test.compared('deletes');
CALL work();
SELECT * FROM test.compared('truncates');
CALL work();
SELECT * FROM test.compared('nothing');
CALL work();
SELECT * FROM test.compared('inserts, deletes, nothing');
CALL test.stop();
DROP PUBLICATION inserts, updates, deletes, truncates, nothing;
DROP PROCEDURE work;
DROP TABLE t;
