-- What create_stream refuses, and what it makes.
\set SHOW_CONTEXT never
CREATE TABLE a (id integer PRIMARY KEY);
CREATE TABLE "B b" (id integer PRIMARY KEY);
CREATE VIEW v AS SELECT 1 AS id;
CREATE PUBLICATION "Own one" FOR TABLE a;
SELECT sluice.create_stream('');
SELECT sluice.create_stream('with space', tables => ARRAY['a']);
SELECT sluice.create_stream(repeat('x', 100), tables => ARRAY['a']);
SELECT sluice.create_stream(NULL, tables => ARRAY['a']);
SELECT sluice.create_stream('s');
SELECT sluice.create_stream('s', tables => ARRAY['a'], publication => 'Own one');
SELECT sluice.create_stream('s', tables => '{}');
SELECT sluice.create_stream('s', tables => ARRAY['public.missing']);
SELECT sluice.create_stream('s', tables => ARRAY['a; DROP TABLE a']);
SELECT sluice.create_stream('s', tables => ARRAY[NULL]);
SELECT sluice.create_stream('s', tables => ARRAY['public.v']);
SELECT sluice.create_stream('s', publication => 'missing');
SELECT sluice.create_stream('s', tables => ARRAY['public.a'], mode => 'copy');
SELECT sluice.create_stream('s', tables => ARRAY['public.a'], mode => NULL);
SELECT count(*) FROM sluice.streams;
SELECT count(*) FROM pg_publication WHERE pubname LIKE 'sluice%';
SELECT sluice.create_stream('s', tables => ARRAY['public.a', 'public."B b"', 'public.a']);
SELECT sluice.create_stream('s', publication => 'Own one');
SELECT sluice.create_stream('t', publication => 'Own one', options => '{"durability": "broker", "bundle_rows": 10}');
SELECT name, owner, mode, publications, slot_name ~ '^sluice_\d+_[st]$' AS slot, options, desired, state, error, hint, start_lsn
	FROM sluice.streams ORDER BY name;
SELECT pubname, tablename FROM pg_publication_tables ORDER BY 1, 2;
-- Before it ever ran a stream goes at once, with the publication only when that is its own.
SELECT sluice.drop_stream('s');
SELECT sluice.drop_stream('t');
SELECT sluice.drop_stream('t');
SELECT pubname FROM pg_publication;
SELECT count(*) FROM sluice.streams;
-- Rolled back, it was never there.
BEGIN;
SELECT sluice.create_stream('s', tables => ARRAY['public.a']);
SELECT sluice.start_stream('s');
ROLLBACK;
SELECT count(*) FROM sluice.streams;
DROP PUBLICATION "Own one";
DROP VIEW v;
DROP TABLE a, "B b";
