"""Credentials and TLS towards NATS and the target, for worker and writer; and that secrets stay secret."""
import os
import pathlib
import re

import psycopg2
import pytest

from harness import guard, nkeys, tls
from harness.nats import NatsServer
from harness.pipeline import Pipeline
from harness.stream import create_stream
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v text)'
PASSWORD = 'hunter2 s3cret'
TOKEN = 'token-of-secrets'

SETTINGS = ('nats_user', 'nats_password_file', 'nats_token_file', 'nats_creds_file', 'nats_nkey_file', 'nats_tls_ca_file',
            'nats_tls_cert_file', 'nats_tls_key_file')


class Way:
    """How to reach a NATS server: the server, the source's settings and the writer's flags for the same."""

    def __init__(self, server, **secrets):
        self.server = server
        self.settings = {f'sluice.{name}': '' for name in SETTINGS}
        self.flags = []
        for name, value in secrets.items():
            self.settings[f'sluice.nats_{name}'] = str(value)
            flag = name.replace('_', '-')
            # Files of certificates and keys are given as they are, secrets as NAME-file.
            self.flags += ['--nats-' + re.sub('^(creds|nkey|tls-.*)-file$', r'\1', flag), str(value)]


def with_password():
    return Way(NatsServer(user='sluice user', password=PASSWORD), user='sluice user',
               password_file=nkeys.secret_file('password', PASSWORD + '\n'))


def with_token():
    return Way(NatsServer(token=TOKEN), token_file=nkeys.secret_file('token', TOKEN))


def with_nkey():
    key = nkeys.Nkey()
    server = NatsServer(authorization=f'users: [{{ nkey: {key.public} }}]')
    return Way(server, nkey_file=nkeys.secret_file('seed', key.seed + '\n'))


def with_creds():
    operator = nkeys.Operator()
    server = NatsServer(conf=operator.conf)
    return Way(server, creds_file=operator.credentials_file())


def with_tls():
    certificates = tls.Certificates()
    return Way(NatsServer(certificates=certificates), tls_ca_file=certificates.ca)


def with_client_certificate():
    certificates = tls.Certificates()
    return Way(NatsServer(certificates=certificates, verify_clients=True), tls_ca_file=certificates.ca,
               tls_cert_file=certificates.client_cert, tls_key_file=certificates.client_key)


def with_tls_and_password():
    certificates = tls.Certificates()
    return Way(NatsServer(certificates=certificates, user='u', password=PASSWORD), tls_ca_file=certificates.ca, user='u',
               password_file=nkeys.secret_file('password', PASSWORD))


WAYS = (with_password, with_token, with_nkey, with_creds, with_tls, with_client_certificate, with_tls_and_password)
SECRETS = {with_password: (PASSWORD,), with_token: (TOKEN,), with_tls_and_password: (PASSWORD,)}


@pytest.fixture
def reach():
    """Starts the server of a way."""
    started = []

    def start(make):
        way = make()
        started.append(way.server)
        way.server.start()
        return way
    yield start
    for server in started:
        server.remove()


@pytest.fixture
def pipeline_of(source, target):
    """A pipeline through another NATS server than the module's."""
    made = []

    def make(nats, name):
        made.append(Pipeline(source, target, nats, name))
        return made[0]
    yield make
    for pipeline in made:
        pipeline.close()


def stream_with(pipeline, settings, **options):
    pipeline.created = True
    create_stream(pipeline.source, pipeline.nats, pipeline.name, ['public.t'], pipeline.name, settings=settings, **options)


def command_lines(pids):
    texts = []
    for pid in pids:
        try:
            texts.append(pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().decode(errors='replace'))
        except OSError:
            pass
    return '\n'.join(texts)


