-- Foreign keys: to oneself, in a circle, with actions; those that lead out of the stream stay behind.
CREATE TABLE a (id integer, part integer, b integer, PRIMARY KEY (id, part));
CREATE TABLE b (id integer PRIMARY KEY, self integer REFERENCES b ON DELETE SET NULL,
	part integer, a integer, FOREIGN KEY (a, part) REFERENCES a MATCH FULL ON UPDATE CASCADE ON DELETE SET DEFAULT DEFERRABLE);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b ON DELETE RESTRICT INITIALLY DEFERRED NOT VALID;
CREATE TABLE outside (id integer PRIMARY KEY);
ALTER TABLE a ADD outside integer REFERENCES outside;
COMMENT ON CONSTRAINT b_self_fkey ON b IS 'a tree';
SELECT sluice.create_stream('shop', ARRAY['public.a', 'public.b']);
SELECT test.document('shop', '$.tables[*].foreign_keys[*]');
SELECT test.document('shop', '$.not_carried[*]');
SELECT sluice.drop_stream('shop');
DROP TABLE a, b, outside CASCADE;
