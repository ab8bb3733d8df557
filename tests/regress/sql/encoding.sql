-- A database in another encoding gives UTF-8.
CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
\c latin
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION sluice;
CREATE TYPE "fün" AS ENUM ('grün');
CREATE TABLE "tä" (id integer PRIMARY KEY, "ö" text, c char(4), e "fün", j json, jb jsonb, a text[], n name, x xml);
CREATE PUBLICATION "pü" FOR TABLE "tä";
SELECT FROM pg_create_logical_replication_slot('latin', 'sluice');
INSERT INTO "tä" VALUES (1, 'é', 'ß', 'grün', '"ü"', '{"ä": "ö"}', '{ñ,"x"}', 'ç', '<ä/>');
SELECT FROM pg_logical_emit_message(true, 'é', 'ü');
SELECT FROM pg_logical_emit_message(true, 'é', 'e');
CREATE TABLE seen AS SELECT data FROM pg_logical_slot_get_binary_changes('latin', NULL, NULL, 'publication_names', '"pü"', 'messages', 'true');
SELECT r FROM seen, sluice.bundle_text(data) r;
-- As bytes behind their length: é is c3 a9 in UTF-8, e9 in LATIN1.
SELECT position('\x0002c3a9'::bytea IN data) > 0 AS utf8, position('\x0001e9'::bytea IN data) AS latin1 FROM seen;
SET client_encoding = 'LATIN1';
SELECT position('\xe9'::bytea IN convert_to(r, 'LATIN1')) > 0 AS same_for_a_latin1_client FROM seen, sluice.bundle_text(data) r WHERE r LIKE 'insert%';
SET client_encoding = 'UTF8';
SELECT FROM pg_drop_replication_slot('latin');
\c regression
DROP DATABASE latin;
