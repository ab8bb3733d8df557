-- A table of 1600 columns, one of none, one of which all are dropped.
DO $$
BEGIN
	EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg(format('c%s integer', i), ', ') FROM generate_series(1, 1600) i) || ')';
END $$;
CREATE TABLE empty ();
CREATE TABLE dropped (a integer);
ALTER TABLE dropped DROP a;
CREATE PUBLICATION p FOR TABLE wide, empty, dropped;
CALL test.start();
INSERT INTO wide (c1, c1600) VALUES (1, 1600);
INSERT INTO empty DEFAULT VALUES;
INSERT INTO dropped DEFAULT VALUES;
SELECT length(c), left(c, 30), right(c, 25) FROM test.changes('p') c;
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE wide, empty, dropped;
