-- Types of the columns and of which those are made, each before what uses it; extensions' are named only.
CREATE SCHEMA kinds;
CREATE TYPE kinds.mood AS ENUM ('sad', 'ok', 'it''s');
ALTER TYPE kinds.mood ADD VALUE 'first' BEFORE 'sad';
CREATE DOMAIN kinds.feeling AS kinds.mood DEFAULT 'ok' NOT NULL;
CREATE DOMAIN small_text AS varchar(5) COLLATE "C" CONSTRAINT upper_case CHECK (value = upper(value)) CONSTRAINT filled CHECK (value <> '');
CREATE TYPE pair AS (feeling kinds.feeling, names small_text[], plain text COLLATE "C");
CREATE TYPE moods AS RANGE (subtype = kinds.mood);
CREATE TYPE lengths AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE unused AS ENUM ('x');
COMMENT ON TYPE pair IS 'two';
CREATE EXTENSION citext;
CREATE TABLE t (id integer PRIMARY KEY, pairs pair[], range moods, length lengths, free citext, frees citext[], again kinds.mood);
SELECT sluice.create_stream('shop', ARRAY['public.t']);
SELECT regexp_replace((t::jsonb - 'multirange')::text, ', multirange_type_name = [a-z_.]+', '') AS type FROM test.document('shop', '$.types[*]') t;
SELECT current_setting('server_version_num')::integer < 140000 OR
	'subtype = double precision, subtype_diff = float8mi, multirange_type_name = public.lengths_multirange'
		IN (SELECT t::jsonb->>'definition' FROM test.document('shop', '$.types[*]') t) AS multirange_is_named;
SELECT test.document('shop', '$.schemas[*]');
SELECT c->>'name' AS name, c->>'type' AS type, c->>'canon' AS canon, c->>'element' AS element
	FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*].columns[*]') c;
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE t;
DROP EXTENSION citext;
DROP TYPE pair, moods, lengths, unused;
DROP DOMAIN small_text, kinds.feeling;
DROP TYPE kinds.mood;
DROP SCHEMA kinds;
