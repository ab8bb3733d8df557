"""Copies of whole databases, and what follows them: structure compared through the catalogs, rows one by one."""
import os
import random
import re
import subprocess

import pytest

from harness import bank, catalogs, compare, process, schemas
from harness.daemon import BUILD
from harness.mixed import Mixed
from harness.pipeline import Load
from harness.stream import create_stream
from harness.verify import verify
from harness.wait import wait_for

MEGABYTE = 1 << 20
SMALL = {'chunk_bytes': MEGABYTE}  # the smallest: more than one chunk even of small tables
CARRY = ('functions', 'views', 'triggers')
LONG = 180  # seconds; the machine may be busy


@pytest.fixture
def seed():
    """SLUICE_SEED repeats a run, as far as the machine lets it."""
    value = int(os.environ.get('SLUICE_SEED') or random.SystemRandom().randrange(1 << 31))
    print(f'SLUICE_SEED={value}')
    return value


def release(pipeline):
    return min(int(pipeline.source.version), int(pipeline.target.version))


def left_behind(kind, name, _what):
    """Unlogged tables are not in a stream; a schema that is there keeps its comment."""
    return name.startswith('public.scratch') or (kind, name) == ('schema', 'public')


def check_structure(pipeline, **options):
    return catalogs.compare(pipeline.source, pipeline.target, pipeline.name, **{'ignore': left_behind, **options})


def check_converted(pipeline, writer, **options):
    """A copy that ends: the writer does so by itself, the stream is finished, and both sides are equal."""
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    pipeline.wait_state('finished', LONG)
    check_structure(pipeline, **options)
    return compare.compare(pipeline.source, pipeline.target, dbname=pipeline.name)


def check_followed(pipeline, **options):
    """A copy whose stream goes on."""
    pipeline.wait_phase(timeout=LONG)
    pipeline.wait_state('streaming')
    rows = pipeline.wait_equal(timeout=LONG)
    check_structure(pipeline, **options)
    return rows


def fill(pipeline, rows=20000, table='t'):
    """A table with a key and an index, of about 200 bytes a row."""
    pipeline.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, k int NOT NULL, c text, n numeric); CREATE INDEX {table}_k ON {table} (k);"
                     f"INSERT INTO {table} SELECT i, i % 1000, repeat(md5(i::text), 5), i / 7.0 FROM generate_series(1, {rows}) i; ANALYZE {table}")


# -- whole databases ----------------------------------------------------------

def load_schema(pipeline, name, seed=1):
    if name == 'generated':
        schemas.Generated(seed, release(pipeline)).load(pipeline.source, pipeline.name)
    else:
        getattr(schemas, name)(pipeline.source, pipeline.name)


@pytest.mark.parametrize('mode', ('convert', 'convert+cdc'))
@pytest.mark.parametrize('schema', ('generated', 'sakila', 'chinook'))
def test_schema(pipeline, schema, mode, seed):
    load_schema(pipeline, schema, seed)
    writer = pipeline.convert(mode=mode, options=SMALL)
    rows = check_converted(pipeline, writer) if mode == 'convert' else check_followed(pipeline)
    assert sum(rows.values()) > 1000


# What hangs on an aggregate, which is not carried.
SAKILA_WITHOUT = ('actor_info', 'film_list', 'nicer_but_slower_film_list')


@pytest.mark.parametrize('schema', ('generated', 'sakila'))
def test_all_that_can_be_is_carried(pipeline, schema):
    load_schema(pipeline, schema)
    writer = pipeline.convert(mode='convert', options={'carry': ', '.join(CARRY)})
    check_converted(pipeline, writer, carried=CARRY, ignore=lambda kind, name, what: left_behind(kind, name, what) or
                    (kind == 'view' and schema == 'sakila' and name.split('.')[1] in SAKILA_WITHOUT))


@pytest.mark.parametrize('schema', ('generated', 'sakila'))
def test_hand_over_under_load(pipeline, schema, seed):
    """Every table changes before, during and after the copy, beside a bank whose books must agree."""
    load_schema(pipeline, schema, seed)
    mixed = Mixed(pipeline.source, pipeline.name, random.Random(seed))  # of all tables but the bank's
    pipeline.execute(bank.SCHEMA)
    pipeline.execute(bank.FUNCTIONS)
    bank.open_accounts(pipeline.source, pipeline.name)
    transfers = Load(pipeline.source, pipeline.name, bank.Client(random.Random(seed + 1)), 2, pause=0.005)
    changes = Load(pipeline.source, pipeline.name, mixed, 2, pause=0.005)
    with transfers, changes:
        transfers.wait_done(50)
        pipeline.convert(options=SMALL)
        pipeline.wait_phase(timeout=LONG)
        wait_for(pipeline.progress, 30, 'changes to be applied')
        with bank.Auditor(pipeline.target, pipeline.name, pipeline.name) as auditor:
            mixed.touched.clear()
            full = {table.name for table in mixed.tables if pipeline.source.fetch_one(f'SELECT EXISTS (SELECT FROM {table.name})', dbname=pipeline.name)}
            wait_for(lambda: changes.errors or len(full & mixed.touched) > 0.8 * len(full), LONG, lambda: f'most of {len(full)} tables to change')
            transfers.wait_done(200)
    for load in (transfers, changes):
        load.check()
    rows = pipeline.wait_equal(timeout=LONG)
    check_structure(pipeline, values=False)  # sequences are as of the copy
    assert auditor.snapshots and not auditor.faults, auditor.faults
    assert rows['public.account'] == bank.ACCOUNTS


