"""The parts of the generated schema that are written by hand: one of each thing PostgreSQL's catalogs can hold.

SPECIALS is a list of (least release, statements that make it, statements that fill it). Every name
may be used again by later ones; triggers and foreign keys do not work while rows are filled in.
"""

TYPES = r'''
CREATE SCHEMA "odd ""schema""";
COMMENT ON SCHEMA "odd ""schema""" IS 'It''s
two lines \ and "more"';
CREATE TYPE "odd ""schema"""."en'um" AS ENUM ('', ' ', 'it''s', 'with "quotes"', '漢字', 'back\slash', 'select');
CREATE DOMAIN "odd ""schema"""."dömain" AS "odd ""schema"""."en'um" DEFAULT 'it''s' NOT NULL
    CONSTRAINT "not blank" CHECK (VALUE <> ' '::"odd ""schema"""."en'um");
CREATE DOMAIN percent AS numeric(5,2) DEFAULT 12.50 CHECK (VALUE >= 0) CONSTRAINT percent_top CHECK (VALUE <= 100);
CREATE DOMAIN code AS varchar(20) COLLATE "C" CHECK (VALUE ~ '^[A-Z]*$');
CREATE DOMAIN code_of_code AS code CHECK (length(VALUE) < 10);
CREATE DOMAIN numbers AS integer[] CHECK (array_length(VALUE, 1) < 100);
CREATE TYPE "odd ""schema"""."compo site" AS ("a b" integer, "select" text COLLATE "C", "ü" percent, e "odd ""schema"""."en'um"[]);
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE "odd ""schema"""."text range" AS RANGE (subtype = text, collation = "C");
COMMENT ON TYPE percent IS 'of a hundred';
COMMENT ON TYPE "odd ""schema"""."en'um" IS 'an enum'
'''

KEYS = '''
CREATE TABLE composite_parent (a integer, b text COLLATE "C", c date, v text, PRIMARY KEY (b, a), UNIQUE (c, a));
CREATE TABLE composite_child (id integer PRIMARY KEY, pa integer, pb text COLLATE "C", pc date,
    CONSTRAINT "by key" FOREIGN KEY (pa, pb) REFERENCES composite_parent (a, b) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT "by unique" FOREIGN KEY (pc, pa) REFERENCES composite_parent (c, a) ON DELETE CASCADE);
CREATE TABLE node (id integer PRIMARY KEY, parent integer REFERENCES node ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, v text);
CREATE TABLE chicken (id integer PRIMARY KEY, egg integer);
CREATE TABLE egg (id integer PRIMARY KEY, chicken integer REFERENCES chicken ON DELETE SET NULL DEFERRABLE);
ALTER TABLE chicken ADD CONSTRAINT came_first FOREIGN KEY (egg) REFERENCES egg ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE ring_a (id integer PRIMARY KEY, next integer);
CREATE TABLE ring_b (id integer PRIMARY KEY, next integer REFERENCES ring_a ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE ring_c (id integer PRIMARY KEY, next integer DEFAULT 1 REFERENCES ring_b ON DELETE SET DEFAULT);
ALTER TABLE ring_a ADD FOREIGN KEY (next) REFERENCES ring_c ON DELETE SET NULL;
CREATE TABLE late_keys (id integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, u integer UNIQUE DEFERRABLE, w integer CONSTRAINT "u w" UNIQUE);
ALTER TABLE late_keys REPLICA IDENTITY FULL;
CREATE TABLE not_valid (id integer PRIMARY KEY, parent integer, n integer);
CREATE TABLE identity_by_index (a integer NOT NULL, b text NOT NULL, v text);
CREATE UNIQUE INDEX identity_by_index_u ON identity_by_index (b DESC, a);
ALTER TABLE identity_by_index REPLICA IDENTITY USING INDEX identity_by_index_u;
CREATE TABLE clustered (id integer PRIMARY KEY, v integer);
CREATE INDEX clustered_v ON clustered (v);
ALTER TABLE clustered CLUSTER ON clustered_v;
CREATE TABLE keyless (a integer, b text, c float8);
ALTER TABLE keyless REPLICA IDENTITY FULL;
CREATE TABLE log_only (at timestamptz DEFAULT now(), what text)
'''

