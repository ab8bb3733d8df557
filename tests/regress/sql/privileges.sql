-- Who may: a role with REPLICATION, on tables of its own and publications of what it may read, its own streams.
\set SHOW_CONTEXT never
CREATE ROLE plain;
CREATE ROLE manager REPLICATION;
CREATE ROLE "Other manager" REPLICATION;
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO manager, "Other manager", plain;
CREATE TABLE shop.orders (id integer PRIMARY KEY);
CREATE TABLE shop.secret (id integer PRIMARY KEY);
CREATE TABLE shop.lent (id integer);
GRANT SELECT ON shop.lent TO manager;
ALTER TABLE shop.orders OWNER TO manager;
GRANT SELECT ON shop.orders TO plain;
CREATE PUBLICATION p FOR TABLE shop.orders, shop.secret;
SET ROLE plain;
SELECT sluice.create_stream('s', tables => ARRAY['shop.orders']);
SELECT sluice.start_stream('s');
SET ROLE manager;
SELECT sluice.create_stream('s', tables => ARRAY['shop.secret']);
SELECT sluice.create_stream('s', tables => ARRAY['shop.orders', 'shop.secret']);
-- What is published without a key cannot be updated: that is for its owner to decide.
SELECT sluice.create_stream('s', tables => ARRAY['shop.lent']);
SELECT sluice.create_stream('s', publication => 'p');
SELECT sluice.create_stream('s', tables => ARRAY['shop.orders']);
SELECT name, owner, publications FROM sluice.streams;
SELECT name, state FROM sluice.stat_streams;
RESET ROLE;
SELECT pubname, pg_get_userbyid(pubowner) FROM pg_publication WHERE pubname LIKE 'sluice%';
SET ROLE "Other manager";
SELECT name FROM sluice.streams;
SELECT name FROM sluice.stat_streams;
SELECT sluice.start_stream('s');
SELECT sluice.pause_stream('s');
SELECT sluice.resume_stream('s');
SELECT sluice.stop_stream('s');
SELECT sluice.drop_stream('s');
SELECT sluice.drop_stream('missing');
-- Nothing but through the functions.
SELECT * FROM sluice.stream;
INSERT INTO sluice.stream (name) VALUES ('x');
UPDATE sluice.stream SET owner = 10;
DELETE FROM sluice.streams;
SELECT sluice.own_stream('s');
SELECT sluice.request('s', 'running', 'starting');
SELECT sluice.scan();
SELECT * FROM sluice.stream_status();
SELECT * FROM sluice.table_status();
-- The functions that run as their owner do what they say whatever the caller put in the way.
SET search_path = pg_temp, public;
CREATE TEMPORARY TABLE pg_roles (oid oid, rolsuper boolean, rolreplication boolean);
CREATE TEMPORARY TABLE stream (name text);
SELECT sluice.drop_stream('s');
RESET search_path;
-- A setting that may hold a password is not for everyone.
DO $$
DECLARE
	setting text;
BEGIN
	FOREACH setting IN ARRAY ARRAY['sluice.nats_url', 'sluice.nats_user', 'sluice.nats_password_file', 'sluice.nats_creds_file'] LOOP
		BEGIN
			RAISE INFO '%', current_setting(setting);
		EXCEPTION WHEN insufficient_privilege THEN
			RAISE INFO '% is refused', setting;
		END;
	END LOOP;
END $$;
SELECT name, setting FROM pg_settings WHERE name LIKE 'sluice.nats%';
SELECT count(*) FROM sluice.check() WHERE detail LIKE '%nats://%' OR hint LIKE '%nats://%:%@%';
RESET ROLE;
GRANT manager TO "Other manager";
SET ROLE "Other manager";
SELECT name FROM sluice.streams;
SELECT sluice.drop_stream('s');
RESET ROLE;
-- An owner that is gone leaves the stream to superusers.
ALTER TABLE shop.orders OWNER TO "Other manager";
SET ROLE "Other manager";
SELECT sluice.create_stream('t', tables => ARRAY['shop.orders']);
RESET ROLE;
ALTER TABLE shop.orders OWNER TO CURRENT_USER;
DROP OWNED BY "Other manager", manager, plain;
DROP ROLE "Other manager", manager, plain;
SELECT name, owner = '0' OR owner::text ~ '^\d+$' AS gone FROM sluice.streams;
SELECT sluice.drop_stream('t');
DROP PUBLICATION p;
DROP TABLE shop.orders, shop.secret, shop.lent;
DROP SCHEMA shop;
