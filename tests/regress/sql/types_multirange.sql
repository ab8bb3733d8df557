-- Multiranges, which 14 brought.
\pset format unaligned
SELECT current_setting('server_version_num')::integer < 140000 AS old \gset
\if :old
\echo skipped: PostgreSQL 14 brought it
\quit
\endif
SET datestyle = 'ISO, MDY';
CREATE TYPE textrange AS RANGE (subtype = text, multirange_type_name = textmultirange);
CREATE TABLE v (id integer PRIMARY KEY, i4 int4multirange, n nummultirange, d datemultirange, own textmultirange, a int8multirange[]);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '{}', '{}', '{}', '{}', '{}'),
	(2, '{[1,2),[5,)}', '{(,0),(1,1.5]}', '{[-infinity,2000-01-01),[2001-01-01,infinity]}', '{[a,b],["c d",)}', '{"{[1,2)}",NULL,"{}"}'),
	(3, NULL, NULL, NULL, NULL, NULL);
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
DROP TYPE textrange;
