-- Text does not depend on the session's settings, and reading a slot leaves them alone.
CREATE TYPE pair AS (a timestamptz, b float8, c bytea, d interval, e regclass);
CREATE TABLE t (id integer PRIMARY KEY, p pair);
CREATE PUBLICATION p FOR TABLE t;
CALL test.start();
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German, DMY';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
INSERT INTO t VALUES (1, ROW('2000-01-02 00:00+00', 0.1::float8 + 0.2, '\x0041', '1 day 2 hours', 't'));
SELECT * FROM test.changes('p');
SELECT p FROM t;
SHOW timezone;
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE t;
DROP TYPE pair;