KEYS_FILL = '''
INSERT INTO composite_parent SELECT i, 'k' || i, '2020-01-01'::date + i, 'v' FROM generate_series(1, 40) i;
INSERT INTO composite_child SELECT i, CASE WHEN i % 4 > 0 THEN i % 40 + 1 END, CASE WHEN i % 4 > 0 THEN 'k' || i % 40 + 1 END,
    CASE WHEN i % 3 = 0 THEN '2020-01-02'::date + i % 40 END FROM generate_series(1, 100) i;
INSERT INTO node SELECT i, nullif(i / 2, 0), repeat('n', i) FROM generate_series(1, 150) i;
INSERT INTO chicken SELECT i, 51 - i FROM generate_series(1, 50) i; INSERT INTO egg SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO ring_a SELECT i, i FROM generate_series(1, 20) i; INSERT INTO ring_b SELECT * FROM ring_a; INSERT INTO ring_c SELECT * FROM ring_a;
INSERT INTO late_keys SELECT i, -i, i * 2 FROM generate_series(1, 30) i;
INSERT INTO not_valid SELECT i, 1000 + i, -i FROM generate_series(1, 10) i;
ALTER TABLE not_valid ADD CONSTRAINT nowhere FOREIGN KEY (parent) REFERENCES node NOT VALID,
    ADD CONSTRAINT "above zero" CHECK (n > 0) NOT VALID;
INSERT INTO identity_by_index SELECT i, 'b' || i % 3, 'v' FROM generate_series(1, 30) i;
INSERT INTO clustered SELECT i, i % 7 FROM generate_series(1, 30) i;
INSERT INTO keyless SELECT i % 5, CASE WHEN i % 3 > 0 THEN 'b' || i % 3 END, i % 2 / 3.0 FROM generate_series(1, 100) i;
INSERT INTO log_only (what) SELECT 'line ' || i % 10 FROM generate_series(1, 100) i
'''

COLUMNS = r'''
CREATE SEQUENCE shared_seq AS smallint INCREMENT 3 MINVALUE 5 MAXVALUE 3000 START 8 CACHE 4 CYCLE;
CREATE SEQUENCE "odd ""schema"""."down ward" INCREMENT -2 MAXVALUE 100 MINVALUE -100000 START 50;
CREATE SEQUENCE never_called START 77;
CREATE TABLE shares_one (id integer PRIMARY KEY DEFAULT nextval('shared_seq'), v text);
CREATE TABLE shares_two (id integer PRIMARY KEY DEFAULT nextval('shared_seq'), d integer DEFAULT nextval('"odd ""schema"""."down ward"'),
    n bigint DEFAULT nextval('never_called'::regclass));
CREATE TABLE serials (id bigserial PRIMARY KEY, s smallserial, v text);
CREATE TABLE id_always (id integer GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10 CACHE 5) PRIMARY KEY, v text);
CREATE TABLE id_default (id bigint GENERATED BY DEFAULT AS IDENTITY (MINVALUE -50 START -50) PRIMARY KEY,
    other smallint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE no_columns ();
CREATE TABLE dropped (id integer PRIMARY KEY, gone text, kept text, gone_too numeric);
INSERT INTO dropped SELECT i, 'x', 'k' || i, i FROM generate_series(1, 20) i;
ALTER TABLE dropped DROP gone, DROP gone_too, ADD later integer NOT NULL DEFAULT 7, ADD last text;
CREATE TABLE defaults (id integer PRIMARY KEY, a text DEFAULT 'it''s \ "so"', b integer DEFAULT -1, c numeric(10,2) NOT NULL DEFAULT 0.10,
    d timestamptz DEFAULT now(), e date DEFAULT '2020-02-29', f text[] DEFAULT '{a,"b c",NULL}', g jsonb DEFAULT '{"a": [1, "x''y"]}',
    h boolean DEFAULT true, i interval DEFAULT '1 day 02:00:00', j bytea DEFAULT '\x00ff', k text DEFAULT CURRENT_USER,
    l float8 DEFAULT 'NaN', m bit(3) DEFAULT B'101', n text DEFAULT lower('A' || 'B'), o "odd ""schema"""."en'um" DEFAULT '漢字',
    p text DEFAULT NULL, q integer[] DEFAULT ARRAY[1, 2 + 3], r bigint DEFAULT 9223372036854775807, s uuid DEFAULT md5('x')::uuid,
    t text DEFAULT E'two\nlines', u money DEFAULT 1.5, v "char" DEFAULT 'c');
CREATE TABLE typmods (id integer PRIMARY KEY, a varchar(7) COLLATE "C", b char(3), c numeric(6,3), d time(2), e timestamptz(0),
    f interval(3), g interval year to month, h bit varying(9), i varchar(4)[], j numeric(4,1)[][], k bit(5)[], l timestamp(1)[], m bpchar, n varchar);
CREATE TABLE made_types (id integer PRIMARY KEY, e "odd ""schema"""."en'um", d "odd ""schema"""."dömain", p percent, c code, cc code_of_code,
    n numbers, r "odd ""schema"""."compo site", ra "odd ""schema"""."compo site"[], f floatrange, t "odd ""schema"""."text range", ea "odd ""schema"""."en'um"[]);
CREATE TABLE apart (id integer PRIMARY KEY, ext text, main text, packed text, plain bytea) WITH (fillfactor = 50, autovacuum_enabled = off);
ALTER TABLE apart ALTER ext SET STORAGE EXTERNAL, ALTER main SET STORAGE MAIN;
CREATE TABLE checked (id integer PRIMARY KEY, n integer CHECK (n < 1000) CHECK (n <> 13), v text,
    CONSTRAINT "odd ""check"" \" CHECK (v IS NULL OR (v <> E'it''s\n' AND length(v) < 5000)),
    CONSTRAINT of_two CHECK (id > 0 AND (n IS NULL OR n < id + 1000)));
CREATE TABLE commented (id integer CONSTRAINT commented_key PRIMARY KEY, v text CONSTRAINT "short v" CHECK (length(v) < 100), p integer REFERENCES node);
CREATE INDEX "commented v" ON commented (v);
COMMENT ON TABLE commented IS E'It''s a "table"\n\\ with 漢字';
COMMENT ON COLUMN commented.v IS '';
COMMENT ON COLUMN commented.id IS 'the key; DROP TABLE commented; --';
COMMENT ON INDEX "commented v" IS 'an index';
COMMENT ON CONSTRAINT "short v" ON commented IS 'a check';
COMMENT ON CONSTRAINT commented_key ON commented IS 'a key';
COMMENT ON CONSTRAINT commented_p_fkey ON commented IS 'a foreign key';
COMMENT ON SEQUENCE shared_seq IS 'of two tables'
'''

