-- Times at both ends, infinite and before Christ, whatever the session's settings.
\pset format unaligned
SET datestyle = 'ISO, MDY';
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
CREATE TABLE v (id integer PRIMARY KEY, d date, t time, tp time(2), tz timetz, ts timestamp, tsz timestamptz, i interval, iy interval year to month);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '4713-01-01 BC', '00:00', '00:00', '00:00+15:59', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '-178000000 years', '1 year 2 months'),
	(2, '5874897-12-31', '24:00', '23:59:59.99', '24:00-15:59', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '178000000 years', '-1 year'),
	(3, '-infinity', '12:34:56.789012', '1:2:3.456', '12:34:56.789012+05:30', '-infinity', '-infinity', '1 mon -1 day 00:00:00.000001', NULL),
	(4, 'infinity', NULL, NULL, NULL, 'infinity', 'infinity', '-1 mon 1 day -23:59:59.999999', NULL),
	(5, '0001-12-31 BC', NULL, NULL, NULL, '2000-01-01', '1969-12-31 23:59:59+00', '0', '0');
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
