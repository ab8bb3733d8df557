"""The structure a writer makes at its target from a schema document, on copies without rows."""
import json
import subprocess

import psycopg2
import pytest

from harness import catalogs, schemas, servers
from harness.documents import document_of, publish, with_load
from harness.process import private_folder
from harness.wait import wait_for
from harness.writer import BUILD

LONG = 60


class Copies:
    """Documents of one pipeline's source, and writers that make what they say."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.document = None
        self.generation = 0

    def take(self, sql, options=None):
        """Runs statements at the source and takes the document of all tables there are."""
        self.pipeline.execute(sql)
        return self.read(options)

    def read(self, options=None):
        self.document = document_of(self.pipeline, schemas.roots(self.pipeline.source, self.pipeline.name), options)
        return self.document

    def writer(self, *flags, awaited=None, **options):
        """A writer of the document, which is a new copy each time."""
        self.generation += 1
        publish(self.pipeline.nats, with_load(self.document, self.generation, awaited))
        return self.pipeline.writer(*flags, ready=False, **options)

    def make(self, *flags):
        """The log of a writer that made it."""
        writer = self.writer(*flags)
        assert writer.wait(LONG) == 0, writer.process.log_tail()
        return writer.log()

    def refuse(self, pattern, *flags):
        """What a writer says that cannot make it; it is stopped then."""
        writer = self.writer(*flags)
        text = writer.wait_not_ready(pattern)
        assert writer.stop() == 0
        return text

    def plan(self, *flags, status=0, document=None):
        """The text of --plan."""
        path = private_folder('plan') / 'document.json'
        path.write_text(json.dumps(document or with_load(self.document)))
        done = subprocess.run(
            [BUILD / 'sluice-writer', '--plan', '--plan-document', path, '--stream', self.pipeline.name,
             '--target', self.pipeline.target.uri(self.pipeline.name), *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def compare(self, **options):
        return catalogs.compare(self.pipeline.source, self.pipeline.target, self.pipeline.name, **options)


@pytest.fixture
def copies(pipeline):
    return Copies(pipeline)


def release(copies):
    """What both sides know."""
    return min(int(copies.pipeline.source.version), int(copies.pipeline.target.version))


def left_behind(copies):
    """For compare(): unlogged tables are not in a stream, what a document does not say, what comes with a type from 14
    on, and defaults that releases before 12 write otherwise."""
    old = int(copies.pipeline.target.version) < 12

    def ignore(kind, name, what):
        return (name.startswith('public.scratch') or schemas.not_in_document(name, what) or (kind == 'function' and 'multirange' in name) or
                (old and what == 'default'))
    return ignore


def comparable(copies):
    """What is carried and written the same by both releases: 16 began to leave out names in views, 12 to say what triggers execute."""
    sides = {16 <= int(server.version) for server in (copies.pipeline.source, copies.pipeline.target)}
    if release(copies) < 12:
        return ()
    return ('functions', 'triggers', *(('views',) if len(sides) == 1 else ()))


# -- whole databases ----------------------------------------------------------

@pytest.mark.parametrize('flags', ((), ('--load-unlogged', '--index-connections=4')))
def test_generated_database(copies, flags):
    schemas.Generated(7, release(copies)).create(copies.pipeline.source, copies.pipeline.name)
    copies.read()
    copies.make(*flags)
    assert copies.compare(ignore=left_behind(copies)) > 1000


def test_plan_makes_the_same(copies):
    """What --plan shows is what a writer runs: psql makes the same database of it, and the plan itself nothing."""
    schemas.Generated(8, release(copies), tables=120).create(copies.pipeline.source, copies.pipeline.name)
    copies.read({'carry': 'functions, views, triggers' if release(copies) > 10 else 'functions, views'})
    plan = copies.plan()
    assert not catalogs.structure(copies.pipeline.target, copies.pipeline.name).keys() - {('schema', 'public', 'comment')}
    copies.pipeline.target.psql('SET check_function_bodies = off; BEGIN;' + plan + 'COMMIT;', copies.pipeline.name)
    copies.compare(ignore=left_behind(copies), carried=comparable(copies))


# -- what is there already ----------------------------------------------------

SMALL = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE a (id serial PRIMARY KEY, m mood DEFAULT 'ok', v text NOT NULL, UNIQUE (v));
CREATE TABLE b (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a int REFERENCES a);
CREATE INDEX ON b (a) WHERE a > 0
"""
FILL = "INSERT INTO a (v) VALUES ('one'), ('two'); INSERT INTO b (a) VALUES (1)"

