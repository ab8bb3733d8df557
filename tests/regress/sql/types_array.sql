-- Arrays of built-in types: nested, with NULLs, empty, with other bounds.
\pset format unaligned
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
CREATE TABLE v (id integer PRIMARY KEY, i int4[], t text[], n numeric[], ts timestamptz[], b bytea[], j jsonb[], iv int2vector, ov oidvector, p point[], bx box[], r int4range[], nm name[], bo boolean[]);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '{}', '{}', '{}', '{}', '{}', '{}', '', '', '{}', '{}', '{}', '{}', '{}'),
	(2, '{1,NULL,-2147483648}', '{"",NULL,"NULL","a,b","q\"\\"}', '{NaN,1.50,NULL}', '{infinity,"2000-01-01 00:00+00"}', '{"\\x00ff",NULL}', '{"{\"a\": [1]}",NULL}', '1 2', '3 4', '{"(1,2)",NULL}', '{(1,1),(0,0);(2,2),(1,1)}', '{"[1,2)",empty}', '{x}', '{t,f,NULL}'),
	(3, '{{1,2},{3,NULL}}', '{{{ä}}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, '[-1:1]={1,2,3}', '[5:6][2:3]={{a,b},{c,d}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO v (id, i) SELECT 5, array_agg(g) FROM generate_series(1, 100) g;
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
