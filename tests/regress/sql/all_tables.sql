-- FOR ALL TABLES takes tables made later too, but not unlogged or temporary ones.
CREATE PUBLICATION p FOR ALL TABLES;
CALL test.start();
CREATE SCHEMA s;
CREATE TABLE s.t (id integer PRIMARY KEY);
CREATE TABLE t AS SELECT 1 AS id;
CREATE UNLOGGED TABLE u (id integer PRIMARY KEY);
CREATE TEMPORARY TABLE tt (id integer PRIMARY KEY);
CREATE MATERIALIZED VIEW m AS SELECT 1 AS id;
INSERT INTO s.t VALUES (1);
INSERT INTO t VALUES (2);
INSERT INTO u VALUES (3);
INSERT INTO tt VALUES (4);
REFRESH MATERIALIZED VIEW m;
SELECT * FROM test.compared('p');
CALL test.stop();
-- Tables of the extension are never published, so nothing is wrong with them.
SELECT sluice.create_stream('everything', publication => 'p');
SELECT detail FROM sluice.check() WHERE "check" = 'replica identity' ORDER BY detail;
SELECT sluice.drop_stream('everything');
DROP PUBLICATION p;
DROP MATERIALIZED VIEW m;
DROP TABLE s.t, t, u, tt;
DROP SCHEMA s;
