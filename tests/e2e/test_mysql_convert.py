"""Copies of PostgreSQL databases in MariaDB and MySQL: whole, once, followed by the changes, whatever is killed."""
import os
import random
import re

import pytest

from harness import bank, schemas
from harness.pipeline import Load
from harness.wait import wait_for
from test_convert_kills import Copy, wait_some_chunks

ROWS = 40000
OPTIONS = {'chunk_bytes': 1 << 20, 'copy_workers': 2}
LONG = int(os.environ.get('SLUICE_LONG', 240))  # seconds; the machine may be busy

# What the plain types hold without any loss, keys of several kinds, and names that need quotes.
SCHEMA = f"""
CREATE TABLE plain (id int PRIMARY KEY, small smallint, big bigint, price numeric(12,2), ratio double precision, flag boolean, day date,
    at timestamp, seen timestamptz, v varchar(80), note text, raw bytea, tag uuid, doc jsonb);
CREATE INDEX ON plain (small); CREATE INDEX ON plain (day, v);
CREATE TABLE parent (id serial PRIMARY KEY, code varchar(20) UNIQUE, v text);
CREATE TABLE child (parent int REFERENCES parent ON DELETE CASCADE, line int, v text, PRIMARY KEY (parent, line));
CREATE TABLE by_text (k varchar(60) PRIMARY KEY, v text);
CREATE TABLE keyless (id int, v text); ALTER TABLE keyless REPLICA IDENTITY FULL;
CREATE TABLE empty_one (id bigint PRIMARY KEY, v text);
CREATE TABLE "odd `name" ("the key's" int PRIMARY KEY, "select" text, "100%s" int);
CREATE SCHEMA other; CREATE TABLE other.plain (id int PRIMARY KEY, v text);
INSERT INTO plain SELECT i, i % 30000, i * 1000000000::bigint, i / 7.0, i / 3.0, i % 2 = 0, date '1999-12-31' + i % 9000,
    timestamp '2001-02-03 04:05:06.789012' + i * interval '1 s', timestamptz '2001-02-03 04:05:06+02' + i * interval '1 min',
    CASE WHEN i % 5 > 0 THEN 'vä' || i END, repeat(E'a\\t\\\\b\\n''', i % 9) || i, decode(md5(i::text), 'hex') || '\\x005c0a09'::bytea,
    md5(i::text)::uuid, jsonb_build_object('i', i, 'ü', E'\\\\ "x"') FROM generate_series(1, {ROWS}) i;
INSERT INTO parent (code, v) SELECT 'c' || i, md5(i::text) FROM generate_series(1, 2000) i;
INSERT INTO child SELECT i, line, 'x' FROM generate_series(1, 2000) i, generate_series(1, 3) line;
INSERT INTO by_text SELECT k, 'v' FROM unnest(ARRAY['a', 'A', 'ä', 'a ', '', ' ', 'ß', 'ss']) k;
INSERT INTO keyless SELECT i % 100, 'v' || i % 10 FROM generate_series(1, 5000) i;
INSERT INTO "odd `name" SELECT i, E'\\\\N', i FROM generate_series(1, 100) i;
INSERT INTO other.plain SELECT i, 'other' FROM generate_series(1, 100) i;
ANALYZE
"""


@pytest.fixture
def seed():
    """SLUICE_SEED repeats a run, as far as the machine lets it."""
    value = int(os.environ.get('SLUICE_SEED') or random.SystemRandom().randrange(1 << 31))
    print(f'SLUICE_SEED={value}')
    return value


def wait_finished(to_mysql, writer):
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    assert to_mysql.load_row()['phase'] == 'done'
    assert to_mysql.target.fetch_one('SELECT count(*) FROM sluice_load_bundle', dbname=to_mysql.name) == 0


def test_copy_ends(to_mysql):
    """Every table has every row once, its indexes and its foreign keys."""
    to_mysql.execute(SCHEMA)
    wait_finished(to_mysql, to_mysql.convert(mode='convert', options=OPTIONS))
    assert to_mysql.compare()['public.plain'] == ROWS
    keys = to_mysql.target.fetch('SELECT table_name, index_name, group_concat(column_name ORDER BY seq_in_index) FROM information_schema.statistics '
                                 "WHERE table_schema = %s AND table_name IN ('plain', 'child', 'parent') GROUP BY 1, 2", (to_mysql.name,))
    assert {(table, columns) for table, _, columns in keys} >= {
        ('plain', 'id'), ('plain', 'small'), ('plain', 'day,v'), ('child', 'parent,line'), ('parent', 'id'), ('parent', 'code')}
    assert to_mysql.target.fetch_one("SELECT referenced_table_name FROM information_schema.referential_constraints WHERE constraint_schema = %s",
                                     (to_mysql.name,)) == 'parent'