# By schema-policy and write-mode, on a target that has a with rows, and b: what a writer says, or rows of a and b.
TWICE = {
    ('fail_if_exists', 'fail_if_not_empty'): 'table public.a exists',
    ('fail_if_exists', 'append'): 'table public.b exists',
    ('fail_if_exists', 'truncate'): 'table public.a exists',
    ('fail_if_exists', 'upsert'): 'table public.a exists',
    ('validate_existing', 'fail_if_not_empty'): 'table public.a has rows.*--write-mode',
    ('validate_existing', 'append'): (2, 1),
    ('validate_existing', 'truncate'): (0, 0),
    ('validate_existing', 'upsert'): (2, 1),
    ('create_missing', 'fail_if_not_empty'): 'table public.b has rows.*--write-mode',
    ('create_missing', 'append'): (2, 1),
    ('create_missing', 'truncate'): (0, 0),
    ('create_missing', 'upsert'): (2, 1),
    ('drop_and_recreate', 'fail_if_not_empty'): (0, 0),
    ('drop_and_recreate', 'append'): (0, 0),
    ('drop_and_recreate', 'truncate'): (0, 0),
    ('drop_and_recreate', 'upsert'): (0, 0),
}


def rows(copies):
    return tuple(copies.pipeline.fetch_target(f'SELECT count(*) FROM {table}') for table in 'ab')


@pytest.mark.parametrize('policy, mode', TWICE, ids=lambda value: value)
def test_policy_and_mode(copies, policy, mode):
    """On what an earlier copy has made and somebody has filled."""
    copies.take(SMALL)
    copies.make()
    copies.pipeline.at_target(FILL)
    flags = f'--schema-policy={policy}', f'--write-mode={mode}'
    expected = TWICE[policy, mode]
    if isinstance(expected, str):
        copies.refuse(expected, *flags)
        assert rows(copies) == (2, 1)
        assert expected.split('.*', maxsplit=1)[0] in copies.plan(*flags, status=3)
    else:
        copies.make(*flags)
        assert rows(copies) == expected
    copies.compare()


@pytest.mark.parametrize('policy', ('fail_if_exists', 'validate_existing', 'create_missing', 'drop_and_recreate'))
def test_policy_on_nothing(copies, policy):
    copies.take(SMALL)
    if policy == 'validate_existing':
        text = copies.refuse('table public.a is not there', f'--schema-policy={policy}')
        assert 'type public.mood is not there' in text and 'table public.b is not there' in text
        assert copies.pipeline.fetch_target("SELECT to_regclass('a') IS NULL AND to_regtype('mood') IS NULL")
    else:
        copies.make(f'--schema-policy={policy}')
        copies.compare()


def test_every_difference_is_named(copies):
    copies.take(SMALL + """; CREATE TABLE c (id int PRIMARY KEY, "n'" numeric(5,2) NOT NULL, t text, gone int, g int GENERATED ALWAYS AS (1) STORED);
        CREATE TABLE p (id int) PARTITION BY RANGE (id)""" if int(copies.pipeline.source.version) >= 12 else SMALL)
    copies.pipeline.at_target("""
        CREATE TYPE mood AS ENUM ('ok', 'more');
        CREATE TABLE a (id bigint, m mood, v text, extra int NOT NULL, w int, PRIMARY KEY (v));
        CREATE VIEW b AS SELECT 1 AS id;
        CREATE TABLE c (id int PRIMARY KEY, "n'" numeric(5,1), t text NOT NULL, g int);
        CREATE TABLE p (id int)""")
    text = copies.plan('--schema-policy=validate_existing', status=3)
    for line in (
            'type public.mood: label "sad" is missing, label "more" is not the source\'s',
            'table public.a: column "id" is bigint, not integer, column "id" may be null, column "extra"',
            'column "extra", which must not be null, is not the source\'s',
            'column "w" is not the source\'s, its primary key is ("v"), not ("id")',
            'table public.b: is a view',
            'column "n\'" is numeric(5,1), not numeric(5,2), column "n\'" may be null, column "t" may not be null',
            'column "gone" is missing, column "g" is not generated',
            'table public.p: is not partitioned'):
        assert line in text
    text = copies.plan('--schema-policy=create_missing', status=3)
    assert 'problem: table public.c: column' in text and 'what to do: alter what differs' in text


def test_what_fits_is_kept(copies):
    """create_missing warns of differences that do no harm, makes what is missing, and uses what is there under other names."""
    copies.take(SMALL + '; CREATE TABLE c (id int PRIMARY KEY, a int NOT NULL); CREATE INDEX c_a ON c (a)')
    copies.pipeline.at_target("""
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'more');
        CREATE TABLE a (id bigint PRIMARY KEY, m mood, v varchar NOT NULL, extra text);
        CREATE TABLE c (id int PRIMARY KEY, a int); CREATE INDEX other_name ON c (a)""")
    log = copies.make()
    assert 'table public.a is kept as it is: column \\"id\\" is bigint, not integer' in log
    assert 'type public.mood is kept as it is' in log and 'column \\"a\\" may be null' in log
    indexes = "SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE tablename = %s"
    assert copies.pipeline.fetch_target(indexes, ('a',)) == 'a_pkey a_v_key'
    assert copies.pipeline.fetch_target(indexes, ('c',)) == 'c_pkey other_name'
    assert copies.pipeline.fetch_target("SELECT count(*) FROM pg_constraint WHERE conrelid = 'b'::regclass AND convalidated AND contype = 'f'") == 1
    copies.make('--schema-policy=create_missing')


