"""The harness itself: every server version starts, survives a kill and keeps its data."""
import os
import signal
import subprocess
import sys
import textwrap

import psycopg2
import pytest

from harness import compare, guard, nkeys, process, servers, tls
from harness.daemon import parse_metrics
from harness.nats import NatsClient, NatsError, NatsServer
from harness.postgres import QUICK, SOURCE_CONF, Postgres
from harness.wait import wait_for


@pytest.fixture
def started():
    """Starts servers and ends them after the test."""
    running = []

    def start(server):
        running.append(server)
        return server.start()
    yield start
    for server in running:
        server.remove()


@pytest.fixture(scope='module')
def two_databases():
    server = Postgres(conf=QUICK).start()
    server.create_database('copy')
    yield server
    server.remove()


def both(server, sql):
    for dbname in ('postgres', 'copy'):
        server.execute(sql, dbname=dbname)


# -- PostgreSQL ---------------------------------------------------------------

@pytest.mark.parametrize('version', servers.POSTGRES_VERSIONS)
def test_postgres_survives_kills(version, started):
    server = started(Postgres(version))
    assert server.fetch_one('SHOW server_version').split('.')[0] == version
    assert server.fetch_one('SHOW fsync') == 'on'
    server.execute('CREATE TABLE kept (id int)')
    for number, end in enumerate((server.kill, server.kill_everything, lambda: server.stop('immediate'),
                                  lambda: server.stop('fast'), lambda: server.stop('smart'))):
        server.execute('INSERT INTO kept VALUES (%s)', (number,))
        end()
        assert not server.is_running()
        server.start()
        assert server.fetch_one('SELECT count(*) FROM kept') == number + 1


def test_postgres_recovers_from_a_killed_backend(started):
    server = started(Postgres())
    connection = server.connect()
    pid = connection.info.backend_pid
    server.crash_backend(pid)
    assert pid not in guard.descendants(server.process.pid)
    assert server.fetch_one('SELECT 1') == 1
    with pytest.raises(RuntimeError, match='does not belong'):
        server.signal_backend(os.getpid(), signal.SIGTERM)


def test_postgres_runs_unprivileged(started):
    server = started(Postgres(conf=QUICK))
    owner = os.stat(f'/proc/{server.process.pid}').st_uid
    assert owner != 0
    assert owner == (process.service_user().pw_uid if process.service_user() else os.geteuid())


def test_postgres_settings_and_scripts(two_databases):
    two_databases.set('work_mem', '7MB')
    assert two_databases.fetch_one('SHOW work_mem') == '7MB'
    assert two_databases.psql('SELECT 1, 2;\nSELECT 3;') == '1|2\n3\n'
    with pytest.raises(RuntimeError, match='division by zero'):
        two_databases.psql('SELECT 1/0;')
    with psycopg2.connect(two_databases.dsn('copy')) as connection:
        assert connection.info.dbname == 'copy'


@pytest.mark.parametrize('version', servers.SOURCE_VERSIONS)
def test_source_settings_are_accepted(version, started):
    conf = {**QUICK, **SOURCE_CONF, 'shared_preload_libraries': ''}
    server = started(Postgres(version, conf))
    slot = "pg_create_logical_replication_slot('harness', 'test_decoding')"
    if (server.bin.parent / 'lib').joinpath('test_decoding.so').exists():
        assert server.fetch_one(f'SELECT slot_name FROM {slot}') == 'harness'
    assert server.fetch_one('SHOW max_worker_processes') == '32'