def test_changes_of_the_copys_first_moment_are_neither_lost_nor_doubled(pipeline):
    """Rows counted by a client that never stops: what the snapshot has the stream has not, and the other way round."""
    fill(pipeline)
    pipeline.execute('CREATE TABLE log (id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp()); CREATE TABLE keyless (n int);'
                     'ALTER TABLE keyless REPLICA IDENTITY FULL')

    def body(cursor, number):
        cursor.execute('BEGIN; INSERT INTO log DEFAULT VALUES; INSERT INTO keyless VALUES (1); UPDATE t SET k = k + 1 WHERE id = 1 + (random() * 19999)::int; COMMIT')
    with Load(pipeline.source, pipeline.name, body, 3, pause=0) as load:
        load.wait_done(100)
        pipeline.convert(options=SMALL)
        pipeline.wait_phase(timeout=LONG)
        load.wait_done(100)
    load.check()
    rows = pipeline.wait_equal(timeout=LONG)
    assert rows['public.log'] == rows['public.keyless'] and rows['public.log'] >= load.done


# -- sizes --------------------------------------------------------------------

def test_empty_tables(pipeline):
    pipeline.execute('CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (id int REFERENCES a, v text UNIQUE); CREATE TABLE c ();'
                     'CREATE TABLE d (id int PRIMARY KEY) PARTITION BY RANGE (id)')
    writer = pipeline.convert(mode='convert')
    assert check_converted(pipeline, writer) == {'public.a': 0, 'public.b': 0, 'public.c': 0}


def test_many_chunks(pipeline):
    """A table of hundreds of chunks, its values apart in TOAST, with holes and pages without a row."""
    fill(pipeline, 100000)
    pipeline.execute('DELETE FROM t WHERE id BETWEEN 20000 AND 40000 OR id % 3 = 0')
    pipeline.execute("CREATE TABLE apart (id int PRIMARY KEY, v text); ALTER TABLE apart ALTER v SET STORAGE EXTERNAL;"
                     "INSERT INTO apart SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 3000) i")
    writer = pipeline.convert(mode='convert', options={**SMALL, 'copy_workers': 3})
    check_converted(pipeline, writer)
    chunks = pipeline.source.fetch('SELECT relid::regclass::text, count(*) FROM sluice.copy_done WHERE stream = %s GROUP BY 1', (pipeline.name,), pipeline.name)
    assert dict(chunks)['t'] > 15 and dict(chunks)['apart'] > 3, chunks


def test_100_mb_value(pipeline):
    """A value far bigger than a message, in a chunk with small ones, by the copy and then by the stream."""
    pipeline.execute("CREATE TABLE t (id int PRIMARY KEY, v text, b bytea)")
    pipeline.execute(f"INSERT INTO t SELECT i, repeat('0123456789abcdef', CASE i WHEN 5 THEN {100 * MEGABYTE // 16} ELSE i END), NULL FROM generate_series(1, 10) i")
    pipeline.convert()
    assert check_followed(pipeline) == {'public.t': 10}
    pipeline.execute('UPDATE t SET id = 50 WHERE id = 5')
    assert pipeline.wait_equal(timeout=LONG) == {'public.t': 10}


def test_thousand_tables(pipeline):
    pipeline.execute('DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('
                     "'CREATE TABLE t%s (id serial PRIMARY KEY, v text); INSERT INTO t%s (v) SELECT ''v'' FROM generate_series(1, 20)', i, i);"
                     ' END LOOP; END $$')
    writer = pipeline.convert(mode='convert')
    assert len(check_converted(pipeline, writer)) == 1000


# -- what is copied -----------------------------------------------------------

def publish(pipeline, name, definition):
    pipeline.execute(f'CREATE PUBLICATION {name} {definition}')


def needs(pipeline, version):
    if int(pipeline.source.version) < version:
        pytest.skip(f'publications have this since release {version}')


