-- Partitions as themselves, or as the ancestor that publish_via_partition_root makes them; other orders of columns.
CREATE TABLE root (id integer, region text, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE middle (note text, gone integer, region text NOT NULL, id integer NOT NULL) PARTITION BY RANGE (id);
ALTER TABLE middle DROP gone;
ALTER TABLE root ATTACH PARTITION middle FOR VALUES IN ('north');
CREATE TABLE leaf (region text NOT NULL, id integer NOT NULL, extra text, note text);
ALTER TABLE leaf DROP extra;
ALTER TABLE middle ATTACH PARTITION leaf FOR VALUES FROM (0) TO (100);
CREATE TABLE south PARTITION OF root FOR VALUES IN ('south');
CREATE PROCEDURE work() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO root VALUES (1, 'north', 'one'), (2, 'south', 'two');
	UPDATE root SET note = 'uno' WHERE id = 1;
	UPDATE root SET region = 'north' WHERE id = 2;
	UPDATE root SET id = 3 WHERE id = 2;
	DELETE FROM root WHERE id = 3;
	TRUNCATE south;
	TRUNCATE root;
END $$;
CREATE PUBLICATION by_leaf FOR TABLE root;
CREATE PUBLICATION by_root FOR TABLE root WITH (publish_via_partition_root);
CREATE PUBLICATION by_middle FOR TABLE middle WITH (publish_via_partition_root);
CREATE PUBLICATION leaf_only FOR TABLE leaf;
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root);
CALL test.start();
CALL work();
SELECT * FROM test.compared('by_leaf');
CALL work();
SELECT * FROM test.compared('by_root');
CALL work();
SELECT * FROM test.compared('by_middle');
CALL work();
SELECT * FROM test.compared('leaf_only');
CALL work();
SELECT * FROM test.compared('leaf_only, by_middle, by_root');
CALL work();
SELECT * FROM test.compared('everything');
-- Detached and attached again while the log goes on (pgoutput of 13 does not notice).
INSERT INTO root VALUES (5, 'south', 'five');
ALTER TABLE root DETACH PARTITION south;
INSERT INTO south VALUES (6, 'south', 'six');
ALTER TABLE root ATTACH PARTITION south FOR VALUES IN ('south');
INSERT INTO south VALUES (7, 'south', 'seven');
SELECT * FROM test.changes('by_root');
CALL test.stop();
DROP PUBLICATION by_leaf, by_root, by_middle, leaf_only, everything;
DROP PROCEDURE work;
DROP TABLE root;
