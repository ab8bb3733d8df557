-- Text of every kind; the empty one is not NULL.
\pset format unaligned
CREATE TABLE v (id integer PRIMARY KEY, t text, vc varchar(5), c char(5), n name, ch "char", b bytea, x text COLLATE "C");
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '', '', '', '', '', '', ''),
	(2, E'tab\t newline\n quote'' backslash\\', 'äöü€𝄞', 'ab', 'Name "x"', 'c', '\x00ff00', 'x'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, E'\x01\x7f', '     ', '  a', repeat('n', 63), E'\x7f', decode(repeat('00ff', 20), 'hex'), E'e\u0301');
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