def test_column_list_and_row_filter(pipeline):
    """Both hold for the copy and for the changes; what is not published is not made at the target."""
    needs(pipeline, 15)
    pipeline.execute("CREATE TABLE t (id int PRIMARY KEY, a int, secret text, b text DEFAULT 'b', CHECK (a > 0), CHECK (secret <> 'x'));"
                     'CREATE INDEX t_a ON t (a); CREATE INDEX t_secret ON t (secret); CREATE TABLE u (id int PRIMARY KEY, n int);'
                     'ALTER TABLE u REPLICA IDENTITY FULL')
    pipeline.execute("INSERT INTO t SELECT i, i, 'secret', 'b' || i FROM generate_series(1, 1000) i; INSERT INTO u SELECT i, i % 10 FROM generate_series(1, 1000) i")
    publish(pipeline, 'part', 'FOR TABLE t (id, a, b) WHERE (id <= 600), u WHERE (n > 4)')
    pipeline.convert(publication='part', options=SMALL)
    pipeline.wait_phase(timeout=LONG)
    assert pipeline.fetch_target("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0") == 'id,a,b'
    assert pipeline.fetch_target("SELECT string_agg(indexrelid::regclass::text, ',' ORDER BY 1) FROM pg_index WHERE indrelid = 't'::regclass") == 't_a,t_pkey'
    pipeline.execute("UPDATE t SET a = a + 1, secret = 'y' WHERE id % 2 = 0; INSERT INTO t VALUES (5000, 1, 's', 'b'), (-1, 1, 's', 'b');"
                     'UPDATE u SET n = 9 - n WHERE id <= 100; DELETE FROM u WHERE id > 900')
    pipeline.wait_caught_up()
    for table, columns, where in (('t', 'id, a, b', 'id <= 600'), ('u', 'id, n', 'n > 4')):
        sums = [server.fetch_one(f'SELECT count(*), sum(hashtext(({columns})::text)) FROM {table} WHERE {where}', dbname=pipeline.name)
                for server in (pipeline.source, pipeline.target)]
        assert sums[0] == sums[1] and sums[0][0]
        assert pipeline.fetch_target(f'SELECT count(*) FROM {table} WHERE NOT {where}') == 0
    assert 'secret' not in pipeline.fetch_target('SELECT string_agg(t::text, NULL) FROM t t')


PARTITIONED = '''
    CREATE TABLE p (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE p20 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY HASH (id);
    CREATE TABLE p20a PARTITION OF p20 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE p20b PARTITION OF p20 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE pdef (v text, at date NOT NULL, id int NOT NULL); ALTER TABLE p ATTACH PARTITION pdef DEFAULT;
    CREATE INDEX p_v ON p (v);
    INSERT INTO p SELECT i, '2019-12-01'::date + i, 'v' || i FROM generate_series(1, 800) i'''


@pytest.mark.parametrize('via_root', (False, True), ids=('leaves', 'root'))
def test_partitions(pipeline, via_root):
    """The same shape at the target; published by the root or by the leaves, rows that move between partitions too."""
    pipeline.execute(PARTITIONED)
    publish(pipeline, 'parts', f'FOR TABLE p WITH (publish_via_partition_root = {via_root})')
    pipeline.convert(publication='parts')
    check_followed(pipeline)
    pipeline.execute("UPDATE p SET at = at + 400 WHERE id % 5 = 0; DELETE FROM p WHERE id % 7 = 0; INSERT INTO p VALUES (9000, '2020-06-01', 'n')")
    pipeline.wait_equal()


MOVES = "UPDATE p SET at = at + 400 WHERE id % 5 = 0; DELETE FROM p WHERE id % 7 = 0; INSERT INTO p VALUES (9000, '2020-06-01', 'n')"


def test_partitions_into_one_table_that_is_there(pipeline):
    """Published by its root, a partitioned table goes into a plain one."""
    pipeline.execute(PARTITIONED)
    pipeline.at_target('CREATE TABLE p (id int, at date, v text, PRIMARY KEY (id, at))')
    publish(pipeline, 'flat', 'FOR TABLE p WITH (publish_via_partition_root)')
    pipeline.convert('--create', 'none', '--partitions', 'flatten', publication='flat')
    pipeline.wait_phase(timeout=LONG)
    pipeline.execute(MOVES)
    pipeline.wait_equal(['public.p'])


