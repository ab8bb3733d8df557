-- Sequences that columns own, have as identity, or use in a default; and how far each has come.
CREATE SEQUENCE shared AS integer START 7 INCREMENT -1 MINVALUE -100 MAXVALUE 100 CACHE 3 CYCLE;
CREATE SEQUENCE unused;
COMMENT ON SEQUENCE shared IS 'for two tables';
CREATE TABLE a (id serial PRIMARY KEY, n integer DEFAULT nextval('shared'));
CREATE TABLE b (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n bigint DEFAULT nextval('shared') * 2);
INSERT INTO a DEFAULT VALUES;
INSERT INTO a DEFAULT VALUES;
SELECT sluice.create_stream('shop', ARRAY['public.a', 'public.b']);
SELECT test.document('shop', '$.sequences[*]');
SELECT test.document('shop', '$.tables[*].columns[*] ? (@.name == "n")');
SELECT sluice.drop_stream('shop');
DROP TABLE a, b;
DROP SEQUENCE shared, unused;