@pytest.mark.parametrize('version', [name for name in servers.SOURCE_VERSIONS if name != servers.DEBIAN_POSTGRES])
def test_fetched_server_takes_an_extension(version, started, tmp_path):
    """What the tree's pg_config names is where the server looks, and its headers fit."""
    pg_config = servers.fetched(f'pg{version}') / 'bin' / 'pg_config'

    def ask(what):
        return subprocess.run([pg_config, f'--{what}'], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    source = tmp_path / 'probe.c'
    source.write_text('#include "postgres.h"\n#include "fmgr.h"\nPG_MODULE_MAGIC;\n'
                      'PG_FUNCTION_INFO_V1(probe);\n'
                      'Datum\nprobe(PG_FUNCTION_ARGS)\n{\n\tPG_RETURN_INT32(PG_VERSION_NUM / 10000 + PG_NARGS());\n}\n')
    library = process.private_folder('probe') / 'probe.so'
    subprocess.run(['gcc', '-shared', '-fPIC', '-Werror', f'-I{ask("includedir-server")}', source, '-o', library],
                   check=True)
    os.chmod(library, 0o755)
    server = started(Postgres(version, QUICK))
    server.execute(f"CREATE FUNCTION probe() RETURNS int LANGUAGE c AS '{library}', 'probe'")
    assert server.fetch_one('SELECT probe()') == int(version)
    assert ask('version').split()[1] == server.fetch_one('SHOW server_version')
    shown = dict(server.fetch('SELECT name, setting FROM pg_config'))
    assert (shown['PKGLIBDIR'], shown['SHAREDIR']) == (ask('pkglibdir'), ask('sharedir'))


# -- NATS ---------------------------------------------------------------------

def make_stream(server):
    server.jetstream('STREAM.CREATE.KEPT', {'name': 'KEPT', 'subjects': ['kept.>'], 'storage': 'file'})


@pytest.mark.parametrize('version', servers.NATS_VERSIONS)
def test_nats_survives_kills(version, started):
    server = started(NatsServer(version))
    make_stream(server)
    for number, end in enumerate((server.kill, server.stop)):
        with server.connect() as client:
            assert client.info['version'].startswith(version)
            assert client.request_json('kept.a', {'number': number})['seq'] == number + 1
        end()
        assert not server.is_running()
        server.start()
        assert server.stream_state('KEPT')['last_seq'] == number + 1
    server.stop()
    server.wipe_store()
    server.start()
    assert server.streams() == []
    with pytest.raises(NatsError, match='stream not found'):
        server.stream_info('KEPT')


def test_nats_headers_and_expected_sequence(started):
    server = started(NatsServer())
    make_stream(server)
    with server.connect() as client:
        assert b'"seq":1' in client.request('kept.a', 'x', headers={'Nats-Expected-Last-Sequence': '0'})
        assert b'wrong last sequence' in client.request('kept.a', 'y', headers={'Nats-Expected-Last-Sequence': '5'})
        sid = client.subscribe('plain')
        client.publish('plain', b'hello', headers={'Name': 'value'})
        client.flush()
        got, subject, reply, headers, body = client.next_message()
        assert (got, subject, reply, headers['Name'], body) == (sid, 'plain', None, 'value', b'hello')
        with pytest.raises(NatsError, match='no responders'):
            client.request('nobody.listens')


def test_nats_credentials(started):
    for server, wrong in ((NatsServer(user='u', password='p w'), {'password': 'wrong'}),
                          (NatsServer(token='secret'), {'token': 'wrong'})):
        started(server)
        make_stream(server)
        with pytest.raises((NatsError, ConnectionError)):
            server.connect(**wrong)


@pytest.mark.parametrize('version', servers.NATS_VERSIONS)
@pytest.mark.parametrize('verify', (False, True))
def test_nats_tls(version, verify, started):
    server = started(NatsServer(version, certificates=tls.Certificates(), verify_clients=verify))
    make_stream(server)
    assert server.stream_state('KEPT')['messages'] == 0
    with pytest.raises(OSError):
        NatsClient(server.port, tls=tls.Certificates('other').client_context())


def test_nats_nkey(started):
    key = nkeys.Nkey()
    assert key.seed.startswith('SU') and key.public.startswith('U') and len(key.public) == 56
    server = started(NatsServer(authorization=f'users: [{{ nkey: {key.public} }}]'))
    with server.connect(nkey=key) as client:
        assert client.request_json('$JS.API.INFO')['streams'] == 0
    with pytest.raises((NatsError, ConnectionError)):
        server.connect(nkey=nkeys.Nkey())


@pytest.mark.parametrize('version', servers.NATS_VERSIONS)
def test_nats_jwt(version, started):
    operator = nkeys.Operator()
    server = started(NatsServer(version, conf=operator.conf))
    jwt, key = operator.user()
    with server.connect(jwt=jwt, nkey=key) as client:
        assert client.request_json('$JS.API.INFO')['streams'] == 0
    with pytest.raises((NatsError, ConnectionError)):
        server.connect(jwt=jwt, nkey=nkeys.Nkey())
    assert key.public not in operator.credentials_file('other').read_text()


# -- processes ----------------------------------------------------------------

def test_process_is_paused_and_goes_on(started):
    server = started(NatsServer())
    server.pause()
    with pytest.raises(OSError):
        NatsClient(server.port, timeout=0.2)
    server.resume()
    assert server.streams() == []


def test_everything_dies_with_the_test_process():
    script = textwrap.dedent('''
        import os, signal
        from harness.nats import NatsServer
        from harness.postgres import Postgres, QUICK
        servers = Postgres(conf=QUICK).start(), NatsServer().start()
        servers[1].pause()
        print(*(server.process.pid for server in servers), servers[0].folder.parent, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    ''')
    done = subprocess.run([sys.executable, '-c', script], cwd=os.path.dirname(__file__), text=True,
                          stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    *pids, folder = done.stdout.split()
    wait_for(lambda: not any(guard.process_stat(pid) for pid in pids), 10, 'the servers to be killed')
    wait_for(lambda: not os.path.exists(folder), 10, 'their folder to be removed')


def test_metrics_are_parsed():
    metrics = parse_metrics('# TYPE rows_total counter\nrows_total{table="a.b",op="insert"} 3\nup 1\n')
    assert metrics[('rows_total', frozenset({('table', 'a.b'), ('op', 'insert')}))] == 3
    assert metrics[('up', frozenset())] == 1


# -- comparing ----------------------------------------------------------------

def compare_databases(server, table, **options):
    return compare.compare(server, server, [table], dbname='postgres', target_dbname='copy', **options)


def test_compare_counts_duplicates(two_databases):
    both(two_databases, "CREATE TABLE nokey AS SELECT 1 AS a, e'line\\nbreak'::text AS b FROM generate_series(1, 3)")
    assert compare_databases(two_databases, 'nokey') == {'nokey': 3}
    two_databases.execute("INSERT INTO nokey VALUES (1, e'line\\nbreak')", dbname='copy')
    with pytest.raises(compare.Difference, match='(?s)3 rows at the source, 4 at the target.*1 rows only at the'):
        compare_databases(two_databases, 'nokey')


def test_compare_tells_null_from_empty_and_zero_from_minus_zero(two_databases):
    both(two_databases, 'CREATE TABLE fine (id int, t text, f float8)')
    both(two_databases, "INSERT INTO fine VALUES (1, '', 0), (2, NULL, 1)")
    assert compare_databases(two_databases, 'fine') == {'fine': 2}
    two_databases.execute("UPDATE fine SET f = '-0' WHERE id = 1", dbname='copy')
    with pytest.raises(compare.Difference, match='8000000000000000'):
        compare_databases(two_databases, 'fine')
    two_databases.execute('UPDATE fine SET t = NULL, f = 0 WHERE id = 1', dbname='copy')
    with pytest.raises(compare.Difference):
        compare_databases(two_databases, 'fine')
    assert compare_databases(two_databases, 'fine', columns=['id', 'f']) == {'fine': 2}


def test_compare_ignores_the_order_of_columns_and_rows(two_databases):
    two_databases.execute('CREATE TABLE mixed AS SELECT i AS a, -i AS b FROM generate_series(1, 1000) i')
    two_databases.execute('CREATE TABLE mixed AS SELECT -i AS b, i AS a FROM generate_series(1000, 1, -1) i',
                          dbname='copy')
    assert compare_databases(two_databases, 'mixed') == {'mixed': 1000}
    two_databases.execute('ALTER TABLE mixed DROP b', dbname='copy')
    with pytest.raises(compare.Difference, match='has no column b'):
        compare_databases(two_databases, 'mixed')


def test_nats_server_that_panicked_comes_back(nats):
    pid = nats.process.pid
    os.kill(pid, signal.SIGABRT)
    wait_for(lambda: nats.process.is_running() and nats.process.pid != pid, 30, 'the server to be started again')
    nats.wait_ready()
