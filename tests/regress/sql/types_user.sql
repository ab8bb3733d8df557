-- Types of users: enums by label, domains as what they are made of, everything else as text with its name.
\pset format unaligned
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'HAPPY "x"');
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE DOMAIN more_positive AS positive CHECK (value > 1);
CREATE DOMAIN good_mood AS mood CHECK (value <> 'sad');
CREATE DOMAIN label AS varchar(10);
CREATE DOMAIN numbers AS integer[];
CREATE TYPE pair AS (a integer, "B c" text);
CREATE DOMAIN pair_domain AS pair;
CREATE SCHEMA "odd Schema";
CREATE TYPE "odd Schema"."odd Type" AS ENUM ('x');
CREATE TABLE v (id integer PRIMARY KEY, e mood, d positive, dd more_positive, de good_mood, l label, dn numbers, c pair, dc pair_domain, ea mood[], ca pair[], da positive[], o "odd Schema"."odd Type");
CREATE PUBLICATION p FOR TABLE v;
CALL test.start();
INSERT INTO v VALUES
	(1, 'sad', 1, 2, 'HAPPY "x"', 'label', '{1,NULL}', '(1,"a,b")', '(,)', '{sad,NULL,"it''s ok"}', '{"(1,x)",NULL}', '{1,2}', 'x'),
	(2, NULL, NULL, NULL, NULL, NULL, NULL, '(,"")', NULL, '{}', '{}', '{}', NULL);
ALTER TYPE mood ADD VALUE 'new' BEFORE 'sad';
INSERT INTO v (id, e) VALUES (3, 'new');
ALTER TYPE mood RENAME TO temper;
INSERT INTO v (id, e) VALUES (4, 'new');
SELECT * FROM test.compared('p');
CALL test.stop();
DROP PUBLICATION p;
DROP TABLE v;
DROP DOMAIN pair_domain, numbers, label, good_mood, more_positive, positive;
DROP TYPE temper, pair, "odd Schema"."odd Type";
DROP SCHEMA "odd Schema";