FLAT = '''
    CREATE TABLE owner (id int PRIMARY KEY); INSERT INTO owner SELECT generate_series(1, 10);
    ALTER TABLE p ADD n serial, ADD owner int REFERENCES owner, ADD CHECK (id > 0), ADD UNIQUE (n, id, at);
    UPDATE p SET owner = 1 + id % 10;
    CREATE TABLE note (p int, at date, FOREIGN KEY (p, at) REFERENCES p); INSERT INTO note SELECT id, at FROM p WHERE id < 50 AND id % 7 > 0 AND id % 5 > 0;
    CREATE INDEX of_one ON pdef (v); ALTER TABLE pdef ADD CONSTRAINT of_default CHECK (v <> '')'''

FOUND = '''
    SELECT string_agg(what, ', ' ORDER BY what) FROM (
        SELECT conname || ' ' || convalidated FROM pg_constraint WHERE conrelid IN ('p'::regclass, 'note'::regclass) AND contype <> 'n'
        UNION ALL SELECT indexname FROM pg_indexes WHERE tablename = 'p'
        UNION ALL SELECT relname || ' ' || relkind::text FROM pg_class WHERE relname ~ '^p' AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace) x (what)'''


def test_partitions_are_flattened(pipeline):
    """One plain table with the root's keys, indexes and references, and what is of one partition alone is named."""
    pipeline.execute(PARTITIONED + ';' + FLAT)
    publish(pipeline, 'flat', 'FOR TABLE p, owner, note WITH (publish_via_partition_root)')
    writer = pipeline.convert('--partitions', 'flatten', publication='flat')
    pipeline.wait_phase(timeout=LONG)
    assert pipeline.fetch_target(FOUND) == ('note_p_at_fkey true, p r, p_id_check true, p_n_id_at_key, p_n_id_at_key true, p_owner_fkey true, '
                                            'p_pkey, p_pkey true, p_v')
    assert pipeline.fetch_target("SELECT pg_get_serial_sequence('p', 'n'), last_value FROM p_n_seq") == ('public.p_n_seq', 800)
    for name in ('of_one on pdef', 'of_default on pdef'):
        assert name in writer.log()
    pipeline.execute(MOVES)
    pipeline.wait_equal(['public.p', 'public.owner', 'public.note'])
    assert verify(pipeline).table('public.p')['keyed']
    pipeline.execute("ALTER TABLE p ADD later int DEFAULT 7; CREATE INDEX p_later ON p (later); CREATE TABLE p22 PARTITION OF p FOR VALUES FROM ('2030-01-01') TO "
                     "('2031-01-01'); INSERT INTO p VALUES (9100, '2030-06-01', 'new')")
    pipeline.wait_equal(['public.p'])
    assert pipeline.fetch_target("SELECT to_regclass('p22') IS NULL AND to_regclass('p_later') IS NOT NULL")


def test_partitions_published_one_by_one_are_not_flattened(pipeline):
    """Their changes would not find the table: refused before anything is made, and the message says what to do."""
    pipeline.execute(PARTITIONED)
    publish(pipeline, 'parts', 'FOR TABLE p')
    writer = pipeline.convert('--partitions', 'flatten', mode='convert', publication='parts')
    text = wait_for(lambda: refusal(writer), 60, lambda: f'a refusal\n{writer.process.log_tail()}')
    assert 'table public.p cannot be flattened' in text and 'publish_via_partition_root' in text, text
    assert pipeline.fetch_target("SELECT to_regclass('p') IS NULL")


def test_query_in_place_of_a_table(pipeline):
    fill(pipeline, 2000)
    writer = pipeline.convert(mode='convert', options={'queries': {'public.t': 'SELECT id, k, upper(c) AS c, n FROM public.t WHERE id % 2 = 0'}})
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    assert pipeline.fetch_target("SELECT count(*), count(*) FILTER (WHERE c = upper(c)) FROM t") == (1000, 1000)


def test_exclusion_constraints_and_policies_are_named(pipeline):
    """What is not carried is said, with the reason and how to do it by hand."""
    pipeline.execute('''
        CREATE TABLE room (id int PRIMARY KEY, during tsrange, EXCLUDE USING gist (during WITH &&));
        CREATE TABLE guarded (id int PRIMARY KEY, owner text); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON guarded USING (owner = CURRENT_USER); CREATE VIEW v AS SELECT id FROM room''')
    writer = pipeline.convert(mode='convert')
    assert writer.wait(LONG) == 0
    left = pipeline.source.fetch("SELECT kind, object, warning FROM sluice.preview(%s) WHERE warning LIKE 'not carried%%'", (pipeline.name,), pipeline.name)
    assert {kind for kind, _, _ in left} >= {'exclusion constraint', 'policy', 'row security', 'view'}, left
    assert all(warning for _, _, warning in left)
    for name in ('room_during_excl', 'own'):
        assert name in writer.log(), writer.log()


# -- plans --------------------------------------------------------------------

