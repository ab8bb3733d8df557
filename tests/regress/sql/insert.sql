-- A row is told with its table, key and values; a transaction of other tables leaves nothing.
CREATE TABLE item (id integer PRIMARY KEY, name text, price numeric(8,2) DEFAULT 1.5);
CREATE TABLE other (id integer);
CREATE PUBLICATION p FOR TABLE item;
SELECT test.start();
INSERT INTO item VALUES (1, 'one'), (2, NULL, 'NaN');
INSERT INTO other VALUES (1);
BEGIN;
INSERT INTO other VALUES (2);
INSERT INTO item VALUES (3, 'it''s', 3);
COMMIT;
SELECT * FROM test.changes('p');
SELECT test.stop();
DROP PUBLICATION p;
DROP TABLE item, other;
