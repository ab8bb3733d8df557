-- check() tells every requirement, and how to meet those that are not.
CREATE ROLE nobody_special;
CREATE TABLE keyless (id integer);
SELECT sluice.create_stream('c', tables => ARRAY['public.keyless']);
SELECT "check", status, regexp_replace(detail, '\d+(\.\d+)*', 'N', 'g') AS detail, regexp_replace(hint, '\d+', 'N', 'g') AS hint
	FROM sluice.check() WHERE "check" NOT IN ('server version', 'output_plugin_libraries');
-- These two differ between versions: both are met here.
SELECT DISTINCT status, hint FROM sluice.check() WHERE "check" IN ('server version', 'output_plugin_libraries');
SET ROLE nobody_special;
SELECT "check", status, detail, hint FROM sluice.check() WHERE "check" = 'role';
RESET ROLE;
SELECT sluice.drop_stream('c');
DROP TABLE keyless;
DROP ROLE nobody_special;
