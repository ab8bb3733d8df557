-- Numbers at both ends, and what is not one.
\pset format unaligned
CREATE TABLE v (id integer PRIMARY KEY, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, np numeric(30,10), m money, o oid, b boolean);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, -32768, -2147483648, -9223372036854775808, '-Infinity', '-Infinity', '-99999999999999999999999999999.000000000000000000001', '-12345678901234567890.0123456789', '-92233720368547758.08', 0, false),
	(2, 32767, 2147483647, 9223372036854775807, 'Infinity', 'Infinity', 1e300, 1e-10, '92233720368547758.07', 4294967295, true),
	(3, 0, 0, 0, 'NaN', 'NaN', 'NaN', 'NaN', 0, 1, NULL),
	(4, 1, 1, 1, 1.17549435e-38, 2.2250738585072014e-308, 1e-300, 0, 0.01, NULL, NULL),
	(5, -1, -1, -1, 3.4028235e38, 1.7976931348623157e308, 0.00, 100, -0.01, NULL, NULL),
	(6, NULL, NULL, NULL, '-0', '-0', NULL, NULL, NULL, NULL, NULL);
INSERT INTO v (id, f4, f8) SELECT 7, 0.1, 0.1 + 0.2::float8;
UPDATE v SET n = repeat('9', 500)::numeric WHERE id = 6;
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