COLUMNS_FILL = r'''
INSERT INTO shares_one (v) SELECT 'v' || i FROM generate_series(1, 30) i; INSERT INTO shares_two (n) SELECT i FROM generate_series(1, 30) i;
INSERT INTO serials (v) SELECT 'v' FROM generate_series(1, 300); INSERT INTO id_always (v) SELECT 'v' || i FROM generate_series(1, 30) i;
INSERT INTO id_default SELECT FROM generate_series(1, 30); INSERT INTO id_default (id) VALUES (5000);
INSERT INTO no_columns SELECT FROM generate_series(1, 10);
INSERT INTO dropped SELECT i, 'l', i, NULL FROM generate_series(21, 40) i;
INSERT INTO defaults (id) SELECT i FROM generate_series(1, 10) i;
INSERT INTO defaults (id, a, c, f, g, l) SELECT i, repeat('a', i), i / 3.0, NULL, to_jsonb(i), 1 / i::float8 FROM generate_series(11, 40) i;
INSERT INTO typmods SELECT i, 'v' || i, 'b', i / 7.0, '12:34:56.789', '2024-01-01 01:02:03.5+00'::timestamptz + i * interval '1 s', '1.23456 s',
    '14 months', B'1011', '{abcd,x}', '{{1.1,2.2},{3.3,NULL}}', ARRAY[B'10101'], '{2024-01-01 00:00:00.25}', 'no limit  ', 'ü' FROM generate_series(1, 40) i;
INSERT INTO typmods (id) VALUES (0);
INSERT INTO made_types SELECT i, (enum_range(NULL::"odd ""schema"""."en'um"))[i % 7 + 1], 'select', i % 100, 'ABC', 'XYZ', ARRAY[i, NULL],
    ROW(i, E'q"uo,te\\', 3.5, ARRAY['', 'it''s'])::"odd ""schema"""."compo site", ARRAY[ROW(NULL, '', NULL, NULL)::"odd ""schema"""."compo site", NULL],
    floatrange(i, i + 0.5, '[]'), CASE WHEN i % 2 = 0 THEN '[a,b)' ELSE 'empty' END::"odd ""schema"""."text range", '{"",NULL," "}' FROM generate_series(1, 50) i;
INSERT INTO apart SELECT i, repeat(md5(i::text), 500), repeat('m', i * 10), string_agg(md5((i * j)::text), ''), '\x00' FROM generate_series(1, 30) i,
    generate_series(1, 300) j GROUP BY i;
INSERT INTO checked SELECT i, i % 12, 'v' FROM generate_series(1, 30) i;
INSERT INTO commented SELECT i, 'v' || i, i FROM generate_series(1, 30) i
'''

