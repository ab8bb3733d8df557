-- Inheritance: parents first; a parent that is not published is not made; what a child declares too is its own.
CREATE TABLE base (id integer PRIMARY KEY, v text DEFAULT 'x', CHECK (id > 0));
CREATE TABLE second (w integer NOT NULL);
CREATE TABLE child (extra integer, id integer) INHERITS (second, base);
CREATE TABLE a_grandchild () INHERITS (child);
ALTER TABLE child ALTER v SET DEFAULT 'y';
SELECT sluice.create_stream('shop', ARRAY['public.base']);
SELECT t::jsonb->>'name' AS name, t::jsonb->'inherits' AS inherits FROM test.document('shop', '$.tables[*]') t;
SELECT t->>'name' AS name, c->>'name' AS column_, c->>'inherited' AS inherited, c->>'not_null' AS not_null, c->>'default' AS default_
	FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*]') t, jsonb_array_elements(t->'columns') c;
SELECT t->>'name' AS name, c->>'name' AS check_, c->>'inherited' AS inherited
	FROM jsonb_path_query(sluice.schema_document('shop'), '$.tables[*]') t, jsonb_array_elements(t->'checks') c;
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE base, second, child, a_grandchild;
