-- A shop of about 200,000 rows in MariaDB: what a database that has to move looks like. Rows are the same every time.
CREATE TABLE customers (
	id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
	name varchar(100) NOT NULL,
	email varchar(100) CHARACTER SET latin1 NOT NULL,
	address json NOT NULL DEFAULT '{}',
	balance decimal(12,2) NOT NULL DEFAULT 0,
	interests set('books', 'games', 'garden', 'music') NOT NULL DEFAULT '',
	is_company tinyint(1) NOT NULL DEFAULT 0,
	born date,
	created_at timestamp NOT NULL DEFAULT current_timestamp(),
	UNIQUE KEY customers_email (email),
	KEY customers_name (name(20))
) COMMENT 'Who buys';

CREATE TABLE products (
	id int unsigned AUTO_INCREMENT PRIMARY KEY,
	sku varchar(30) COLLATE utf8mb4_bin NOT NULL UNIQUE,
	title varchar(200) NOT NULL,
	price decimal(10,2) unsigned NOT NULL CHECK (price > 0),
	gross decimal(10,2) GENERATED ALWAYS AS (round(price * 1.19, 2)) STORED,
	weight float,
	attributes json,
	picture blob
);

CREATE TABLE stock (
	place enum('north', 'south', 'west'),
	product int unsigned,
	amount int unsigned NOT NULL,
	counted datetime(3),
	PRIMARY KEY (place, product),
	CONSTRAINT stock_product FOREIGN KEY (product) REFERENCES products (id)
);

CREATE TABLE orders (
	id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
	customer bigint unsigned NOT NULL,
	state enum('cart', 'paid', 'sent', 'delivered', 'returned') NOT NULL DEFAULT 'cart',
	ordered_at datetime(6) NOT NULL,
	deliver_at time,
	note text,
	changed_at timestamp(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
	KEY orders_customer (customer, ordered_at),
	CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers (id)
) COMMENT 'What people bought, or nearly did';

CREATE TABLE items (
	ordered bigint unsigned,
	line smallint,
	product int unsigned NOT NULL,
	amount int NOT NULL DEFAULT 1,
	price decimal(10,2) NOT NULL,
	PRIMARY KEY (ordered, line),
	CONSTRAINT items_ordered FOREIGN KEY (ordered) REFERENCES orders (id),
	CONSTRAINT items_product FOREIGN KEY (product) REFERENCES products (id)
);

-- Rows without a key are recognized by all they hold.
CREATE TABLE visits (
	visited_at datetime NOT NULL,
	customer bigint unsigned,
	page varchar(200),
	seconds double,
	address inet6,
	session uuid
);

-- When a change was made, to see when it arrives.
CREATE TABLE clock (id int PRIMARY KEY, tick bigint NOT NULL);

INSERT INTO customers (name, email, address, balance, interests, is_company, born, created_at)
	SELECT concat('Customer ', seq), concat('c', seq, '@example.org'), json_object('city', concat('City ', seq % 97), 'street', md5(seq)), seq % 500 / 3,
		seq % 16, seq % 5 = 0, if(seq % 7, date '1950-01-01' + INTERVAL seq % 20000 DAY, NULL), timestamp '2025-01-01 00:00:00' + INTERVAL seq MINUTE
	FROM seq_1_to_20000;
INSERT INTO products (sku, title, price, weight, attributes, picture)
	SELECT concat('sku-', seq), concat('Product ', seq, ' é🐘'), 1 + seq % 900 / 10, seq / 7, json_object('color', seq % 7, 'sizes', json_array(seq % 3, seq % 5)), unhex(md5(seq))
	FROM seq_1_to_2000;
INSERT INTO stock
	SELECT place, seq, 100000, '2026-01-01 12:00:00.5' FROM seq_1_to_2000, (SELECT 'north' AS place UNION ALL SELECT 'south' UNION ALL SELECT 'west') places;
INSERT INTO orders (customer, state, ordered_at, deliver_at, note)
	SELECT 1 + seq * 7919 % 20000, 1 + seq % 5, timestamp '2025-06-01 00:00:00.000001' + INTERVAL seq MINUTE, sec_to_time(seq % 86400),
		if(seq % 10, NULL, repeat('please ring twice ', seq % 40))
	FROM seq_1_to_40000;
INSERT INTO items
	SELECT seq DIV 3 + 1, seq % 3, 1 + seq * 7907 % 2000, 1 + seq % 4, 1 + seq % 900 / 10 FROM seq_1_to_110000;
INSERT INTO visits
	SELECT timestamp '2025-03-01 00:00:00' + INTERVAL seq MINUTE, seq % 20000 + 1, concat('/p/', seq % 2000), seq / 13, concat('2001:db8::', hex(seq % 65536)), insert(insert(md5(seq), 13, 1, '4'), 17, 1, '8')
	FROM seq_1_to_30000;
