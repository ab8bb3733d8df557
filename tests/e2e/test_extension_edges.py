"""Edges of the extension: streams of one name, copies, and NATS that is away when it is wanted."""
import socket
import threading

import psycopg2
import pytest

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