def run_writer(pipeline, *args):
    """sluice-writer in the foreground: (exit status, standard output, standard error)."""
    done = subprocess.run([process.program(BUILD / 'sluice-writer'), '--nats', pipeline.nats.url, '--stream', pipeline.name,
                           '--target', pipeline.target.uri(pipeline.name), *args], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=LONG, check=False)
    return done.returncode, done.stdout, done.stderr


def test_preview_touches_nothing(pipeline):
    schemas.Generated(2, release(pipeline), tables=80).load(pipeline.source, pipeline.name)
    create_stream(pipeline.source, pipeline.nats, pipeline.name, schemas.roots(pipeline.source, pipeline.name), pipeline.name, start=False, mode='convert')
    pipeline.created = True
    rows = pipeline.source.fetch('SELECT object, kind, source_definition, warning FROM sluice.preview(%s)', (pipeline.name,), pipeline.name)
    tables = pipeline.source.fetch_one("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relpersistence = 'p' AND relnamespace >= 2200 "
                                       "AND relnamespace NOT IN ('sluice'::regnamespace, 'information_schema'::regnamespace)", dbname=pipeline.name)
    assert sum(kind in ('table', 'partitioned table') for _, kind, _, _ in rows) == tables
    assert any(kind == 'foreign key' and 'came_first' in name for name, kind, _, _ in rows)
    assert pipeline.status()['state'] == 'created'
    assert not pipeline.source.fetch("SELECT FROM pg_replication_slots WHERE database = %s", (pipeline.name,))
    assert not compare.user_tables(pipeline.target, pipeline.name)


def test_plan_touches_nothing(pipeline):
    """--plan writes what would be run, from a copy that waits for its writer; run by psql it makes the same structure."""
    schemas.Generated(3, release(pipeline), tables=80).load(pipeline.source, pipeline.name)
    pipeline.stream(schemas.roots(pipeline.source, pipeline.name), mode='convert')
    wait_for(lambda: run_writer(pipeline, '--plan')[0] == 0, 60, 'the schema document to be there', 0.5)
    status, plan, _ = run_writer(pipeline, '--plan')
    assert status == 0 and 'CREATE TABLE' in plan and 'came_first' in plan
    assert not compare.user_tables(pipeline.target, pipeline.name)
    assert pipeline.fetch_target("SELECT to_regnamespace('sluice') IS NULL OR to_regclass('sluice.load') IS NULL")
    pipeline.target.psql(plan, pipeline.name)
    check_structure(pipeline)


def test_plan_names_every_problem(pipeline):
    fill(pipeline, 10)
    fill(pipeline, 10, 'u')
    pipeline.at_target('CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW u AS SELECT 1')
    pipeline.stream(schemas.roots(pipeline.source, pipeline.name), mode='convert')
    wait_for(lambda: 'public.u' in ''.join(run_writer(pipeline, '--plan')[1:]), 60, 'the schema document to be there', 0.5)
    status, plan, errors = run_writer(pipeline, '--plan')
    assert status != 0
    for name in ('public.t', 'public.u'):
        assert name in plan + errors


# -- what is at the target already --------------------------------------------

POLICIES = ('fail_if_exists', 'validate_existing', 'create_missing', 'drop_and_recreate')
MODES = ('fail_if_not_empty', 'append', 'truncate', 'upsert')

# What is at the target before: nothing; table t alike and empty; alike with rows 1 (other than the source's) and 5000.
THERE = ('nothing', 'empty', 'rows')


def outcome(policy, mode, there):
    """'refused', 'replaced' (the target's rows are the source's), 'merged' (both) or 'clash' (a row that is in the way)."""
    if policy == 'fail_if_exists' and there != 'nothing' or policy == 'validate_existing' and there == 'nothing':
        return 'refused'
    if policy == 'drop_and_recreate' or there != 'rows' or mode == 'truncate':
        return 'replaced'
    return {'fail_if_not_empty': 'refused', 'append': 'clash', 'upsert': 'merged'}[mode]


@pytest.mark.parametrize('there', THERE)
@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('policy', POLICIES)
def test_policies(pipeline, policy, mode, there):
    fill(pipeline, 100)
    if there != 'nothing':
        pipeline.at_target('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, c text, n numeric); CREATE INDEX t_k ON t (k)')
    if there == 'rows':
        pipeline.at_target("INSERT INTO t VALUES (1, 77, 'other', 0), (5000, 77, 'kept', 0)")
    writer = pipeline.convert('--schema-policy', policy, '--write-mode', mode, mode='convert')
    expected = outcome(policy, mode, there)
    if expected in ('refused', 'clash'):
        text = wait_for(lambda: refusal(writer), 60, lambda: f'a refusal\n{writer.process.log_tail()}')
        assert 't' in text
        assert pipeline.fetch_target("SELECT to_regclass('t') IS NULL") == (there == 'nothing')
        if there == 'rows':
            assert pipeline.target.fetch("SELECT c FROM t WHERE id IN (1, 5000) ORDER BY id", dbname=pipeline.name) == [('other',), ('kept',)]
        return
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    if expected == 'merged':
        assert pipeline.fetch_target("SELECT count(*), count(*) FILTER (WHERE c = 'other'), count(*) FILTER (WHERE c = 'kept') FROM t") == (101, 0, 1)
    else:
        assert compare.compare(pipeline.source, pipeline.target, dbname=pipeline.name) == {'public.t': 100}