@pytest.mark.parametrize('make', WAYS, ids=lambda make: make.__name__)
def test_nats_credentials(make, reach, pipeline_of):
    way = reach(make)
    pipeline = pipeline_of(way.server, make.__name__)
    pipeline.create(TABLE)
    stream_with(pipeline, way.settings)
    writer = pipeline.writer(*way.flags)
    pipeline.execute("INSERT INTO t SELECT i, 'v' FROM generate_series(1, 1000) i")
    assert pipeline.wait_equal() == {'public.t': 1000}
    way.server.restart()  # and connects anew with them
    pipeline.execute("UPDATE t SET v = 'w'")
    assert pipeline.wait_equal() == {'public.t': 1000}
    pids = [writer.process.pid, *guard.descendants(pipeline.source.process.pid)]
    shown = command_lines(pids) + writer.log() + pipeline.source.log() + str(pipeline.status())
    assert not [secret for secret in SECRETS.get(make, ()) if secret in shown]
    if writer.process.is_running():
        pipeline.call('drop_stream')
        wait_for(lambda: pipeline.status() is None, 30, 'the stream to be dropped')


WRONG = {
    'password': (with_password, 'nats_password_file', lambda: nkeys.secret_file('password', 'wrong-secret')),
    'token': (with_token, 'nats_token_file', lambda: nkeys.secret_file('token', 'wrong-secret')),
    'nkey': (with_nkey, 'nats_nkey_file', lambda: nkeys.secret_file('seed', nkeys.Nkey().seed)),
    'ca': (with_tls, 'nats_tls_ca_file', lambda: tls.Certificates('other').ca),
    'missing file': (with_password, 'nats_password_file', lambda: '/nonexistent/password'),
    'no certificate': (with_client_certificate, 'nats_tls_cert_file', lambda: ''),
}


@pytest.mark.parametrize('what', WRONG)
def test_wrong_credentials_are_named_and_then_mended(what, reach, pipeline_of):
    make, setting, wrong = WRONG[what]
    way = reach(make)
    pipeline = pipeline_of(way.server, 'wrong_' + what.replace(' ', '_'))
    pipeline.create(TABLE)
    settings = {**way.settings, f'sluice.{setting}': str(wrong())}
    if what == 'no certificate':
        settings['sluice.nats_tls_key_file'] = ''
    stream_with(pipeline, settings, start=False)
    pipeline.call('start_stream')
    row = pipeline.wait_status(lambda row: row['last_error'], 'waited for the error')
    assert 'wrong-secret' not in str(row) + pipeline.source.log()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    for name, value in way.settings.items():
        pipeline.source.set(name, value)
    pipeline.wait_state('streaming', timeout=60)
    pipeline.writer(*way.flags)
    assert pipeline.wait_equal() == {'public.t': 1}


def test_wrong_credentials_of_the_writer(reach, pipeline_of):
    way = reach(with_password)
    pipeline = pipeline_of(way.server, 'writer_wrong')
    pipeline.create(TABLE)
    stream_with(pipeline, way.settings)
    password = nkeys.secret_file('password', 'wrong-secret')
    writer = pipeline.writer('--nats-user', 'sluice user', '--nats-password-file', str(password), ready=False)
    writer.process.wait_log('(?i)authoriz|denied|credential')
    assert writer.is_running() and not writer.is_ready()
    assert 'wrong-secret' not in writer.log()


