-- NULLS NOT DISTINCT, which 15 brought.
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE TABLE t (id integer PRIMARY KEY, a text UNIQUE NULLS NOT DISTINCT, b text REFERENCES t (a) ON DELETE SET NULL (b));
SELECT sluice.create_stream('shop', ARRAY['public.t']);
SELECT test.document('shop', '$.tables[*].indexes[*]');
SELECT test.document('shop', '$.tables[*].foreign_keys[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE t;
