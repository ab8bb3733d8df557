-- Names of any letters: plain in the document, quoted in what is SQL.
CREATE SCHEMA "My ""Schema""";
CREATE TYPE "My ""Schema"""."Odd Type" AS ENUM ('a"b');
CREATE TABLE "My ""Schema"""."select" ("Order" integer PRIMARY KEY, "a.b" "My ""Schema"""."Odd Type" DEFAULT 'a"b', "größe" text, "x'y" serial,
	CONSTRAINT "not so" CHECK ("größe" <> 'Maß'));
CREATE INDEX "Index 1" ON "My ""Schema"""."select" ("größe");
COMMENT ON TABLE "My ""Schema"""."select" IS E'two\nlines, a \\ and a "quote"';
SELECT sluice.create_stream('shop', ARRAY['"My ""Schema"""."select"']);
SELECT test.document('shop', '$.schemas[*]');
SELECT test.document('shop', '$.types[*]');
SELECT test.document('shop', '$.sequences[*]');
SELECT t::jsonb->>'schema' AS schema, t::jsonb->>'name' AS name, t::jsonb->>'comment' AS comment FROM test.document('shop', '$.tables[*]') t;
SELECT test.document('shop', '$.tables[*].columns[*]');
SELECT test.document('shop', '$.tables[*].indexes[*]');
SELECT test.document('shop', '$.tables[*].checks[*]');
SELECT object, kind, target_definition FROM sluice.preview('shop');
SELECT sluice.drop_stream('shop');
DROP TABLE "My ""Schema"""."select";
DROP TYPE "My ""Schema"""."Odd Type";
DROP SCHEMA "My ""Schema""";
