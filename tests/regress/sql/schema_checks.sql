-- Checks of a table: not validated, not inherited, with functions in them.
CREATE FUNCTION good(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE TABLE t (id integer PRIMARY KEY CHECK (id > 0), a integer, b integer,
	CONSTRAINT ordered CHECK (a < b), CHECK (a <> 5) NO INHERIT, CONSTRAINT is_good CHECK (good(b)));
ALTER TABLE t ADD CONSTRAINT later CHECK (b < 100) NOT VALID;
COMMENT ON CONSTRAINT ordered ON t IS 'first a, then b';
SELECT sluice.create_stream('shop', ARRAY['public.t']);
SELECT test.document('shop', '$.tables[*].checks[*]');
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE t;
DROP FUNCTION good;
