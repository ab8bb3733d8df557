-- A table that is dropped and made anew is another one to PostgreSQL: the stream says that it has lost it.
CREATE TABLE t (id integer PRIMARY KEY);
CREATE TABLE kept (id integer PRIMARY KEY);
SELECT sluice.create_stream('replaced', tables => ARRAY['public.t', 'public.kept']);
ALTER TABLE kept RENAME TO renamed;
SELECT last_error FROM sluice.stat_streams;
SELECT count(*) FROM sluice.check() WHERE "check" = 'published tables';
DROP TABLE t;
SELECT count(*) FROM sluice.check() WHERE "check" = 'published tables';
CREATE TABLE t (id integer PRIMARY KEY);
SELECT last_error, last_error_hint FROM sluice.stat_streams;
SELECT * FROM sluice.check() WHERE "check" = 'published tables';
ALTER PUBLICATION sluice_replaced ADD TABLE public.t;
SELECT last_error, last_error_hint FROM sluice.stat_streams;
SELECT count(*) FROM sluice.check() WHERE "check" = 'published tables';
SELECT sluice.drop_stream('replaced');
DROP TABLE t, renamed;
