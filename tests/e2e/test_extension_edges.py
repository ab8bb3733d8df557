"""Edges of the extension: streams of one name, copies, and NATS that is away when it is wanted."""
import socket
import threading

import psycopg2
import pytest

from harness.memory import anonymous_bytes
from harness.pipeline import Pipeline
from harness.postgres import NO_FSYNC, Source
from harness.stream import create_stream, stream_row, wait_state
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY)'


def check_rows(source, dbname, check, **options):
    return source.fetch('SELECT status, detail, hint FROM sluice.check() WHERE "check" = %s', (check,), dbname, **options)


# -- two sources, one name ------------------------------------------------------

@pytest.fixture
def second_source(source):
    """Another server, with the same NATS."""
    made = Source(source.version, NO_FSYNC, name='second')
    try:
        yield made.start()
    finally:
        made.remove()


def test_stream_name_of_another_server(pipeline, second_source):
    """The second fails and says why; dropping it leaves the first one's JetStream stream."""
    pipeline.create(TABLE)
    pipeline.start()
    pipeline.execute('INSERT INTO t VALUES (1)')
    pipeline.wait_equal()
    name = pipeline.name
    second_source.execute(TABLE)
    create_stream(second_source, pipeline.nats, name, ['public.t'], start=False)
    second_source.execute('SELECT sluice.start_stream(%s)', (name,))
    wait_state(second_source, name, 'failed')
    row = stream_row(second_source, name)
    assert f'JetStream stream SLUICE_{name} holds the changes of another source' in row['last_error']
    assert f'nats stream rm SLUICE_{name}' in row['last_error_hint']
    second_source.execute('SELECT sluice.drop_stream(%s)', (name,))
    wait_for(lambda: stream_row(second_source, name) is None, 30, 'the second stream to be dropped')
    assert second_source.fetch_one('SELECT count(*) FROM pg_replication_slots') == 0
    pipeline.execute('INSERT INTO t VALUES (2)')
    assert pipeline.wait_equal() == {'public.t': 2}
    row = pipeline.wait_status(lambda row: row['jetstream_messages'] > 0, 'JetStream to be looked at')
    assert row['connects'] == 1  # a stream that is deleted ends the connection's life


def test_stream_name_of_another_database(pipeline):
    """Refused as soon as the other one has a slot, when it is created and when it is started."""
    other = Pipeline(pipeline.source, pipeline.target, pipeline.nats, f'{pipeline.name}_b')
    other.create(TABLE)
    pipeline.create(TABLE)
    create_stream(pipeline.source, pipeline.nats, pipeline.name, ['public.t'], other.name, start=False)
    pipeline.start()
    for statement in ("SELECT sluice.start_stream('%s')",
                      "SELECT sluice.drop_stream('%s'); SELECT sluice.create_stream('%s', tables => '{public.t}')"):
        with pytest.raises(psycopg2.errors.DuplicateObject) as refused:
            other.execute(statement.replace('%s', pipeline.name))
        assert f'database "{pipeline.name}" of this server already has a stream' in str(refused.value)
    pipeline.execute('INSERT INTO t VALUES (1)')
    assert pipeline.wait_equal() == {'public.t': 1}


# -- limits -----------------------------------------------------------------------

def test_more_streams_than_places(nats):
    """Named where one looks; a place that is given up is taken; dropping needs none."""
    source = Source(conf={**NO_FSYNC, 'sluice.max_streams': '1'}, name='small')

    def row(name):
        return stream_row(source, name)
    try:
        source.start()
        source.execute(TABLE)
        create_stream(source, nats, 'first', ['public.t'])
        for name in ('second', 'third'):
            create_stream(source, nats, name, ['public.t'], start=False)
            source.execute('SELECT sluice.start_stream(%s)', (name,))
            wait_for(lambda: 'all 1 places' in (row(name)['last_error'] or ''), 30, 'the full house to be named')
            assert 'sluice.max_streams' in row(name)['last_error_hint']
        assert [status for status, _, _ in check_rows(source, 'postgres', 'max_streams')] == ['missing', 'missing']
        source.execute("SELECT sluice.drop_stream('third')")
        assert row('third') is None
        source.execute("SELECT sluice.pause_stream('first')")
        wait_state(source, 'second', 'streaming')
        assert row('second')['last_error'] is None and check_rows(source, 'postgres', 'max_streams') == []
        assert row('first')['state'] == 'paused'
        source.execute("SELECT sluice.drop_stream('second')")
        source.execute("SELECT sluice.resume_stream('first')")
        wait_state(source, 'first', 'streaming')
        source.execute("SELECT sluice.drop_stream('first')")
        wait_for(lambda: row('first') is None and row('second') is None, 30, 'the streams to be dropped')
    finally:
        source.remove()