GENERATED = '''
CREATE TABLE computed (id integer PRIMARY KEY, a integer NOT NULL, twice bigint GENERATED ALWAYS AS (a * 2) STORED, v text,
    low text COLLATE "C" GENERATED ALWAYS AS (lower(v) || ' s') STORED NOT NULL, tail integer);
CREATE INDEX computed_twice ON computed (twice DESC) WHERE twice > 10;
CREATE TABLE computed_only (id integer GENERATED ALWAYS AS (7) STORED)
'''

GENERATED_FILL = '''
INSERT INTO computed (id, a, v, tail) SELECT i, i % 20, 'V' || i, -i FROM generate_series(1, 60) i;
INSERT INTO computed_only SELECT FROM generate_series(1, 5)
'''

INDEXES = r'''
CREATE TABLE indexed (id integer PRIMARY KEY, a integer, b text, c timestamptz, d jsonb, e int4range, f text[], g tsvector, h point, i inet, j date, k boolean);
CREATE INDEX ON indexed (lower(b), (a + 1) DESC NULLS LAST, b COLLATE "C" text_pattern_ops);
CREATE INDEX "odd ""index"" ü" ON indexed (a DESC, b NULLS FIRST);
CREATE UNIQUE INDEX indexed_partial ON indexed (a, id) WHERE k AND b IS NOT NULL AND b <> 'it''s';
CREATE INDEX indexed_where ON indexed USING btree ((d ->> 'a'), c) WHERE (d ? 'a') AND c > '2020-01-01 00:00:00+00';
CREATE INDEX indexed_hash ON indexed USING hash (b);
CREATE INDEX indexed_gin ON indexed USING gin (d jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX indexed_gin2 ON indexed USING gin (f, g);
CREATE INDEX indexed_gist ON indexed USING gist (e, h);
CREATE INDEX indexed_spgist ON indexed USING spgist (i inet_ops);
CREATE INDEX indexed_brin ON indexed USING brin (j, c) WITH (pages_per_range = 4);
CREATE INDEX indexed_fill ON indexed (j) WITH (fillfactor = 33);
CREATE INDEX indexed_row ON indexed ((ROW(a, b) IS NULL), (CASE WHEN a > 0 THEN 'p' ELSE 'n' END));
CREATE UNIQUE INDEX indexed_expression ON indexed ((id * 2), md5(b))
'''

INDEXES_FILL = '''
INSERT INTO indexed SELECT i, i % 10, CASE WHEN i % 9 > 0 THEN 'B' || i END, '2020-01-01 00:00+00'::timestamptz + i * interval '1 day',
    jsonb_build_object('a', i % 3), int4range(i, i + 5), ARRAY['x', 'f' || i], to_tsvector('simple', 'word ' || i), point(i, -i),
    ('10.0.0.' || i)::inet, '2020-01-01'::date + i, i % 2 = 0 FROM generate_series(1, 200) i
'''

DOMAIN_ARRAYS = '''
CREATE TABLE domain_arrays (id integer PRIMARY KEY, p percent[], c code_of_code[] DEFAULT '{A,B}')
'''

DOMAIN_ARRAYS_FILL = "INSERT INTO domain_arrays SELECT i, ARRAY[i, NULL, 1.5] FROM generate_series(1, 20) i"

INCLUDE = '''
CREATE TABLE including (id integer, a integer, b text, c text, CONSTRAINT including_key PRIMARY KEY (id) INCLUDE (b));
CREATE UNIQUE INDEX including_u ON including (a DESC) INCLUDE (b, c);
CREATE INDEX including_p ON including (lower(b)) INCLUDE (a) WHERE a > 5
'''

