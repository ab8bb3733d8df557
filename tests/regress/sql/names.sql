-- Names may hold anything.
CREATE SCHEMA "a "" schema";
CREATE TABLE "a "" schema"."T.""x'; DROP" ("Key Column" integer PRIMARY KEY, "ключ" text, "a,b=(c)" text, "
new line" text);
CREATE PUBLICATION "P, ""q"" é" FOR TABLE "a "" schema"."T.""x'; DROP";
CALL test.start();
INSERT INTO "a "" schema"."T.""x'; DROP" VALUES (1, 'значение', '(=,)', E'\n');
UPDATE "a "" schema"."T.""x'; DROP" SET "Key Column" = 2;
SELECT * FROM test.compared('"P, ""q"" é"');
CALL test.stop();
DROP PUBLICATION "P, ""q"" é";
DROP TABLE "a "" schema"."T.""x'; DROP";
DROP SCHEMA "a "" schema";
