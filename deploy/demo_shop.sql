-- A shop of about 200,000 rows: what a database that has to move looks like. Rows are the same every time.
CREATE TYPE order_state AS ENUM ('cart', 'paid', 'sent', 'delivered', 'returned');
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
CREATE SCHEMA warehouse;

CREATE TABLE customers (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	email email NOT NULL UNIQUE,
	address jsonb NOT NULL DEFAULT '{}',
	balance money NOT NULL DEFAULT 0,
	tags text[],
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customers_city ON customers ((address ->> 'city'), lower(name));
CREATE INDEX customers_tags ON customers USING gin (tags);

CREATE TABLE products (
	id serial PRIMARY KEY,
	sku text NOT NULL,
	title text NOT NULL,
	price numeric(10,2) NOT NULL CHECK (price > 0),
	gross numeric(10,2) GENERATED ALWAYS AS (round(price * 1.19, 2)) STORED,
	attributes jsonb,
	picture bytea
);
CREATE UNIQUE INDEX products_sku ON products (upper(sku)) INCLUDE (title);

CREATE TABLE warehouse.stock (
	product integer REFERENCES products ON DELETE CASCADE,
	place text COLLATE "C",
	amount integer NOT NULL CHECK (amount >= 0),
	counted daterange,
	PRIMARY KEY (place, product)
);

CREATE TABLE orders (
	id bigserial PRIMARY KEY,
	customer bigint NOT NULL REFERENCES customers,
	state order_state NOT NULL DEFAULT 'cart',
	ordered_at timestamptz NOT NULL,
	total money,
	note text
);
CREATE INDEX orders_customer ON orders (customer, ordered_at DESC);
CREATE INDEX orders_open ON orders (ordered_at) WHERE state <> 'delivered';
COMMENT ON TABLE orders IS 'What people bought, or nearly did';

CREATE TABLE items (
	ordered bigint REFERENCES orders ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
	line smallint,
	product integer NOT NULL REFERENCES products,
	amount integer NOT NULL DEFAULT 1,
	price numeric(10,2) NOT NULL,
	PRIMARY KEY (ordered, line)
);

CREATE TABLE visits (
	visited_at timestamptz NOT NULL,
	customer bigint,
	page text,
	seconds real
) PARTITION BY RANGE (visited_at);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2027-01-01 00:00+00');
CREATE TABLE visits_else PARTITION OF visits DEFAULT;
-- Rows without a key are recognized by all they hold.
ALTER TABLE visits REPLICA IDENTITY FULL;
ALTER TABLE visits_2025 REPLICA IDENTITY FULL;
ALTER TABLE visits_2026 REPLICA IDENTITY FULL;
ALTER TABLE visits_else REPLICA IDENTITY FULL;

SELECT setseed(0.1);
INSERT INTO customers (name, email, address, balance, tags, created_at)
	SELECT 'Customer ' || i, 'c' || i || '@example.org', jsonb_build_object('city', 'City ' || i % 97, 'street', md5(i::text)),
		(i % 500)::money, ARRAY['t' || i % 5, 'u' || i % 11], '2025-01-01 00:00+00'::timestamptz + i * interval '20 min'
	FROM generate_series(1, 20000) i;
INSERT INTO products (sku, title, price, attributes, picture)
	SELECT 'sku-' || i, 'Product ' || i, 1 + i % 900 / 10.0, jsonb_build_object('color', i % 7, 'sizes', ARRAY[i % 3, i % 5]),
		decode(md5(i::text), 'hex')
	FROM generate_series(1, 2000) i;
INSERT INTO warehouse.stock
	SELECT p, place, 100000, daterange('2026-01-01', NULL) FROM generate_series(1, 2000) p, unnest(ARRAY['north', 'south', 'west']) place;
INSERT INTO orders (customer, state, ordered_at, total, note)
	SELECT 1 + (random() * 19999)::integer, (enum_range(NULL::order_state))[1 + i % 5], '2025-06-01 00:00+00'::timestamptz + i * interval '8 min',
		(random() * 100)::numeric::money, CASE WHEN i % 10 = 0 THEN repeat('please ring twice ', i % 40) END
	FROM generate_series(1, 40000) i;
INSERT INTO items
	SELECT i / 3 + 1, i % 3, 1 + (random() * 1999)::integer, 1 + i % 4, 1 + i % 900 / 10.0
	FROM generate_series(1, 110000) i;
INSERT INTO visits
	SELECT '2025-03-01 00:00+00'::timestamptz + i * interval '27 min', i % 20000 + 1, '/p/' || i % 2000, random() * 60
	FROM generate_series(1, 30000) i;
ANALYZE;