INCLUDE_FILL = "INSERT INTO including SELECT i, i, 'b' || i, 'c' FROM generate_series(1, 50) i"

NOT_DISTINCT = '''
CREATE TABLE not_distinct (id integer PRIMARY KEY, a integer, b text, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE UNIQUE INDEX not_distinct_i ON not_distinct (b, id) NULLS NOT DISTINCT
'''

NOT_DISTINCT_FILL = "INSERT INTO not_distinct SELECT i, nullif(i, 3), 'b' || i FROM generate_series(1, 50) i"

# Three deep: by range, list and hash, with a default partition at each level that can have one; a
# partition whose columns stand in another order, with dropped ones; one with an index of its own.
PARTITIONS = '''
CREATE SCHEMA "parts of";
CREATE TABLE sales (id integer NOT NULL, at date NOT NULL, region text COLLATE "C" NOT NULL, amount numeric(10,2) DEFAULT 1.50 CONSTRAINT sane CHECK (amount > -1000000),
    customer integer REFERENCES node (id), note text, PRIMARY KEY (id, at, region)) PARTITION BY RANGE (at);
CREATE TABLE "parts of"."sales 2020" PARTITION OF sales FOR VALUES FROM (MINVALUE) TO ('2021-01-01') PARTITION BY LIST (region);
CREATE TABLE "parts of"."sales 2020 eu" PARTITION OF "parts of"."sales 2020" FOR VALUES IN ('de', 'fr', 'it''s') PARTITION BY HASH (id);
CREATE TABLE "parts of"."sales 2020 eu 0" PARTITION OF "parts of"."sales 2020 eu" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE "parts of"."sales 2020 eu 1" PARTITION OF "parts of"."sales 2020 eu" (note DEFAULT 'own default', CONSTRAINT own_check CHECK (id > 0))
    FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE "parts of"."sales 2020 else" PARTITION OF "parts of"."sales 2020" DEFAULT;
CREATE TABLE sales_2021 (gone text, region text COLLATE "C" NOT NULL, note text, id integer NOT NULL, customer integer, amount numeric(10,2) DEFAULT 1.50, at date NOT NULL,
    gone_too integer, CONSTRAINT sane CHECK (amount > -1000000));
ALTER TABLE sales_2021 DROP gone, DROP gone_too;
ALTER TABLE sales ATTACH PARTITION sales_2021 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE sales_else PARTITION OF sales DEFAULT;
CREATE INDEX sales_at ON sales (at DESC, region) WHERE amount > 0;
CREATE INDEX "own index" ON sales_2021 (note);
CREATE UNIQUE INDEX sales_u ON sales (region, at, id);
COMMENT ON TABLE "parts of"."sales 2020 eu 0" IS 'a leaf';
CREATE TABLE by_two (a integer, b text, v text) PARTITION BY RANGE (a, b);
CREATE TABLE by_two_low PARTITION OF by_two FOR VALUES FROM (MINVALUE, MINVALUE) TO (10, 'm');
CREATE TABLE by_two_high PARTITION OF by_two FOR VALUES FROM (10, 'm') TO (MAXVALUE, MAXVALUE);
ALTER TABLE by_two REPLICA IDENTITY FULL; ALTER TABLE by_two_low REPLICA IDENTITY FULL; ALTER TABLE by_two_high REPLICA IDENTITY FULL;
CREATE TABLE by_expression (id integer, v text) PARTITION BY LIST (lower(v));
CREATE TABLE by_expression_a PARTITION OF by_expression FOR VALUES IN ('a', NULL);
CREATE TABLE by_expression_b PARTITION OF by_expression FOR VALUES IN ('b', 'c');
ALTER TABLE by_expression REPLICA IDENTITY FULL; ALTER TABLE by_expression_a REPLICA IDENTITY FULL; ALTER TABLE by_expression_b REPLICA IDENTITY FULL;
CREATE TABLE without_partitions (id integer PRIMARY KEY) PARTITION BY HASH (id)
'''

PARTITIONS_FILL = '''
INSERT INTO sales SELECT i, '2019-06-01'::date + i * 2, (ARRAY['de', 'fr', 'it''s', 'us', 'jp'])[i % 5 + 1], i, CASE WHEN i % 2 = 0 THEN i % 100 + 1 END,
    'note ' || i FROM generate_series(1, 700) i;
INSERT INTO by_two SELECT i, chr(97 + i % 26), 'v' FROM generate_series(1, 60) i;
INSERT INTO by_expression SELECT i, (ARRAY['a', 'A', 'b', 'C', NULL])[i % 5 + 1] FROM generate_series(1, 60) i
'''

