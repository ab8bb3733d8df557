-- Ranges, whichever bounds they have.
\pset format unaligned
SET datestyle = 'ISO, MDY';
SET timezone = 'UTC';
CREATE TYPE textrange AS RANGE (subtype = text);
CREATE TABLE v (id integer PRIMARY KEY, i4 int4range, i8 int8range, n numrange, d daterange, ts tsrange, tsz tstzrange, own textrange);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty'),
	(2, '(,)', '(,)', '(,)', '(,)', '(,)', '(,)', '(,)'),
	(3, '[1,5)', '[-9223372036854775808,)', '(1.5,NaN]', '[-infinity,infinity]', '(2000-01-01,2000-01-02]', '[2000-01-01 00:00+00,infinity)', '["a b","c,d")'),
	(4, '(,2147483647)', NULL, '[1,1]', '[2000-01-01,]', '[,2000-01-01]', NULL, NULL);
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
DROP TYPE textrange;
