-- Types of the system: what names an object of this database travels as text.
\pset format unaligned
CREATE TABLE v (id integer PRIMARY KEY, rc regclass, rp regproc, rpr regprocedure, ro regoper, ror regoperator, rt regtype, rr regrole, rn regnamespace, rcf regconfig, rd regdictionary, lsn pg_lsn, x xid, x8 xid8, ci cid, ti tid, sn txid_snapshot, ps pg_snapshot, rf refcursor, ac aclitem, rca regclass[]);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, 'pg_class', 'now', 'abs(integer)', '||/', '+(integer,integer)', 'integer', 'postgres', 'pg_catalog', 'english', 'simple', 'FFFFFFFF/FFFFFFFF', '4294967295', '18446744073709551615', '5', '(4294967295,65535)', '10:20:10,14,15', '10:20:10,14,15', 'cursor', 'postgres=arw/postgres', '{pg_class,pg_type}'),
	(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '0/0', '0', '0', '0', '(0,0)', '1:1:', '1:1:', '', NULL, '{}'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