def test_tables_that_come_and_go_take_no_memory(pipeline):
    pipeline.create('CREATE TABLE kept (id int PRIMARY KEY)')
    pipeline.execute('CREATE EXTENSION sluice; CREATE PUBLICATION everything FOR ALL TABLES')
    pipeline.source.set('sluice.nats_url', pipeline.nats.url)
    pipeline.execute("""SELECT sluice.create_stream(%s, publication => 'everything', options => '{"durability": "broker"}')""",
                     (pipeline.name,))
    pipeline.created = True
    pipeline.call('start_stream')
    pipeline.wait_state('streaming')
    # The worker's memory is looked at, not how the changes of tables are described.
    pipeline.execute('ALTER EVENT TRIGGER sluice_ddl DISABLE; ALTER EVENT TRIGGER sluice_drop DISABLE')

    def come_and_go(count, rows):
        with pipeline.source.cursor(pipeline.name) as cursor:
            for number in range(count):
                cursor.execute(f'CREATE TABLE passing_{number} (id int PRIMARY KEY, v text); '
                               f'INSERT INTO passing_{number} VALUES (1); DROP TABLE passing_{number}')
        pipeline.wait_status(lambda row: row['rows'] == rows and row['in_flight'] == 0, 'all to be published', 120)
        return anonymous_bytes(pipeline.status()['pid'])
    before = come_and_go(1000, 1000)
    assert come_and_go(2000, 3000) - before < 4 << 20


# -- NATS that is away ------------------------------------------------------------

def test_drop_without_nats(pipeline):
    """The message names the way out, which is taken at once."""
    pipeline.create(TABLE)
    pipeline.stream()
    pipeline.nats.stop()
    pipeline.execute('SELECT sluice.drop_stream(%s)', (pipeline.name,))
    way_out = f"SELECT sluice.drop_stream('{pipeline.name}', keep_jetstream => true)"
    row = pipeline.wait_status(lambda row: way_out in (row['last_error_hint'] or ''), 'the hint to name the way out')
    assert 'its JetStream stream cannot be deleted' in row['last_error']
    assert row['state'] == 'dropping'
    pipeline.execute(way_out)
    wait_for(lambda: pipeline.status() is None, 30, 'the stream to be dropped')
    assert pipeline.source.fetch_one('SELECT count(*) FROM pg_replication_slots WHERE database = %s', (pipeline.name,)) == 0


def test_check_of_nats(pipeline):
    pipeline.create(TABLE)
    pipeline.stream(start=False)
    [(status, detail, hint)] = check_rows(pipeline.source, pipeline.name, 'nats server')
    assert (status, hint) == ('ok', None)
    assert detail.startswith(f'{pipeline.nats.url} is nats-server') and detail.endswith('JetStream is on')
    pipeline.source.execute('CREATE ROLE stranger LOGIN')
    [(_, detail, _)] = check_rows(pipeline.source, pipeline.name, 'nats server', user='stranger')
    assert detail.startswith('server 1 of sluice.nats_url is')
    pipeline.nats.stop()
    [(status, detail, hint)] = check_rows(pipeline.source, pipeline.name, 'nats server')
    assert status == 'missing' and 'Connection refused' in detail and 'sluice.nats_url' in hint


@pytest.fixture
def mute_port():
    """A port that takes connections and never says a word."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def chatting_port():
    """A port where something else answers."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        def answer():
            try:
                while True:
                    server.accept()[0].sendall(b'SSH-2.0-other\r\n')
            except OSError:
                pass
        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_check_of_several_servers(pipeline, mute_port, chatting_port):
    """One that is silent takes no time from the others, and one that is good makes the rest warnings."""
    pipeline.create(TABLE)
    pipeline.stream(start=False)
    good = pipeline.nats.url
    pipeline.source.set('sluice.nats_url', f'nats://127.0.0.1:{mute_port},nats://127.0.0.1:{chatting_port},{good}')
    rows = check_rows(pipeline.source, pipeline.name, 'nats server')
    assert [status for status, _, _ in rows] == ['warning', 'warning', 'ok']
    assert 'says nothing' in rows[0][1] and 'no NATS server' in rows[1][1]
    pipeline.source.set('sluice.nats_url', good)
