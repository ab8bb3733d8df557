-- What pgbench's own tables do not show: keys that change, values that are stored apart (TOAST) and
-- stay as they are, rows without any key.
CREATE TABLE accounts_by_name (
	name text PRIMARY KEY,
	balance numeric(12,2) NOT NULL,
	changed_at timestamptz NOT NULL
);

CREATE TABLE documents (
	id bigint PRIMARY KEY,
	title text NOT NULL,
	body text NOT NULL,
	tags text[] NOT NULL,
	attributes jsonb
);
ALTER TABLE documents ALTER body SET STORAGE EXTERNAL;

CREATE TABLE events (
	happened_at timestamptz NOT NULL,
	kind text NOT NULL,
	amount double precision
);
ALTER TABLE events REPLICA IDENTITY FULL;
