-- A row is told with its table, key and values; what is not published leaves nothing, not even a transaction.
CREATE TABLE item (id integer PRIMARY KEY, name text, price numeric(8,2) DEFAULT 1.5);
CREATE TABLE other (id integer);
CREATE PUBLICATION p FOR TABLE item;
CALL test.start();
INSERT INTO item VALUES (1, 'one', DEFAULT), (2, NULL, 'NaN');
INSERT INTO other VALUES (1);
BEGIN;
INSERT INTO other VALUES (2);
INSERT INTO item VALUES (3, 'it''s', 3);
COMMIT;
INSERT INTO item SELECT 4 WHERE false;
SELECT * FROM test.compared('p');
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE item, other;