def test_changes_follow(to_mysql, seed):
    """Changes are made all the time; the bank's sums hold, and both sides end equal."""
    to_mysql.execute(SCHEMA)
    to_mysql.execute(bank.SCHEMA)
    to_mysql.execute(bank.FUNCTIONS)
    bank.open_accounts(to_mysql.source, to_mysql.name)

    def touch(cursor, number):
        place = random.randint(1, ROWS)
        cursor.execute(f"UPDATE plain SET small = small + 1, note = note || 'x' WHERE id = {place} AND small < 32000; DELETE FROM plain WHERE id = {place + 1};"
                       f"INSERT INTO plain (id, v) VALUES ({-place}, 'new') ON CONFLICT (id) DO UPDATE SET v = 'again';"
                       f"UPDATE keyless SET v = 'u' WHERE id = {place % 100} AND v = 'v{place % 10}'")
    loads = [Load(to_mysql.source, to_mysql.name, body, pause=0.01) for body in (bank.Client(random.Random(seed)), touch)]
    for load in loads:
        load.__enter__()
    try:
        to_mysql.convert(options=OPTIONS)
        to_mysql.wait_phase(timeout=LONG)
        for load in loads:
            load.wait_done(100)
    finally:
        for load in loads:
            load.stop()
    to_mysql.wait_equal(timeout=LONG)


def test_value_that_does_not_fit(to_mysql):
    """The row is named by table, key, column and value; the load goes on when its column can hold it."""
    to_mysql.execute("CREATE TABLE t (id int PRIMARY KEY, amount numeric(10,2)); INSERT INTO t SELECT i, i FROM generate_series(1, 1000) i;"
                     "UPDATE t SET amount = 'NaN' WHERE id = 777")
    writer = to_mysql.convert(mode='convert')
    reason = writer.wait_not_ready('NaN', LONG)
    assert re.search(r'public\.t\b', reason) and 'amount' in reason and '777' in reason, reason
    assert 'NaN' in to_mysql.load_row()['error']
    assert to_mysql.target.fetch_one('SELECT count(*) FROM t', dbname=to_mysql.name) == 0
    to_mysql.at_target('ALTER TABLE t MODIFY amount longtext')
    wait_finished(to_mysql, writer)
    assert to_mysql.target.fetch_one('SELECT amount FROM t WHERE id = 777', dbname=to_mysql.name) == 'NaN'
    assert to_mysql.target.fetch_one('SELECT count(*) FROM t', dbname=to_mysql.name) == 1000


def test_row_that_is_there_already(to_mysql):
    """With append a row meets one with its key: LOAD DATA LOCAL would leave it out in silence."""
    to_mysql.execute("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'new' FROM generate_series(1, 1000) i")
    to_mysql.at_target("CREATE TABLE t (id int PRIMARY KEY, v longtext); INSERT INTO t VALUES (500, 'old'), (5000, 'old')")
    writer = to_mysql.convert('--schema-policy', 'validate_existing', '--write-mode', 'append', mode='convert')
    reason = writer.wait_not_ready('500', LONG)
    assert 'public.t' in reason, reason
    to_mysql.at_target('DELETE FROM t WHERE id = 500')
    wait_finished(to_mysql, writer)
    assert to_mysql.target.fetch_one("SELECT count(*), sum(v = 'new') FROM t", dbname=to_mysql.name) == (1001, 1000)


@pytest.mark.parametrize('mode', ('upsert', 'truncate'))
def test_tables_that_have_rows(to_mysql, mode):
    to_mysql.execute("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'new' FROM generate_series(1, 1000) i")
    to_mysql.at_target("CREATE TABLE t (id int PRIMARY KEY, v longtext); INSERT INTO t VALUES (500, 'old'), (5000, 'old')")
    wait_finished(to_mysql, to_mysql.convert('--schema-policy', 'validate_existing', '--write-mode', mode, mode='convert'))
    expected = (1001, 1000) if mode == 'upsert' else (1000, 1000)
    assert to_mysql.target.fetch_one("SELECT count(*), sum(v = 'new') FROM t", dbname=to_mysql.name) == expected


def test_without_local_infile(to_mysql):
    """The server takes no LOAD DATA LOCAL: rows come by INSERT, the same."""
    to_mysql.execute(SCHEMA)
    to_mysql.target.set('local_infile', 'OFF')
    try:
        wait_finished(to_mysql, to_mysql.convert(mode='convert', options=OPTIONS))
        to_mysql.compare()
    finally:
        to_mysql.target.set('local_infile', 'ON')


