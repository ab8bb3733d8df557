-- Option carry: functions, views and triggers of the stream's schemas, in an order they can be made in.
\set SHOW_CONTEXT never
CREATE SCHEMA s;
CREATE FUNCTION s.price() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION s.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE PROCEDURE s.work(a integer, b text) LANGUAGE sql AS 'SELECT 1';
CREATE TABLE s.t (id integer PRIMARY KEY, n integer DEFAULT s.price());
CREATE TABLE s.outside (id integer PRIMARY KEY);
CREATE VIEW s.z AS SELECT id FROM s.t;
CREATE VIEW s.a WITH (security_barrier) AS SELECT id FROM s.z WHERE id > s.price();
CREATE VIEW s.out AS SELECT o.id FROM s.outside o;
CREATE VIEW s.further AS SELECT id FROM s.out;
CREATE TRIGGER first BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.stamp();
CREATE TRIGGER always AFTER UPDATE OF n ON s.t FOR EACH STATEMENT EXECUTE FUNCTION s.stamp();
CREATE TRIGGER sleeping BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.stamp();
CREATE TRIGGER elsewhere BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION public.stamp();
ALTER TABLE s.t ENABLE ALWAYS TRIGGER always, DISABLE TRIGGER sleeping;
\set carried 'SELECT c->>''kind'' AS kind, c->>''schema'' AS schema, c->>''name'' AS name, c->>''table'' AS table_, c->>''before_tables'' AS before_tables FROM jsonb_path_query(sluice.schema_document(''shop''), ''$.carried[*]'') c'
\set left 'SELECT n->>''kind'' AS kind, n->>''name'' AS name, n->>''reason'' AS reason FROM jsonb_path_query(sluice.schema_document(''shop''), ''$.not_carried[*]'') n'
SELECT sluice.create_stream('shop', ARRAY['s.t'], options => '{"carry": "everything"}');
SELECT sluice.create_stream('shop', ARRAY['s.t']);
:carried;
:left;
SELECT sluice.drop_stream('shop');
SELECT sluice.create_stream('shop', ARRAY['s.t'], options => '{"carry": "triggers, views"}');
:carried;
:left;
SELECT sluice.drop_stream('shop');
SELECT sluice.create_stream('shop', ARRAY['s.t'], options => '{"carry": "functions,views,triggers"}');
:carried;
:left;
SELECT c->>'definition' AS definition FROM jsonb_path_query(sluice.schema_document('shop'), '$.carried[*] ? (@.kind == "trigger" || @.name == "price()")') c;
SELECT sluice.drop_stream('shop');
DROP VIEW s.a, s.z, s.further, s.out;
DROP TABLE s.t, s.outside;
DROP FUNCTION s.price, s.stamp, public.stamp;
DROP PROCEDURE s.work;
DROP SCHEMA s;
