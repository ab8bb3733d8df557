-- Partitioned tables come with all levels above what is published, parents first.
CREATE TABLE top (id integer, kind text, at date NOT NULL, v text, PRIMARY KEY (id, kind, at)) PARTITION BY LIST (kind);
CREATE TABLE top_x PARTITION OF top FOR VALUES IN ('x', 'it''s') PARTITION BY RANGE (at);
CREATE TABLE top_x_20 PARTITION OF top_x FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE top_x_21 PARTITION OF top_x FOR VALUES FROM ('2021-01-01') TO (MAXVALUE);
CREATE TABLE top_d PARTITION OF top DEFAULT PARTITION BY HASH (id);
CREATE TABLE top_d_0 PARTITION OF top_d FOR VALUES WITH (modulus 1, remainder 0);
CREATE TABLE empty (id integer, n integer) PARTITION BY RANGE (lower(n::text), id);
CREATE INDEX top_v ON top (v);
CREATE INDEX own ON top_d_0 (v, id);
CREATE TABLE other (id integer PRIMARY KEY);
ALTER TABLE top ADD other integer REFERENCES other, ADD CHECK (id > 0);
CREATE TABLE refers (id integer, kind text, at date, FOREIGN KEY (id, kind, at) REFERENCES top);
SELECT sluice.create_stream('shop', ARRAY['public.top', 'public.empty', 'public.other']);
\set rows 'SELECT t::jsonb - ''columns'' - ''indexes'' - ''checks'' - ''foreign_keys'' - ''rows'' AS table_ FROM test.document(''shop'', ''$.tables[*]'') t'
:rows;
SELECT c->>'name' AS name, c->>'inherited' AS inherited FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*] ? (@.name == "top_x_20").columns[*]') c;
SELECT i->>'name' AS name, i->>'definition' AS definition, i->'parent'->>'name' AS parent
	FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*].indexes[*]') i;
SELECT t->>'name' AS name, k->>'name' AS check_, k->>'inherited' AS inherited, f->>'name' AS foreign_key, f->>'inherited' AS inherited
	FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*] ? (@.name starts with "top")') t,
	jsonb_array_elements(t->'checks') k, jsonb_array_elements(t->'foreign_keys') f;
SELECT test.document('shop', '$.not_carried[*]');
-- Published as the root, it is the same.
SELECT md5(string_agg(t, '' ORDER BY n)) AS before FROM test.document('shop', '$.tables[*]') WITH ORDINALITY AS d (t, n) \gset
ALTER PUBLICATION sluice_shop SET (publish_via_partition_root = true);
SELECT md5(string_agg(t, '' ORDER BY n)) = :'before' AS same FROM test.document('shop', '$.tables[*]') WITH ORDINALITY AS d (t, n);
-- A key that is declared to a partitioned table is one key.
ALTER PUBLICATION sluice_shop ADD TABLE refers;
SELECT f->>'name' AS name, f->>'table' AS table_ FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*] ? (@.name == "refers").foreign_keys[*]') f;
-- Partitions that are published without their table are tables of their own, up to the topmost that is named.
ALTER PUBLICATION sluice_shop SET TABLE top_x, top_d_0;
:rows;
SELECT DISTINCT c->>'inherited' AS inherited FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*] ? (@.name == "top_d_0").columns[*]') c;
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE refers, top, empty, other;