def test_small_packets(to_mysql):
    """Statements are no longer than the server takes; so is no part of the schema document."""
    to_mysql.execute('CREATE TABLE t (id int PRIMARY KEY, v text)')
    to_mysql.execute("INSERT INTO t SELECT i, repeat(chr(97 + i % 26), 300000) FROM generate_series(1, 40) i")
    before = to_mysql.target.fetch_one('SELECT @@max_allowed_packet')
    to_mysql.target.set('max_allowed_packet', 1 << 20)
    to_mysql.target.set('local_infile', 'OFF')
    try:
        wait_finished(to_mysql, to_mysql.convert(mode='convert'))
        to_mysql.compare()
    finally:
        to_mysql.target.set('max_allowed_packet', before)
        to_mysql.target.set('local_infile', 'ON')


def test_killed_while_it_makes_tables(to_mysql):
    """DDL commits by itself; what was begun is gone on with, though tables must not exist before."""
    to_mysql.execute('DO $$ BEGIN FOR i IN 1 .. 80 LOOP EXECUTE format('
                     "'CREATE TABLE t%s (id int PRIMARY KEY, v text); CREATE INDEX ON t%s (id, v); INSERT INTO t%s VALUES (1)', i, i, i); END LOOP; END $$")
    writer = to_mysql.convert(mode='convert')
    wait_for(lambda: to_mysql.target.fetch_one("SELECT count(*) FROM information_schema.tables WHERE table_schema = %s AND table_name LIKE 't%%'",
                                               (to_mysql.name,)) > 5, 60, 'some tables to be made', 0.002)
    writer.kill()
    row = to_mysql.load_row()
    assert row['begun'] and not row['prepared'], f'it was too late for the kill: {row}'
    writer.start(ready=False)
    wait_finished(to_mysql, writer)
    assert len(to_mysql.compare()) == 80


def test_two_writers_load_together(to_mysql):
    """Rows of one table come by connections of both, each once."""
    to_mysql.execute(SCHEMA)
    first = to_mysql.convert(options=OPTIONS)
    to_mysql.writer(ready=False, name='second')
    to_mysql.wait_phase(timeout=LONG)
    assert first.is_running()
    to_mysql.wait_equal(timeout=LONG)


class CopyToMySQL(Copy):
    """As there, with a schema whose every value is held, and this target's ways to end."""

    def __init__(self, pipeline, seed, mode='convert+cdc', load=True):
        super().__init__(pipeline, seed, mode, load)
        self.kinds += (self.restart_target,)

    def restart_target(self):
        self.pipeline.target.kill()
        self.random_pause()
        self.pipeline.target.start()
        return True

    def fill(self, seed):
        self.pipeline.execute(SCHEMA)

    def check_structure(self):
        """Compared by tests of its own."""

    def compare(self):
        return self.pipeline.compare()


@pytest.mark.parametrize('kind', ('kill_copier', 'kill_writer', 'kill_nats', 'restart_source', 'restart_target'))
def test_kill_in_the_middle(to_mysql, seed, kind, soak):
    """With --soak, each kill once, when some chunks are in and some are not."""
    if not soak:
        pytest.skip('only with --soak')
    with CopyToMySQL(to_mysql, seed) as copy:
        wait_some_chunks(to_mysql)
        copy.hurt(getattr(copy, kind))
        copy.finish()


def test_random_kills(to_mysql, seed, soak):
    """Only with --soak, as its brother with a PostgreSQL target."""
    if not soak:
        pytest.skip('only with --soak')
    with CopyToMySQL(to_mysql, seed) as copy:
        for _ in range(12):
            copy.hurt(copy.random.choice(copy.kinds))
        copy.finish()


def test_generated_schema(to_mysql, seed):
    """Tables with columns, keys and names of all kinds; what a type of the target cannot hold is a text there."""
    schemas.Generated(seed, int(to_mysql.source.version), tables=40).load(to_mysql.source, to_mysql.name)
    # No target of this kind has a table without columns, or so many; partitions would have to be published as one.
    tables = [name for name in schemas.roots(to_mysql.source, to_mysql.name) if name not in ('public.no_columns', 'public.wide') and
              to_mysql.source.fetch_one("SELECT relkind = 'r' FROM pg_class WHERE oid = %s::regclass", (name,), to_mysql.name)]
    writer = to_mysql.convert('--types', '*:text', tables=tables, mode='convert')
    wait_finished(to_mysql, writer)
    tables.remove('public.computed')  # an expression of it cannot be translated, and the column is left out
    assert len(to_mysql.compare(tables, policy='text')) == len(tables)
