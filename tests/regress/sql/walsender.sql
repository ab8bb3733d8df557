-- Any client of the replication protocol may read: pg_recvlogical, here from a database in another encoding.
CREATE DATABASE walsender TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
\c walsender
SET client_encoding = 'UTF8';
CREATE EXTENSION sluice;
CREATE TABLE "tä" (id integer PRIMARY KEY, v text, j jsonb, a text[]);
CREATE PUBLICATION p FOR TABLE "tä";
\! pg_recvlogical -d walsender -S walsender -P sluice --create-slot
INSERT INTO "tä" VALUES (1, 'é', '{"ä": "ö"}', '{ñ}');
SELECT pg_current_wal_insert_lsn() AS end \gset
\setenv END :end
\! rm -f "$PG_ABS_BUILDDIR/results/walsender.bundle"
\! pg_recvlogical -d walsender -S walsender --start -n -f "$PG_ABS_BUILDDIR/results/walsender.bundle" -o publication_names=p -E "$END"
-- One bundle, with the line end that pg_recvlogical puts after each.
\set bundle `head -c -1 "$PG_ABS_BUILDDIR/results/walsender.bundle" | od -An -v -tx1 | tr -d ' \n'`
SELECT sluice.bundle_text(decode(:'bundle', 'hex'));
SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'walsender' AND confirmed_flush_lsn >= :'end';
-- An option it does not know.
\! pg_recvlogical -d walsender -S walsender --start -f - -n -o publication_names=p -o rows=5 2>&1 | grep -o 'unknown output plugin option.*'
\! pg_recvlogical -d walsender -S walsender --drop-slot
\c regression
DROP DATABASE walsender;
