"""A short way through for every release: sources, targets and NATS servers."""
import pytest

from harness import catalogs, schemas, servers
from harness.nats import NatsServer
from harness.pipeline import Pipeline
from harness.postgres import NO_FSYNC, Postgres, Source
from harness.wait import wait_for

DEFAULT = {'source': servers.DEBIAN_POSTGRES, 'target': servers.DEBIAN_POSTGRES, 'nats': servers.DEBIAN_NATS}


@pytest.fixture
def through():
    """Makes a pipeline of servers of the given versions; the others are the default ones."""
    made = []

    def make(**versions):
        versions = {**DEFAULT, **versions}
        source = Source(versions['source'], NO_FSYNC, name='source')
        target = Postgres(versions['target'], NO_FSYNC, name='target')
        nats = NatsServer(versions['nats'])
        if not (source.extension_folder() / 'sluice.control').exists():
            pytest.skip(f"the extension is not installed for PostgreSQL {versions['source']}: "
                        f"make install-extension PG={versions['source']}")
        made.extend((source, target, nats))
        for server in made:
            server.start()
        pipeline = Pipeline(source, target, nats, 'versions')
        made.insert(0, pipeline)
        return pipeline
    yield make
    for thing in made:
        if isinstance(thing, Pipeline):
            thing.close()
        else:
            thing.remove()


def pass_through(pipeline):
    """Every kind of change and path, a kill of each part, and equal at the end."""
    pipeline.create('''
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE t (id bigserial PRIMARY KEY, v text, f float8, m mood, a int[], n numeric, at timestamptz, j jsonb);
        ALTER TABLE t ALTER v SET STORAGE EXTERNAL;
        CREATE TABLE nokey (a int, b text); ALTER TABLE nokey REPLICA IDENTITY FULL;
        CREATE TABLE u (id int PRIMARY KEY, u int UNIQUE)''')
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t (v, f, m, a, n, at, j) SELECT repeat(md5(i::text), 1 + i % 100), 0.1 * i, 'sad', ARRAY[i, NULL],"
                     "i / 7.0, '2024-02-29'::timestamptz + i * interval '1 min', '{\"a\": [1, null]}' FROM generate_series(1, 5000) i")
    pipeline.execute("INSERT INTO nokey SELECT i % 10, 'b' FROM generate_series(1, 200) i; INSERT INTO u SELECT i, i FROM "
                     'generate_series(1, 100) i')
    pipeline.execute("UPDATE t SET m = 'ok', f = 'NaN', n = 'NaN' WHERE id % 3 = 0")
    pipeline.execute('UPDATE t SET id = id + 100000 WHERE id < 50; DELETE FROM t WHERE id % 10 = 1')
    pipeline.execute('DELETE FROM nokey WHERE ctid IN (SELECT ctid FROM nokey WHERE a = 1 LIMIT 3);'
                     "UPDATE nokey SET b = 'c' WHERE a = 2")
    pipeline.execute('BEGIN; UPDATE u SET u = -1 WHERE id = 1; UPDATE u SET u = 1 WHERE id = 2; UPDATE u SET u = 2 WHERE id = 1; COMMIT')
    pipeline.wait_equal()
    pipeline.execute("BEGIN; TRUNCATE u; INSERT INTO u VALUES (1, 1); COMMIT; UPDATE t SET v = 'w' WHERE id < 1000")
    writer.kill()
    pipeline.nats.kill()
    pipeline.nats.start()
    writer.start()
    pipeline.execute('INSERT INTO u VALUES (2, 2)')
    pipeline.source.restart('immediate')
    pipeline.execute('INSERT INTO u VALUES (3, 3)')
    pipeline.target.restart('immediate')
    pipeline.execute('ALTER TABLE u ADD extra text')
    pipeline.at_target('ALTER TABLE u ADD extra text')
    pipeline.execute("INSERT INTO u VALUES (4, 4, 'e')")
    rows = pipeline.wait_equal()
    assert rows['public.u'] == 4 and rows['public.nokey'] == 197
    for call, state in (('pause_stream', 'paused'), ('resume_stream', 'streaming'), ('stop_stream', 'stopped'),
                        ('start_stream', 'streaming')):
        pipeline.call(call)
        pipeline.wait_state(state)
    pipeline.execute('DELETE FROM u WHERE id = 1')
    pipeline.wait_equal()
    assert not [row for row in pipeline.source.fetch('SELECT * FROM sluice.check()', dbname=pipeline.name) if row[1] == 'missing']
    assert writer.is_running()
    pipeline.call('drop_stream')
    wait_for(lambda: pipeline.status() is None, 30, 'the stream to be dropped')
    assert writer.stop() == 0


