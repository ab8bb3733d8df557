-- Columns that are not published, and what needs them, stay behind.
\set SHOW_CONTEXT never
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE TABLE other (id integer PRIMARY KEY, code text UNIQUE);
CREATE TABLE t (id integer PRIMARY KEY, a text, secret text REFERENCES other (code), number serial, b integer REFERENCES other,
	sum integer GENERATED ALWAYS AS (b + 1) STORED, UNIQUE (a), CHECK (a <> secret), CHECK (a <> ''));
CREATE INDEX on_secret ON t (lower(secret));
CREATE INDEX where_secret ON t (a) WHERE secret <> '';
CREATE INDEX with_secret ON t (a) INCLUDE (secret);
CREATE PUBLICATION listed FOR TABLE t (id, a, b), other (id);
SELECT sluice.create_stream('shop', publication => 'listed');
SELECT t::jsonb->>'name' AS name, jsonb_path_query_array(t::jsonb, '$.columns[*].name') AS columns, jsonb_path_query_array(t::jsonb, '$.indexes[*].name') AS indexes,
	jsonb_path_query_array(t::jsonb, '$.checks[*].name') AS checks, jsonb_path_query_array(t::jsonb, '$.foreign_keys[*].name') AS foreign_keys
	FROM test.document('shop', '$.tables[*]') t;
SELECT test.document('shop', '$.sequences[*]');
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP PUBLICATION listed;
-- A list of a partitioned table is one of its partitions too, when they are published as it.
CREATE TABLE p (id integer PRIMARY KEY, a text, secret text) PARTITION BY RANGE (id);
CREATE TABLE p1 (secret text, a text, id integer NOT NULL);
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10);
CREATE PUBLICATION listed FOR TABLE p (id, a) WITH (publish_via_partition_root = true);
SELECT sluice.create_stream('shop', publication => 'listed');
SELECT t::jsonb->>'name' AS name, jsonb_path_query_array(t::jsonb, '$.columns[*].name') AS columns FROM test.document('shop', '$.tables[*]') t;
ALTER PUBLICATION listed SET (publish = 'insert');
ALTER PUBLICATION listed SET TABLE p (a);
SELECT sluice.schema_document('shop');
SELECT sluice.drop_stream('shop');
DROP PUBLICATION listed;
DROP TABLE t, other, p;