def test_roles_manage_their_own_streams(pipeline):
    """REPLICATION and tables of one's own are needed; others get a clear refusal and see nothing."""
    pipeline.create(TABLE + '; CREATE TABLE hidden (id int PRIMARY KEY)')
    pipeline.stream(['public.t'], start=False)
    pipeline.execute('''DROP ROLE IF EXISTS plain, streamer, other_streamer; CREATE ROLE plain LOGIN;
        CREATE ROLE streamer LOGIN REPLICATION; CREATE ROLE other_streamer LOGIN REPLICATION;
        ALTER TABLE t OWNER TO streamer; GRANT SELECT ON t TO plain, other_streamer; GRANT USAGE ON SCHEMA sluice TO streamer, other_streamer, plain''')

    def refused(user, sql):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege) as caught:
            pipeline.source.execute(sql, dbname=pipeline.name, user=user)
        return str(caught.value)
    create = "SELECT sluice.create_stream('mine', tables => ARRAY['public.t'])"
    assert 'plain' in refused('plain', create)
    assert 'does not own table' in refused('other_streamer', create)  # it may read it
    assert 'hidden' in refused('streamer', "SELECT sluice.create_stream('mine', tables => ARRAY['public.hidden'])")
    assert 'own' in refused('streamer', f"SELECT sluice.start_stream('{pipeline.name}')")
    pipeline.source.execute(create, dbname=pipeline.name, user='streamer')
    for call in ('start_stream', 'pause_stream', 'drop_stream'):
        assert 'own' in refused('other_streamer', f"SELECT sluice.{call}('mine')")
    assert pipeline.source.fetch('SELECT name FROM sluice.streams', dbname=pipeline.name, user='streamer') == [('mine',)]
    assert pipeline.source.fetch('SELECT name FROM sluice.stat_streams', dbname=pipeline.name, user='other_streamer') == []
    for sql in ('SELECT * FROM sluice.stream', 'SELECT sluice.scan()', 'SELECT * FROM sluice.stream_status()'):
        refused('streamer', sql)
    pipeline.source.execute("SELECT sluice.start_stream('mine')", dbname=pipeline.name, user='streamer')
    wait_for(lambda: pipeline.source.fetch_one("SELECT state = 'streaming' FROM sluice.stat_streams WHERE name = 'mine'",
                                               dbname=pipeline.name, user='streamer'), 30, 'the role\'s stream to run')
    pipeline.source.execute("SELECT sluice.drop_stream('mine')", dbname=pipeline.name, user='streamer')
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        pipeline.source.execute('SHOW sluice.nats_password_file', dbname=pipeline.name, user='streamer')


def test_permission_to_publish_is_taken_away(reach, pipeline_of):
    """The subject is named as long as it is refused, and what waited goes on when it is granted."""
    way = reach(lambda: Way(NatsServer(authorization=f'''users: [{{ user: full, password: "{PASSWORD}" }},
        {{ user: poor, password: "{PASSWORD}", permissions: {{ publish: {{ deny: "sluice.>" }} }} }}]'''), user='full',
        password_file=nkeys.secret_file('password', PASSWORD)))
    pipeline = pipeline_of(way.server, 'poor')
    pipeline.create(TABLE)
    stream_with(pipeline, way.settings)
    pipeline.writer(*way.flags)
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    pipeline.wait_equal()
    since = pipeline.source.process.log_size()
    pipeline.source.set('sluice.nats_user', 'poor')
    pipeline.source.process.wait_log('has new NATS settings', 10, since)
    pipeline.execute("INSERT INTO t VALUES (2, 'v')")
    row = pipeline.wait_status(lambda row: 'sluice.poor.change.0' in (row['last_error'] or ''), 'the subject to be named')
    assert row['in_flight'] > 0 and row['last_error_hint'] == 'Grant the NATS user this subject'
    connects = row['connects']
    while pipeline.status()['connects'] < connects + 2:
        row = pipeline.status()
        assert not row['connected'] and 'sluice.poor.change.0' in row['last_error']
    assert 'publishes again' not in pipeline.source.process.log()[since:]
    pipeline.source.set('sluice.nats_user', 'full')
    assert pipeline.wait_equal() == {'public.t': 2}