def test_other_primary_key_stays(copies):
    """The source's becomes a unique index, by which rows are found."""
    copies.take('CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL)')
    copies.pipeline.at_target('CREATE TABLE t (id int NOT NULL, v int CONSTRAINT mine PRIMARY KEY)')
    copies.make()
    assert copies.pipeline.fetch_target(
        "SELECT string_agg(indexrelid::regclass || ' ' || indisprimary || ' ' || indisunique, ', ' ORDER BY 1) FROM pg_index "
        "WHERE indrelid = 't'::regclass") is not None
    assert copies.pipeline.fetch_target("SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'p'") == 'mine'


def test_what_hangs_on_a_dropped_table_is_named(copies):
    copies.take(SMALL)
    copies.make()
    copies.pipeline.at_target('CREATE VIEW mine AS SELECT * FROM a')
    text = copies.refuse('other objects depend', '--schema-policy=drop_and_recreate')
    assert 'view public.mine depends on table public.a' in text
    copies.compare()
    copies.pipeline.at_target('DROP VIEW mine')
    copies.make('--schema-policy=drop_and_recreate')
    copies.compare()


def test_rows_others_refer_to_are_not_removed(copies):
    copies.take(SMALL)
    copies.make()
    copies.pipeline.at_target(FILL)
    copies.pipeline.at_target('CREATE TABLE mine (a int REFERENCES a); INSERT INTO mine VALUES (1)')
    assert 'mine' in copies.refuse('cannot truncate a table referenced', '--write-mode=truncate')
    assert rows(copies) == (2, 1)


# -- parts --------------------------------------------------------------------

def test_only_what_is_asked_for(copies):
    copies.take(SMALL)
    copies.refuse('table public.a is not there', '--create=indexes')
    constraints = "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE conrelid IN ('a'::regclass, 'b'::regclass) AND contype <> 'n'"
    copies.make('--create=tables')
    assert copies.pipeline.fetch_target(constraints) is None
    copies.make('--create=none')
    assert copies.pipeline.fetch_target(constraints) is None
    copies.make('--create=indexes')
    assert copies.pipeline.fetch_target(constraints) == 'a_pkey a_v_key b_pkey'
    copies.make('--create=foreign_keys')
    assert copies.pipeline.fetch_target(constraints) == 'a_pkey a_v_key b_a_fkey b_pkey'
    copies.compare()


def test_a_foreign_key_that_does_not_hold(copies):
    """It is made, for new rows, and said not to be validated; with --strict the copy stops there."""
    copies.take(SMALL)
    copies.make('--create=tables,indexes')
    copies.pipeline.at_target('INSERT INTO b (a) VALUES (7)')
    assert copies.refuse('b_a_fkey.*violates foreign key', '--write-mode=append', '--strict')
    log = copies.make('--write-mode=append')
    assert 'not made at the target' in log and 'b_a_fkey' in log
    assert not copies.pipeline.fetch_target("SELECT convalidated FROM pg_constraint WHERE conname = 'b_a_fkey'")
    copies.pipeline.at_target('INSERT INTO a (id, v) VALUES (7, 7)')
    copies.make('--write-mode=append')
    copies.compare()


def test_sequences_pass_what_is_there(copies):
    copies.take("""
        CREATE TABLE a (id serial PRIMARY KEY, v text); CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
        CREATE TABLE c (id serial PRIMARY KEY); CREATE TABLE d (id serial PRIMARY KEY); CREATE SEQUENCE down INCREMENT -3 MINVALUE -100;
        ALTER TABLE d ALTER id SET DEFAULT nextval('down'); ALTER SEQUENCE down OWNED BY d.id;
        SELECT setval('a_id_seq', 10), nextval('b_id_seq'), nextval('down'), nextval('down')""")
    copies.make()
    values = {name: copies.pipeline.target.fetch_one(f'SELECT last_value, is_called FROM {name}', dbname=copies.pipeline.name)
              for name in ('a_id_seq', 'b_id_seq', 'c_id_seq', 'down')}
    assert values == {'a_id_seq': (10, True), 'b_id_seq': (1, True), 'c_id_seq': (1, False), 'down': (-4, True)}
    copies.pipeline.at_target("INSERT INTO a VALUES (20, ''); INSERT INTO b OVERRIDING SYSTEM VALUE VALUES (5);"
                              "INSERT INTO d VALUES (-50), (7), (-101); SELECT nextval('c_id_seq'), nextval('c_id_seq')")
    copies.make('--write-mode=append')
    values = {name: copies.pipeline.target.fetch_one(f'SELECT last_value, is_called FROM {name}', dbname=copies.pipeline.name)
              for name in ('a_id_seq', 'b_id_seq', 'c_id_seq', 'down')}
    assert values == {'a_id_seq': (20, True), 'b_id_seq': (5, True), 'c_id_seq': (2, True), 'down': (-50, True)}


