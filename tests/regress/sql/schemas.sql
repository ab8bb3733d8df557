-- FOR TABLES IN SCHEMA, which 15 brought: what is in the schema when it is changed.
SELECT current_setting('server_version_num')::integer < 150000 AS old \gset
\if :old
\echo skipped: PostgreSQL 15 brought it
\quit
\endif
CREATE SCHEMA s1;
CREATE SCHEMA s2;
CREATE TABLE s1.a (id integer PRIMARY KEY);
CREATE TABLE s2.b (id integer PRIMARY KEY);
CREATE TABLE c (id integer PRIMARY KEY);
CREATE PUBLICATION p FOR TABLES IN SCHEMA s1, TABLE c;
CALL test.start();
INSERT INTO s1.a VALUES (1);
INSERT INTO s2.b VALUES (1);
INSERT INTO c VALUES (1);
ALTER TABLE s2.b SET SCHEMA s1;
INSERT INTO s1.b VALUES (2);
ALTER TABLE s1.a SET SCHEMA s2;
INSERT INTO s2.a VALUES (2);
SELECT * FROM test.compared('p');
-- Of the old name pgoutput goes on to speak, we do not.
ALTER SCHEMA s1 RENAME TO s3;
INSERT INTO s3.b VALUES (3);
SELECT * FROM test.changes('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE s3.b, s2.a, c;
DROP SCHEMA s3, s2;
