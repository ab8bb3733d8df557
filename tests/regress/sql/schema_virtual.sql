-- Generated columns of 18 that are not stored, and NOT NULL that is not validated.
SELECT current_setting('server_version_num')::integer < 180000 AS old \gset
\if :old
\echo skipped: PostgreSQL 18 brought them
\quit
\endif
CREATE TABLE t (id integer PRIMARY KEY, a integer, twice integer GENERATED ALWAYS AS (a * 2) VIRTUAL, CONSTRAINT named NOT NULL id);
ALTER TABLE t ADD CONSTRAINT later NOT NULL a NOT VALID;
CREATE TABLE o (id int4range, at daterange, n integer, PRIMARY KEY (id, at WITHOUT OVERLAPS), CHECK (n > 0) NOT ENFORCED);
SELECT sluice.create_stream('shop', ARRAY['public.t', 'public.o']);
SELECT test.document('shop', '$.tables[*].columns[*]');
SELECT test.document('shop', '$.tables[*].indexes[*]');
SELECT test.document('shop', '$.tables[*].checks[*]');
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE t, o;