def refusal(writer):
    """What the writer says when it will not go on: on /readyz, or in its log when it has ended."""
    if not writer.is_running():
        assert writer.process.exit_status() != 0
        return writer.process.log_tail(5)
    status, text = writer.page('readyz')
    return status == 503 and re.search('table|refuse|exist|empty|key|public', text) and 'waiting for' not in text and text


# (what is at the target, what the message must name, what it must suggest)
MISMATCHES = {
    'missing column': ('CREATE TABLE t (id int PRIMARY KEY, k int, c text)', '"n"|\\bn\\b', 'ALTER TABLE|add|drop_and_recreate'),
    'lossy type': ('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, c text, n numeric(5,1))', '\\bn\\b', 'ALTER TABLE|type|drop_and_recreate'),
    'required column': ('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, c text, n numeric, more int NOT NULL)', 'more', 'DEFAULT|default|drop_and_recreate'),
    'a view': ('CREATE VIEW t AS SELECT 1 AS id', 'view|not a table', 'drop|rename|DROP|RENAME'),
    'generated column': ('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, c text, n numeric GENERATED ALWAYS AS (1) STORED)', '\\bn\\b|generated', ''),
}


def test_value_that_does_not_fit(pipeline):
    """A narrower type takes what fits; what does not stops the copy, and the table's mend lets it go on."""
    fill(pipeline, 40000)
    pipeline.at_target('CREATE TABLE t (id smallint PRIMARY KEY, k int NOT NULL, c text, n numeric)')
    writer = pipeline.convert(mode='convert')
    text = wait_for(lambda: refusal(writer), 60, lambda: f'a refusal\n{writer.process.log_tail()}')
    assert 'public.t' in text and 'id' in text and 'smallint' in text, text
    pipeline.at_target('ALTER TABLE t ALTER id TYPE int')
    assert writer.wait(LONG) == 0
    assert compare.compare(pipeline.source, pipeline.target, dbname=pipeline.name) == {'public.t': 40000}


@pytest.mark.parametrize('what', MISMATCHES)
def test_mismatched_target_is_refused(pipeline, what):
    """Nothing is written, the message says what does not fit and what to do; when that is done it goes on."""
    there, names, suggests = MISMATCHES[what]
    fill(pipeline, 100)
    pipeline.at_target(there)
    writer = pipeline.convert('--schema-policy', 'create_missing', mode='convert')
    text = wait_for(lambda: refusal(writer), 60, lambda: f'a refusal\n{writer.process.log_tail()}')
    assert re.search(names, text) and re.search(suggests, text), text
    pipeline.at_target(f'DROP {"VIEW" if what == "a view" else "TABLE"} t')
    check_converted(pipeline, writer)


