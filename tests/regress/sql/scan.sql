-- Option scan: what the values of columns are like, for targets that cannot have all of a type's.
\set SHOW_CONTEXT never
CREATE DOMAIN amount AS numeric;
CREATE TABLE plain (id integer PRIMARY KEY, n numeric(10, 2), t text);
CREATE TABLE "odd ""name%" (id integer PRIMARY KEY, "a %I 'b'" numeric, d amount, wide numeric(70, 40), f real, g double precision,
	day date, at timestamp, zoned timestamptz);
SELECT sluice.scan_table('plain');
SELECT jsonb_pretty(sluice.scan_table('"odd ""name%"'));
INSERT INTO "odd ""name%" VALUES (1, 123.4500, 'NaN', 5, 'NaN', 1, '2026-01-01', 'infinity', '0044-03-15 BC'),
	(2, -99999, 1e40, 1e-35, 1, '-Infinity', '9999-12-31', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999 UTC');
SELECT jsonb_pretty(sluice.scan_table('"odd ""name%"'));
-- As many columns as a table can have.
SELECT format('CREATE TABLE many (%s)', string_agg('c' || i || ' numeric', ', ')) AS many FROM generate_series(1, 1600) i \gset
:many;
SELECT count(*) FROM jsonb_object_keys(sluice.scan_table('many'));
-- A stream looks when its copy is planned; partitions have what their root has.
CREATE TABLE parted (id integer, n numeric) PARTITION BY RANGE (id);
CREATE TABLE parted1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
INSERT INTO parted VALUES (1, 1.5), (11, 100);
SELECT sluice.create_stream('looked', tables => ARRAY['public.parted', 'public.plain'], mode => 'convert', options => '{"scan": true}');
SELECT sluice.create_stream('unseen', tables => ARRAY['public.parted'], mode => 'convert');
SELECT sluice.create_stream('wrong', tables => ARRAY['public.parted'], mode => 'convert', options => '{"scan": "perhaps"}');
SELECT sluice.scan_tables('looked'), sluice.scan_tables('unseen');
SELECT stream, relid::regclass, columns FROM sluice.scan ORDER BY relid::regclass::text;
SELECT t->>'name' AS name, c->>'name' AS "column", c->'scan' AS scan
	FROM jsonb_array_elements(sluice.document_with_scan(sluice.schema_document('looked'), 'looked')->'tables') t, jsonb_array_elements(t->'columns') c;
SELECT sluice.document_with_scan(sluice.schema_document('unseen'), 'unseen') = sluice.schema_document('unseen') AS same;
SELECT sluice.drop_stream('looked'), sluice.drop_stream('unseen');
SELECT count(*) FROM sluice.scan;
DROP TABLE plain, "odd ""name%", many, parted;
DROP DOMAIN amount;