@pytest.mark.parametrize('version', servers.SOURCE_VERSIONS)
def test_source(version, through):
    pass_through(through(source=version))


@pytest.mark.parametrize('version', ('10', '12', '14', '16', '18'))
def test_target(version, through):
    pass_through(through(target=version))


@pytest.mark.parametrize('version', [version for version in servers.NATS_VERSIONS if version != servers.DEBIAN_NATS])
def test_nats(version, through):
    pass_through(through(nats=version))


def convert(pipeline):
    """Tables of every kind both releases know, copied with their structure, and followed."""
    versions = int(pipeline.source.version), int(pipeline.target.version)
    schemas.Generated(sum(versions), min(versions), tables=120).load(pipeline.source, pipeline.name)
    pipeline.convert()
    pipeline.wait_phase(timeout=120)
    pipeline.execute('DELETE FROM indexed WHERE id % 4 = 0; UPDATE serials SET id = id + 1000 WHERE id < 50; INSERT INTO serials (v) VALUES (NULL)')
    assert sum(pipeline.wait_equal().values()) > 1000
    # Sequences are set by the copy and not followed.
    catalogs.compare(pipeline.source, pipeline.target, pipeline.name, values=False, ignore=lambda kind, name, what: (
        name.startswith('public.scratch') or what == 'default' or (what in ('definition', 'inherited', 'local') and kind == 'constraint')))


@pytest.mark.parametrize('version', servers.SOURCE_VERSIONS)
def test_convert_from(version, through):
    convert(through(source=version))


@pytest.mark.parametrize('version', ('10', '12', '14', '16', '18'))
def test_convert_to(version, through):
    convert(through(target=version))


def test_convert_to_an_older_release_is_refused(through):
    """What the target's release has not is named before anything is written."""
    pipeline = through(target='10')
    pipeline.execute('CREATE TABLE fine (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED, m int4multirange);'
                     'CREATE TABLE h (id int PRIMARY KEY) PARTITION BY HASH (id)')
    writer = pipeline.convert()
    text = wait_for(lambda: writer.is_running() and writer.page('readyz')[0] == 503 and 'public.t' in writer.page('readyz')[1] and writer.page('readyz')[1]
                    or not writer.is_running() and writer.log(), 60, lambda: f'a refusal\n{writer.process.log_tail()}')
    for name in ('public.t', 'public.h'):
        assert name in text, text
    assert pipeline.fetch_target("SELECT to_regclass('fine') IS NULL")


def test_partitions_are_flattened_for_an_older_release(through):
    """One that knows neither hash partitions nor keys of partitioned tables."""
    pipeline = through(target='10')
    pipeline.execute('CREATE TABLE h (id int PRIMARY KEY, v text) PARTITION BY HASH (id); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);'
                     'CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1); CREATE INDEX h_v ON h (v); CREATE TABLE f (h int REFERENCES h);'
                     "INSERT INTO h SELECT i, 'v' || i FROM generate_series(1, 500) i; INSERT INTO f VALUES (7);"
                     'CREATE PUBLICATION flat FOR TABLE h, f WITH (publish_via_partition_root)')
    pipeline.convert('--partitions', 'flatten', publication='flat')
    pipeline.wait_phase()
    pipeline.execute('UPDATE h SET id = id + 1000 WHERE id % 10 = 1; DELETE FROM h WHERE id % 10 = 2')
    pipeline.wait_equal(['public.h', 'public.f'])
    assert pipeline.fetch_target("SELECT relkind = 'r' FROM pg_class WHERE oid = 'h'::regclass")
