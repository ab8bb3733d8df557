-- What a stream's publications publish is in its document: of all tables, too, and extensions' tables are not.
CREATE SCHEMA s;
CREATE TABLE s.a (id integer PRIMARY KEY);
CREATE TABLE b (id integer PRIMARY KEY);
CREATE UNLOGGED TABLE u (id integer PRIMARY KEY);
CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE s.p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE PUBLICATION everything FOR ALL TABLES;
SELECT sluice.create_stream('shop', publication => 'everything');
SELECT t::jsonb->>'schema' AS schema, t::jsonb->>'name' AS name FROM test.document('shop', '$.tables[*]') t;
SELECT d->'format' AS format, d->'version' AS version, d->'stream' AS stream, d->'revision' AS revision, (d->'source') - 'version' AS source, d->'load' AS load,
	(d->'source'->>'version')::integer = current_setting('server_version_num')::integer AS right_version
	FROM sluice.schema_document('shop') d;
SELECT sluice.drop_stream('shop');
DROP PUBLICATION everything;
-- A read-only transaction can ask: a copy does.
SELECT sluice.create_stream('shop', ARRAY['public.b']);
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT sluice.schema_document('shop') IS NOT NULL AS read;
COMMIT;
SELECT sluice.drop_stream('shop');
DROP TABLE s.a, b, u, p;
DROP SCHEMA s;
