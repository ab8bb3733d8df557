-- The origin of a transaction is told; origin = none leaves out what came from another server.
CREATE TABLE t (id integer PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE t;
SELECT FROM pg_replication_origin_create('elsewhere');
CALL test.start();
CREATE PROCEDURE work(first integer) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_replication_origin_session_setup('elsewhere');
	INSERT INTO t VALUES (first);
	PERFORM pg_logical_emit_message(true, 'from', 'elsewhere');
	COMMIT;
	PERFORM pg_replication_origin_session_reset();
	INSERT INTO t VALUES (first + 1);
END $$;
CALL work(1);
SELECT * FROM test.changes('p', 'origin', 'any', 'messages', 'true');
CALL work(3);
SELECT * FROM test.changes('p', 'origin', 'none', 'messages', 'true');
CALL test.stop();
SELECT FROM pg_replication_origin_drop('elsewhere');
DROP PROCEDURE work;
DROP PUBLICATION p;
DROP TABLE t;
