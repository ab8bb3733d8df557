-- Points and what is made of them.
\pset format unaligned
CREATE TABLE v (id integer PRIMARY KEY, p point, l line, s lseg, b box, pa path, po polygon, c circle);
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, '(0,0)', '{1,0,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0)]', '((0,0))', '<(0,0),0>'),
	(2, '(NaN,-Infinity)', '{0.1,-1,1e300}', '[(1e-300,-0),(Infinity,1)]', '(Infinity,2),(-Infinity,1)', '((0,0),(1,1),(2,0.5))', '((0,0),(1,1),(2,0.5))', '<(1,2),Infinity>'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
