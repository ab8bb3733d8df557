-- Publications of schemas, which 15 brought: partitioned tables in them come along.
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE SCHEMA s;
CREATE TABLE s.a (id integer PRIMARY KEY);
CREATE TABLE b (id integer PRIMARY KEY);
CREATE TABLE s.p (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF s.p FOR VALUES FROM (0) TO (10);
CREATE PUBLICATION one_schema FOR TABLES IN SCHEMA s;
SELECT sluice.create_stream('shop', publication => 'one_schema');
SELECT t::jsonb->>'schema' AS schema, t::jsonb->>'name' AS name FROM test.document('shop', '$.tables[*]') t;
SELECT sluice.drop_stream('shop');
DROP PUBLICATION one_schema;
DROP TABLE s.a, b, s.p;
DROP SCHEMA s;
