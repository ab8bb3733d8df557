-- Any client of the replication protocol may read: pg_recvlogical, here from a database in another encoding.
CREATE DATABASE walsender TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
\c walsender
SET client_encoding = 'UTF8';
CREATE EXTENSION sluice;
CREATE TABLE "tä" (id integer PRIMARY KEY, v text, j jsonb, a text[]);
CREATE PUBLICATION p FOR TABLE "tä";
\! pg_recvlogical -d walsender -S walsender -P sluice --create-slot
INSERT INTO "tä" VALUES (1, 'é', '{"ä": "ö"}', '{ñ}');
UPDATE "tä" SET id = 2;
SELECT pg_current_wal_insert_lsn() AS end \gset
\setenv END :end
\! pg_recvlogical -d walsender -S walsender --start -f "$PG_ABS_BUILDDIR/results/walsender.bundles" -o publication_names=p -E "$END"
SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'walsender' AND confirmed_flush_lsn >= :'end';
-- An option it does not know.
\! pg_recvlogical -d walsender -S walsender --start -f - -n -o publication_names=p -o rows=5 2>&1 | sed 's/.*could not send/could not send/'
\! pg_recvlogical -d walsender -S walsender --drop-slot
\c regression
DROP DATABASE walsender;
