-- How a copy's tables are cut into chunks, and what a later generation leaves to be read.
\set SHOW_CONTEXT never
CREATE TABLE a (id integer PRIMARY KEY, v text);
ALTER TABLE a SET (autovacuum_enabled = off);
INSERT INTO a SELECT g, repeat('x', 1000) FROM generate_series(1, 5000) g;
CREATE TABLE b (id integer);
ALTER TABLE b REPLICA IDENTITY FULL;
INSERT INTO b VALUES (1);
CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (10) TO (15);
CREATE PUBLICATION roots FOR TABLE a, b, p WITH (publish_via_partition_root = true);
CREATE PUBLICATION leaves FOR TABLE p;
CREATE PUBLICATION everything FOR ALL TABLES;
SELECT sluice.create_stream('s', publication => 'roots', mode => 'convert+cdc');
SELECT sluice.create_stream('l', publication => 'leaves', mode => 'convert');
SELECT sluice.create_stream('e', publication => 'everything', mode => 'convert+cdc');
SELECT relid::regclass, published::regclass FROM sluice.copied_tables('s') ORDER BY 1::text;
SELECT relid::regclass, published::regclass FROM sluice.copied_tables('l') ORDER BY 1::text;
SELECT relid::regclass FROM sluice.copied_tables('e') WHERE relid::regclass::text LIKE 'sluice%';

-- The first generation: every block once, biggest table first.
SELECT sluice.begin_copy('s');
SELECT sluice.plan_copy('s', 1, '0/1000', txid_current(), 1048576) > 5 AS planned;
SELECT relid::regclass, mode, base, complete_in FROM sluice.copy_table WHERE generation = 1 ORDER BY 1::text;
SELECT min(chunk) = 0 AS from_zero, max(chunk) = count(*) - 1 AS without_gaps, min(chunk) FILTER (WHERE relid = 'a'::regclass) AS first_of_a
	FROM sluice.copy_chunk WHERE generation = 1;
SELECT bool_and(next IS NULL OR first_block + blocks = next) AS adjacent, sum(blocks) = pg_relation_size('a') / 8192 AS whole
	FROM (SELECT first_block, blocks, lead(first_block) OVER (ORDER BY chunk) AS next FROM sluice.copy_chunk
		WHERE generation = 1 AND relid = 'a'::regclass) c;
SELECT relid::regclass, kind, first_block, blocks FROM sluice.copy_chunk WHERE generation = 1 AND relid <> 'a'::regclass ORDER BY 1::text;

-- The second: a is finished in part, p1 wholly, b has no key.
INSERT INTO sluice.copy_done (stream, generation, chunk, relid, rows, bytes, bundles)
	SELECT stream, generation, chunk, relid, 1, 1, 1 FROM sluice.copy_chunk WHERE relid = 'p1'::regclass OR (relid = 'a'::regclass AND chunk IN (0, 1, 3));
SELECT sluice.begin_copy('s');
SELECT sluice.plan_copy('s', 2, '0/2000', txid_current(), 1048576) > 0 AS planned;
SELECT relid::regclass, mode, base, complete_in FROM sluice.copy_table WHERE generation = 2 ORDER BY 1::text;
SELECT count(*) = (SELECT count(*) - 3 FROM sluice.copy_chunk WHERE generation = 1 AND relid = 'a'::regclass) AS what_is_left
	FROM sluice.copy_chunk WHERE generation = 2 AND relid = 'a'::regclass AND kind = 'blocks';
SELECT kind, count(*) FROM sluice.copy_chunk WHERE generation = 2 AND (relid <> 'a'::regclass OR kind = 'moved') GROUP BY 1 ORDER BY 1;
SELECT t->>'name' AS name, t->>'id' = 'p'::regclass::oid::text AS as_p, t->>'mode' AS mode, t->>'position' AS position, t->>'chunks' AS chunks, t->'kept' AS kept
	FROM jsonb_array_elements(sluice.load_document('s', 2, 'abc')->'tables') t WHERE t->>'name' <> 'a' ORDER BY 1;
SELECT t->'kept' AS kept FROM jsonb_array_elements(sluice.load_document('s', 2, 'abc')->'tables') t WHERE t->>'name' = 'a';
SELECT kind, threshold IS NOT NULL AS has_threshold FROM sluice.chunk_to_do('s', 2, 0);
SELECT count(*) FROM sluice.chunk_to_do('s', 1, 0);

-- A table that was rewritten starts over.
VACUUM FULL a;
SELECT sluice.begin_copy('s');
SELECT sluice.plan_copy('s', 3, '0/3000', txid_current(), 1048576) > 0 AS planned;
SELECT relid::regclass, mode, base, complete_in FROM sluice.copy_table WHERE generation = 3 ORDER BY 1::text;

-- Without a change stream only one snapshot is right.
SELECT sluice.begin_copy('l');
SELECT sluice.plan_copy('l', 1, '0/1000', txid_current(), 1048576);
SELECT sluice.begin_copy('l');
SELECT sluice.plan_copy('l', 2, '0/1000', txid_current(), 1048576);
SELECT DISTINCT mode, base FROM sluice.copy_table WHERE stream = 'l' AND generation = 2;

SELECT sluice.number_ranges('{}'), sluice.number_ranges('{3}'), sluice.number_ranges('{7,1,2,3,5,8}');

-- Options.
SELECT sluice.create_stream('x', publication => 'leaves', options => '{"queries": {"public.a": "SELECT 1"}}');
SELECT sluice.create_stream('x', publication => 'leaves', mode => 'convert', options => '{"queries": {"public.missing": "SELECT 1"}}');
SELECT sluice.create_stream('x', publication => 'leaves', mode => 'convert', options => '{"queries": ["SELECT 1"]}');
SELECT sluice.create_stream('x', publication => 'leaves', mode => 'convert', options => '{"queries": {"public.a": 1}}');
SELECT sluice.create_stream('q', publication => 'roots', mode => 'convert', options => '{"queries": {"public.p": "SELECT 1 AS id", "public.b": "SELECT 2 AS id"}}');
SELECT relid::regclass, query FROM sluice.copied_tables('q') ORDER BY 1::text;

-- Dropping a stream takes its plans along.
SELECT sluice.drop_stream(name) FROM sluice.streams;
SELECT count(*) FROM sluice.copy;
DROP PUBLICATION roots, leaves, everything;
DROP TABLE a, b, p;
