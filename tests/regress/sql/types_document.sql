-- Documents keep their text where the type does.
\pset format unaligned
CREATE TABLE v (id integer PRIMARY KEY, j json, jb jsonb, jp jsonpath, x xml, tv tsvector, tq tsquery);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '{"b": 1,  "a": [1, 2.0, null], "b": "\u00e9"}', '{"b": 1,  "a": [1, 2.0, null], "b": "\u00e9"}', '$.a[*] ? (@ > 1)', '<a b="c">é&amp;</a>', 'a:1A fat:2B,4C cat:5D', 'fat & (rat | !cat:AB) <-> x:*'),
	(2, 'null', 'null', 'strict $', '<?xml version="1.0"?><a/>', '', ''),
	(3, '""', '1e-100', 'lax $."key with space"', 'only text', $$'it''s'$$, $$'two words'$$),
	(4, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, ' [ ] ', '{}', '$', '<!-- c -->', 'x:16383', '!a');
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
