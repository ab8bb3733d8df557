-- Indexes with all that is particular about them, and the constraints they are of.
CREATE TABLE t (id integer PRIMARY KEY, a text, b text COLLATE "C", c integer NOT NULL, j jsonb,
	CONSTRAINT once UNIQUE (a, b) DEFERRABLE INITIALLY DEFERRED, UNIQUE (c) INCLUDE (a));
CREATE INDEX expressions ON t (lower(a) text_pattern_ops DESC NULLS LAST, c, b COLLATE "POSIX" DESC) WHERE c > 5;
CREATE INDEX inner_values ON t USING gin (j jsonb_path_ops);
CREATE INDEX hashed ON t USING hash (a);
CREATE UNIQUE INDEX chosen ON t (c DESC);
CREATE INDEX filled ON t USING brin (id) WITH (pages_per_range = 16);
COMMENT ON INDEX hashed IS 'equality only';
COMMENT ON CONSTRAINT once ON t IS 'a pair';
ALTER TABLE t REPLICA IDENTITY USING INDEX chosen;
CLUSTER t USING t_pkey;
SELECT sluice.create_stream('shop', ARRAY['public.t']);
SELECT test.document('shop', '$.tables[*].indexes[*]');
SELECT test.document('shop', '$.tables[*].indexes[*].columns[*]');
SELECT sluice.schema_document('shop')->'tables'->0->'replica_identity' AS replica_identity;
SELECT sluice.drop_stream('shop');
DROP TABLE t;
