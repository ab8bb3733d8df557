-- A big transaction spans bundles of bundle_rows changes, each with the relations it uses.
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE b (id integer PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE a, b;
CALL test.start();
BEGIN;
INSERT INTO a SELECT generate_series(1, 12);
INSERT INTO b SELECT generate_series(1, 12);
DELETE FROM a WHERE id = 1;
COMMIT;
SELECT bundle, r FROM
	(SELECT row_number() OVER () AS bundle, data FROM pg_logical_slot_peek_binary_changes('test_sluice', NULL, NULL,
		'publication_names', 'p', 'bundle_rows', '10')) s, sluice.bundle_text(data) r;
-- The same whatever the compression.
SELECT name, array_agg(r) = ARRAY(SELECT sluice.bundle_text(data) FROM pg_logical_slot_peek_binary_changes('test_sluice', NULL, NULL,
		'publication_names', 'p')) AS same
	FROM unnest(ARRAY['none', 'lz4', 'zstd']) name,
		LATERAL (SELECT sluice.bundle_text(data) AS r FROM pg_logical_slot_peek_binary_changes('test_sluice', NULL, NULL,
			'publication_names', 'p', 'compression', name) OFFSET 0) s
	GROUP BY name ORDER BY name;
-- Some thousand rows, more than the memory for decoding: spilled to disk on the way.
INSERT INTO a SELECT generate_series(100, 30000);
SET logical_decoding_work_mem = '64kB';
SELECT count(*) FROM test.changes('p', 'bundle_bytes', '4096') c WHERE c LIKE 'insert%';
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE a, b;
