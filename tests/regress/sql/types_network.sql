-- Addresses, identifiers and bits.
\pset format unaligned
CREATE TABLE v (id integer PRIMARY KEY, i inet, c cidr, m macaddr, m8 macaddr8, u uuid, b bit(3), vb varbit);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '0.0.0.0/0', '0.0.0.0/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '00000000-0000-0000-0000-000000000000', B'000', B''),
	(2, '255.255.255.255', '255.255.255.255/32', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', 'ffffffff-ffff-ffff-ffff-ffffffffffff', B'111', B'1010101010101'),
	(3, '::', '::/0', NULL, NULL, NULL, NULL, repeat('10', 50)::varbit),
	(4, 'fe80::1/64', '2001:db8::/32', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', B'101', NULL),
	(5, '192.168.1.5/24', '10/8', NULL, NULL, NULL, NULL, NULL);
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