REFERENCED_PARTITIONS = '''
CREATE TABLE refers_to_sales (id integer PRIMARY KEY, sid integer, sat date, sregion text COLLATE "C",
    FOREIGN KEY (sid, sat, sregion) REFERENCES sales (id, at, region) ON DELETE CASCADE)
'''

REFERENCED_PARTITIONS_FILL = 'INSERT INTO refers_to_sales SELECT row_number() OVER (), id, at, region FROM sales WHERE id % 7 = 0'

INHERITANCE = '''
CREATE TABLE animal (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x', CHECK (id > 0), CONSTRAINT "not for children" CHECK (id < 100000) NO INHERIT);
CREATE TABLE swims (depth integer DEFAULT 5);
ALTER TABLE swims REPLICA IDENTITY FULL;
CREATE TABLE duck (id integer PRIMARY KEY, feathers integer, name text NOT NULL DEFAULT 'duck') INHERITS (animal, swims);
CREATE TABLE mallard (PRIMARY KEY (id)) INHERITS (duck);
CREATE TABLE stone (LIKE animal INCLUDING ALL)
'''

INHERITANCE_FILL = '''
INSERT INTO animal SELECT i, 'animal' FROM generate_series(1, 20) i; INSERT INTO swims SELECT i FROM generate_series(1, 20) i;
INSERT INTO duck (id, feathers) SELECT i + 100, i FROM generate_series(1, 20) i; INSERT INTO mallard (id, depth) SELECT i + 200, i FROM generate_series(1, 20) i;
INSERT INTO stone SELECT * FROM ONLY animal
'''

# What the document lists as not carried, unless it is asked for.
NOT_CARRIED = '''
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := now(); RETURN NEW; END';
CREATE TABLE busy (id integer PRIMARY KEY, during tsrange, touched timestamptz);
CREATE TRIGGER busy_touch BEFORE INSERT OR UPDATE ON busy FOR EACH ROW EXECUTE PROCEDURE touch();
CREATE VIEW busy_view AS SELECT id, twice(id) AS twice FROM busy;
CREATE VIEW "view of ""view""" AS SELECT max(twice) AS "odd name" FROM busy_view;
CREATE MATERIALIZED VIEW busy_counts AS SELECT count(*) FROM busy;
CREATE TABLE ruled (id integer PRIMARY KEY, v text);
CREATE RULE ruled_delete AS ON DELETE TO ruled WHERE OLD.id < 0 DO INSTEAD NOTHING;
CREATE TABLE guarded (id integer PRIMARY KEY, owner text);
CREATE POLICY own ON guarded USING (owner = CURRENT_USER);
CREATE STATISTICS guarded_stat ON id, owner FROM guarded;
CREATE UNLOGGED TABLE scratch (id integer PRIMARY KEY, v text)
'''

NOT_CARRIED_FILL = '''
INSERT INTO busy SELECT i, tsrange('2020-01-01'::timestamp + i * interval '1 day', '2020-01-01'::timestamp + i * interval '1 day 1 hour') FROM generate_series(1, 20) i;
INSERT INTO ruled SELECT i, 'v' FROM generate_series(1, 5) i; INSERT INTO guarded SELECT i, 'postgres' FROM generate_series(1, 5) i;
INSERT INTO scratch SELECT i, 'v' FROM generate_series(1, 5) i
'''

SPECIALS = (
    (10, TYPES, ''), (10, KEYS, KEYS_FILL), (10, COLUMNS, COLUMNS_FILL), (12, GENERATED, GENERATED_FILL), (10, INDEXES, INDEXES_FILL),
    (11, DOMAIN_ARRAYS, DOMAIN_ARRAYS_FILL), (11, INCLUDE, INCLUDE_FILL), (15, NOT_DISTINCT, NOT_DISTINCT_FILL), (11, PARTITIONS, PARTITIONS_FILL),
    (12, REFERENCED_PARTITIONS, REFERENCED_PARTITIONS_FILL), (10, INHERITANCE, INHERITANCE_FILL), (10, NOT_CARRIED, NOT_CARRIED_FILL),
)
