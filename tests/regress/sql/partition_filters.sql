-- With publish_via_partition_root the root's filter and column list count, else the leaf's own.
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE TABLE root (id integer, a text, b integer, PRIMARY KEY (id, b)) PARTITION BY RANGE (id);
CREATE TABLE leaf (b integer NOT NULL, a text, id integer NOT NULL);
ALTER TABLE root ATTACH PARTITION leaf FOR VALUES FROM (0) TO (100);
CREATE PUBLICATION by_root FOR TABLE root (id, b) WHERE (b > 10), leaf WHERE (b > 20) WITH (publish_via_partition_root);
CREATE PUBLICATION by_leaf FOR TABLE leaf (id, b) WHERE (b < 10);
CREATE PROCEDURE work() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO root VALUES (1, 'one', 5), (2, 'two', 15), (3, 'three', 25);
	UPDATE root SET b = b + 6;
	DELETE FROM root;
END $$;
CALL test.start();
CALL work();
SELECT * FROM test.compared('by_root');
CALL work();
SELECT * FROM test.compared('by_leaf');
CALL work();
SELECT * FROM test.compared('by_leaf, by_root');
CALL test.stop();
DROP PUBLICATION by_root, by_leaf;
DROP PROCEDURE work;
DROP TABLE root;
