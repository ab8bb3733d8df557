-- What the plugin may be asked, and how it refuses.
\set SHOW_CONTEXT never
CREATE PUBLICATION p;
CALL test.start();
SELECT test.changes('p', 'bundle_rows', '1', 'bundle_bytes', '4096', 'compression', 'zstd', 'messages', 'on', 'origin', 'none');
SELECT data FROM pg_logical_slot_get_binary_changes('test_sluice', NULL, NULL);
SELECT test.changes('');
SELECT test.changes('a,,b');
SELECT test.changes('"open');
SELECT test.changes('p', 'nothing', 'x');
SELECT test.changes('p', 'proto_version', '1');
SELECT test.changes('p', 'messages', 'maybe');
SELECT test.changes('p', 'origin', 'mars');
SELECT test.changes('p', 'bundle_rows', '0');
SELECT test.changes('p', 'bundle_rows', '1000001');
SELECT test.changes('p', 'bundle_rows', 'many');
SELECT test.changes('p', 'bundle_bytes', '4095');
SELECT test.changes('p', 'bundle_bytes', '99999999999');
SELECT test.changes('p', 'compression', 'gzip');
-- Bundles are binary.
SELECT FROM pg_logical_slot_get_changes('test_sluice', NULL, NULL, 'publication_names', 'p');
CALL test.stop();
DROP PUBLICATION p;