def test_only_tables_are_created(pipeline):
    pipeline.execute('CREATE TABLE a (id int PRIMARY KEY, v int); CREATE INDEX ON a (v); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)')
    writer = pipeline.convert('--create', 'tables', mode='convert')
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    assert pipeline.fetch_target("SELECT count(*) FROM pg_index WHERE indrelid IN ('a'::regclass, 'b'::regclass) AND NOT indisprimary") == 0
    assert pipeline.fetch_target("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == 0


# -- the course of it ---------------------------------------------------------

def test_two_writers_load_together(pipeline):
    """Chunks go to any writer; one of them makes the structure and follows the stream afterwards."""
    fill(pipeline, 200000)
    pipeline.target.execute('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, c text, n numeric)', dbname=pipeline.name)
    one = ('--schema-policy', 'create_missing', '--load-connections', '1')
    with pipeline.target.connect(pipeline.name, autocommit=False) as held:
        held.cursor().execute('LOCK TABLE t IN SHARE MODE')  # rows wait, so that one writer cannot take them all
        first = pipeline.convert(*one, options=SMALL)
        second = pipeline.writer(*one, ready=False, name='second')
        wait_for(lambda: waiting_copies(pipeline) == 2, LONG, 'both writers to wait for the table')
    pipeline.wait_phase(timeout=LONG)
    assert check_followed(pipeline)['public.t'] == 200000
    shares = [writer.metric('sluice_writer_load_rows_total') for writer in (first, second)]
    assert sum(shares) == 200000 and all(shares), shares


def waiting_copies(pipeline):
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'COPY'"
    return pipeline.target.fetch_one(query, dbname=pipeline.name)


def test_two_targets(pipeline):
    """Two consumers: each has a copy of its own, and the stream waits for both."""
    fill(pipeline, 5000)
    pipeline.target.create_database(f'{pipeline.name}_2')
    pipeline.stream(schemas.roots(pipeline.source, pipeline.name), mode='convert', options={'consumers': 'writer, other'})
    first = pipeline.writer(ready=False)
    assert first.wait(LONG) == 0
    assert pipeline.status()['state'] != 'finished'
    second = pipeline.writer('--consumer', 'other', '--target', pipeline.target.uri(f'{pipeline.name}_2'), ready=False, name='other')
    assert second.wait(LONG) == 0, second.process.log_tail()
    pipeline.wait_state('finished')
    for dbname in (pipeline.name, f'{pipeline.name}_2'):
        assert compare.compare(pipeline.source, pipeline.target, dbname=pipeline.name, target_dbname=dbname) == {'public.t': 5000}


@pytest.mark.parametrize('mode', ('convert', 'convert+cdc'))
def test_pause_and_resume(pipeline, mode):
    """A copy that is paused in the middle goes on."""
    fill(pipeline, 200000)
    writer = pipeline.convert(options=SMALL, mode=mode)
    wait_done_chunks(pipeline, 3)
    pipeline.call('pause_stream')
    pipeline.wait_state('paused')
    if mode == 'convert+cdc':
        pipeline.execute("UPDATE t SET k = k + 1 WHERE id % 100 = 0; DELETE FROM t WHERE id % 1000 = 1")
    pipeline.call('resume_stream')
    if mode == 'convert':
        check_converted(pipeline, writer)
    else:
        check_followed(pipeline)


@pytest.mark.parametrize('key', ('', ', PRIMARY KEY (id, part)'), ids=('keyless', 'keyed'))
def test_flattened_copy_goes_on(pipeline, key):
    """A new snapshot in the middle of partitions, some of which are in the target's one table already."""
    pipeline.execute(f'CREATE TABLE p (id int, part int, v text{key}) PARTITION BY LIST (part)')
    for part in range(4):
        pipeline.execute(f'CREATE TABLE p{part} PARTITION OF p FOR VALUES IN ({part})')
        if not key:
            pipeline.execute(f'ALTER TABLE p{part} REPLICA IDENTITY FULL')
        pipeline.execute(f"INSERT INTO p SELECT i, {part}, md5(i::text) || repeat('x', 60) FROM generate_series(1, {10000 * (4 - part)}) i")
    if not key:
        pipeline.execute('ALTER TABLE p REPLICA IDENTITY FULL')
    publish(pipeline, 'flat', 'FOR TABLE p WITH (publish_via_partition_root)')
    pipeline.convert('--partitions', 'flatten', publication='flat', options=SMALL)
    for chunks in (3, 7):
        wait_done_chunks(pipeline, chunks)
        pipeline.call('pause_stream')
        pipeline.wait_state('paused')
        pipeline.execute("UPDATE p SET v = 'new' WHERE id % 100 = 0; DELETE FROM p WHERE id % 1000 = 1; UPDATE p SET part = (part + 1) % 4, id = id + 100000 * (1 + part) WHERE id % 500 = 7")
        pipeline.call('resume_stream')
    pipeline.wait_phase(timeout=LONG)
    pipeline.wait_equal(['public.p'], timeout=LONG)


def wait_done_chunks(pipeline, count, timeout=60):
    """Waits until so many chunks are in JetStream."""
    query = 'SELECT count(*) >= %s FROM sluice.copy_done WHERE stream = %s'
    wait_for(lambda: pipeline.source.fetch_one(query, (count, pipeline.name), pipeline.name), timeout, f'{count} chunks')


def test_progress_of_tables(pipeline):
    """Each table's rows and bytes, estimated and exact, its phase, and totals."""
    fill(pipeline, 50000)
    fill(pipeline, 100, 'u')
    pipeline.convert(options=SMALL)
    pipeline.wait_phase(timeout=LONG)
    pipeline.wait_state('streaming')
    rows = pipeline.source.fetch('SELECT to_jsonb(t) FROM sluice.stat_tables t WHERE stream = %s', (pipeline.name,), pipeline.name)
    tables = {row[0]['table_name']: row[0] for row in rows}
    big, small = tables['public.t'], tables['public.u']
    assert big['copy_state'] == small['copy_state'] == 'streaming', tables
    assert big['copied_rows'] == 50000 and small['copied_rows'] == 100, tables
    assert big['copied_bytes'] > 5 * MEGABYTE
    assert big['estimated_rows'] == pytest.approx(50000, rel=0.2)


def test_many_empty_tables(pipeline):
    """More bundles at once than may wait for the target's disk."""
    pipeline.execute(';'.join(f'CREATE TABLE e{i} (id int PRIMARY KEY, v text)' for i in range(300)))
    writer = pipeline.convert()
    pipeline.wait_phase(timeout=LONG)
    pipeline.wait_equal(timeout=LONG)
    writer.process.check_running()


def test_finished(pipeline):
    """After a copy alone nothing is left behind that costs: no slot, no worker; dropping it removes the rest."""
    fill(pipeline, 1000)
    writer = pipeline.convert(mode='convert')
    check_converted(pipeline, writer)
    assert pipeline.status()['pid'] is None
    assert not pipeline.source.fetch("SELECT FROM pg_replication_slots WHERE database = %s", (pipeline.name,))
    pipeline.execute('INSERT INTO t VALUES (-1, 0)')
    pipeline.source.restart()
    assert pipeline.status()['state'] == 'finished'
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 1000
    pipeline.call('drop_stream')
    wait_for(lambda: pipeline.status() is None, 30, 'the stream to be dropped')


def test_writer_of_a_finished_copy_ends_at_once(pipeline):
    fill(pipeline, 1000)
    writer = pipeline.convert(mode='convert')
    check_converted(pipeline, writer)
    assert pipeline.writer(ready=False, name='again').wait(30) == 0


@pytest.mark.parametrize('mode', ('cdc', 'convert+cdc'))
def test_max_events(pipeline, mode):
    """A stream with a limit ends after so many changes, at the end of a transaction, and everything up to there arrives."""
    pipeline.execute('CREATE TABLE t (id serial PRIMARY KEY)')
    if mode == 'cdc':
        pipeline.at_target('CREATE TABLE t (id serial PRIMARY KEY)')
    pipeline.convert(mode=mode, options={'max_events': 100})
    pipeline.wait_state('streaming')
    for _ in range(50):
        pipeline.execute('INSERT INTO t SELECT FROM generate_series(1, 10)')
    pipeline.wait_state('finished', LONG)
    wait_for(lambda: pipeline.fetch_target('SELECT count(*) FROM t') == 100, 60, 'the changes to arrive')


def test_max_events_of_a_backlog(pipeline):
    """... also when much more is in the log already, in transactions that are decoded at one go."""
    pipeline.execute('CREATE TABLE t (id serial PRIMARY KEY)')
    pipeline.at_target('CREATE TABLE t (id serial PRIMARY KEY)')
    pipeline.convert(mode='cdc', options={'max_events': 100})
    pipeline.wait_state('streaming')
    pipeline.call('pause_stream')
    pipeline.wait_state('paused')
    for _ in range(20):
        pipeline.execute('INSERT INTO t SELECT FROM generate_series(1, 10)')
    pipeline.call('resume_stream')
    pipeline.wait_state('finished', LONG)
    wait_for(lambda: pipeline.fetch_target('SELECT count(*) FROM t') >= 100, 60, 'the changes to arrive')
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 100


def test_max_seconds(pipeline):
    pipeline.execute('CREATE TABLE t (id serial PRIMARY KEY)')
    pipeline.convert(options={'max_seconds': 3})
    pipeline.wait_phase()
    pipeline.wait_state('finished', LONG)
    assert not pipeline.source.fetch("SELECT FROM pg_replication_slots WHERE database = %s AND active", (pipeline.name,))


def test_rename_during_the_copy_is_held_off(pipeline):
    """While a table is read it is locked against changes of its structure, and free for everything else."""
    fill(pipeline, 200000)
    pipeline.convert(options=SMALL)
    wait_done_chunks(pipeline, 1)
    pipeline.execute("SET lock_timeout = '60s'; UPDATE t SET k = 0 WHERE id = 7; DELETE FROM t WHERE id = 8; INSERT INTO t VALUES (-5, 1, 'new')")
    check_followed(pipeline)


def test_keyless_tables(pipeline):
    """Rows without a key, doubled ones too, are copied once each."""
    pipeline.execute("CREATE TABLE t (a int, b text); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t SELECT i % 10, 'b' FROM generate_series(1, 5000) i")
    pipeline.convert(options=SMALL)
    assert check_followed(pipeline) == {'public.t': 5000}
    pipeline.execute('DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 3 LIMIT 7); UPDATE t SET b = NULL WHERE a = 4')
    assert pipeline.wait_equal() == {'public.t': 4993}