def test_what_is_carried_and_cannot_be(copies):
    """A function that a default needs comes first; a view that cannot be made is warned of, or with --strict stops."""
    copies.take("""
        CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE t (id int DEFAULT one() PRIMARY KEY);
        CREATE FUNCTION all_t() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t';
        CREATE VIEW v AS SELECT * FROM all_t(); CREATE VIEW w AS SELECT * FROM v""", {'carry': 'functions, views, triggers'})
    copies.document['carried'].append({'kind': 'view', 'schema': 'public', 'name': 'x', 'table': None, 'before_tables': False,
                                       'definition': 'CREATE VIEW public.x AS SELECT * FROM public.nowhere'})
    copies.document['carried'].sort(key=lambda carried: carried['name'], reverse=True)
    copies.refuse('view public.x: .*nowhere', '--strict')
    log = copies.make()
    assert log.count('not made at the target') == 1 and 'public.nowhere' in log
    copies.compare(carried=comparable(copies))
    copies.make('--schema-policy=drop_and_recreate')
    copies.compare(carried=comparable(copies))


# -- trouble ------------------------------------------------------------------

def waiting_for_a_lock(copies):
    return copies.pipeline.fetch_target("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
                                        "AND application_name LIKE 'sluice-writer%%'") > 0


@pytest.mark.parametrize('lock, flags', (
    ('LOCK TABLE mine.t IN ACCESS EXCLUSIVE MODE', ('--schema-policy=drop_and_recreate',)),
    ('LOCK TABLE mine.t IN ROW EXCLUSIVE MODE', ()),
    ('LOCK TABLE mine.t IN ACCESS SHARE MODE', ())), ids=('tables', 'indexes', 'constraints'))
def test_a_killed_writer_is_gone_on_from(copies, lock, flags):
    """At the tables, at indexes, at what locks them alone."""
    copies.take('CREATE SCHEMA mine; CREATE TABLE mine.t (id int PRIMARY KEY, u int UNIQUE, v int); CREATE INDEX ON mine.t (v);'
                'CREATE TABLE mine.s (id int PRIMARY KEY, t int REFERENCES mine.t)')
    copies.make('--create=tables')
    connection = copies.pipeline.target.connect(copies.pipeline.name, autocommit=False)
    connection.cursor().execute(lock)
    writer = copies.writer(*flags)
    wait_for(lambda: waiting_for_a_lock(copies), LONG, 'the writer to wait')
    writer.kill()
    connection.close()
    writer.start(ready=False)
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    copies.compare()


def test_a_crash_during_an_unlogged_load_is_noticed(copies):
    """What is in unlogged tables goes with a crash of the target: nobody must go on as if it were there."""
    copies.take(SMALL)
    writer = copies.writer('--load-unlogged', awaited='a')
    copies.pipeline.wait_phase('loading')
    assert copies.pipeline.fetch_target("SELECT relpersistence FROM pg_class WHERE oid = 'a'::regclass") == 'u'
    assert writer.stop() == 0
    copies.pipeline.target.restart('immediate')
    writer = copies.writer('--load-unlogged')
    assert writer.wait(LONG) == 3
    assert 'the target crashed during an unlogged load' in writer.log() and '--write-mode truncate' in writer.log()
    copies.pipeline.at_target('DELETE FROM sluice.load')
    copies.make('--load-unlogged', '--write-mode=truncate')
    copies.compare()


# -- where the document comes from --------------------------------------------

def plan_from_nats(copies):
    return subprocess.run(
        [BUILD / 'sluice-writer', '--plan', '--stream', copies.pipeline.name, '--nats', copies.pipeline.nats.url,
         '--target', copies.pipeline.target.uri(copies.pipeline.name)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def test_plan_takes_the_newest_document(copies):
    copies.take(SMALL)
    done = plan_from_nats(copies)
    assert 'has no schema document' in done.stderr and done.returncode != 0
    publish(copies.pipeline.nats, with_load(copies.document, 1))
    copies.document['tables'][0]['comment'] = 'newer'
    publish(copies.pipeline.nats, with_load(copies.document, 12))
    done = plan_from_nats(copies)
    assert done.returncode == 0, done.stderr
    assert "COMMENT ON TABLE \"public\".\"a\" IS 'newer'" in done.stdout
    assert '-- type: public.a.id: integer -> integer' in done.stdout
