-- A pgbench script for one client: a transaction of the mixed workload.
\set id random(1, 5000)
\set other random(1, 5000)
\set kind random(1, 9)
BEGIN;
-- An insert, or an update of the row that is there.
INSERT INTO accounts_by_name VALUES ('account ' || :id, :other, now())
	ON CONFLICT (name) DO UPDATE SET balance = accounts_by_name.balance + :other / 100.0, changed_at = now();
-- A key that changes, unless the other key is taken.
UPDATE accounts_by_name SET name = 'account ' || :other WHERE name = 'account ' || :id
	AND NOT EXISTS (SELECT FROM accounts_by_name WHERE name = 'account ' || :other);
-- A long body is written now and then, and mostly left alone.
INSERT INTO documents SELECT :id, 'new', (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 200)),
	ARRAY['demo', 'kind ' || :kind], jsonb_build_object('writes', 1)
	ON CONFLICT (id) DO UPDATE SET title = 'title ' || :other,
		body = CASE :kind WHEN 2 THEN excluded.body ELSE documents.body END,
		attributes = jsonb_build_object('writes', (documents.attributes->>'writes')::int + 1);
UPDATE documents SET title = 'title again' WHERE id = :id AND :kind < 5;
DELETE FROM documents WHERE id = :other AND :kind = 1;
-- Rows without a key, two of each; few, because without a key every side looks for a row in all of them.
INSERT INTO events SELECT date_trunc('second', now()), 'kind ' || :kind, :id / 7.0 FROM generate_series(1, 2);
UPDATE events SET amount = -amount WHERE ctid = (SELECT ctid FROM events WHERE kind = 'kind ' || :kind LIMIT 1);
DELETE FROM events WHERE ctid = ANY (ARRAY(SELECT ctid FROM events LIMIT 2)) AND (SELECT count(*) FROM events) > 100;
COMMIT;