def test_secret_file_goes_bad_at_a_reload(reach, pipeline_of):
    """A healthy stream goes on with what it has, and names the file; nothing waits for a pipe to be opened."""
    way = reach(with_token)
    pipeline = pipeline_of(way.server, 'bad_secret')
    pipeline.create(TABLE)
    stream_with(pipeline, way.settings)
    pipeline.writer(*way.flags)
    pid = pipeline.status()['pid']
    folder = pathlib.Path(way.settings['sluice.nats_token_file']).parent
    os.mkfifo(folder / 'pipe')
    os.chmod(folder / 'pipe', 0o666)
    (folder / 'blank').write_text('\n')
    os.chmod(folder / 'blank', 0o644)
    (folder / 'long').write_text('x' * 5000)
    os.chmod(folder / 'long', 0o644)
    for bad, why in (('pipe', 'no regular file'), ('missing', 'No such file'), ('/dev/zero', 'no regular file'),
                     ('/tmp', 'Is a directory'), ('blank', 'is empty'), ('long', 'longer than')):
        since = pipeline.source.process.log_size()
        pipeline.source.set('sluice.nats_token_file', str(folder / bad))
        pipeline.source.process.wait_log(f'goes on with its NATS settings: .*{bad}.*{why}', 10, since)
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    assert pipeline.wait_equal() == {'public.t': 1}
    assert pipeline.status()['pid'] == pid
    pipeline.source.restart()
    pipeline.wait_status(lambda row: 'longer than' in (row['last_error'] or ''), 'the file to be named')
    pipeline.source.set('sluice.nats_token_file', way.settings['sluice.nats_token_file'])
    pipeline.execute("INSERT INTO t VALUES (2, 'v')")
    assert pipeline.wait_equal() == {'public.t': 2}


def scram(server, user, password):
    """Lets a role in over TCP with its password only."""
    server.execute(f"SET password_encryption = 'scram-sha-256'; DROP ROLE IF EXISTS {user};"
                   f"CREATE ROLE {user} LOGIN SUPERUSER PASSWORD '{password}'")
    hba = server.data / 'pg_hba.conf'
    hba.write_text(f'host all {user} 127.0.0.1/32 scram-sha-256\n' + hba.read_text())
    server.execute('SELECT pg_reload_conf()')

    def asks():
        try:
            psycopg2.connect(server.dsn(user=user)).close()
        except psycopg2.OperationalError:
            return True
    wait_for(asks, 10, 'the password to be asked for')


def test_target_password(pipeline):
    """From a file, the environment, or a URI in a file; refused where all can see it; never shown."""
    pipeline.create(TABLE)
    scram(pipeline.target, 'scrammed', 'pw-of-the-target')
    pipeline.stream(['public.t'])
    uri = pipeline.target.uri(pipeline.name, 'scrammed')
    secret = nkeys.secret_file('password', 'pw-of-the-target\n')
    whole = nkeys.secret_file('uri', uri.replace('scrammed@', 'scrammed:pw-of-the-target@') + '\n')
    number = 0
    for flags, env, target in ((('--target-password-file', str(secret)), None, uri),
                               ((), {'SLUICE_TARGET_PASSWORD': 'pw-of-the-target'}, uri),
                               ((), {'PGPASSWORD': 'pw-of-the-target'}, uri),
                               (('--target-file', str(whole)), None, None)):
        writer = pipeline.writer(*flags, env=env, target=target, start=False)
        if target is None:
            at = writer.process.argv.index('--target')
            del writer.process.argv[at:at + 2]
        writer.start()
        number += 1
        pipeline.execute('INSERT INTO t VALUES (%s)', (number,))
        assert pipeline.wait_equal() == {'public.t': number}
        shown = command_lines([writer.process.pid]) + writer.log() + writer.page('metrics')[1] + writer.page('readyz')[1]
        assert 'pw-of-the-target' not in shown
        assert writer.stop() == 0
    told = pipeline.writer(target=uri.replace('scrammed@', 'scrammed:pw-of-the-target@'), ready=False)
    assert told.wait() == 2
    assert 'pw-of-the-target' not in told.log()
    wrong = pipeline.writer('--target-password-file', str(nkeys.secret_file('password', 'wrong-secret')), target=uri, ready=False)
    wrong.process.wait_log('password authentication failed')
    assert 'wrong-secret' not in wrong.log()
    assert wrong.is_running()


def test_memory_of_the_writer_is_not_dumped(pipeline):
    """Other users, and core dumps, do not get at rows and passwords."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    assert os.stat(f'/proc/{writer.process.pid}/environ').st_uid == 0  # root's, because it is not dumpable
