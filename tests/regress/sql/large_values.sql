-- Values of megabytes arrive whole, whatever bundle_bytes says.
CREATE TABLE t (id integer PRIMARY KEY, v text, b bytea);
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
INSERT INTO t SELECT i, string_agg(md5(i::text || n), ''), decode(string_agg(md5(n::text), ''), 'hex')
	FROM generate_series(1, 2) i, generate_series(1, 100000) n GROUP BY i;
CREATE TABLE seen AS SELECT c, row_number() OVER () AS n FROM test.changes('p', 'bundle_bytes', '4096') c;
SELECT n, length(c), left(c, 40) FROM seen ORDER BY n;
SELECT c = format('insert public.t new (id=%L, v=%L, b=%L)', t.id, t.v, t.b) AS equal
	FROM seen JOIN t ON c LIKE format('insert public.t new (id=%L%%', id) ORDER BY t.id;
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t, seen;
