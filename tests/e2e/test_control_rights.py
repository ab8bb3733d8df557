"""The rights in NATS that docs/operations.md gives each program are enough for all of them."""
import pathlib
import re

import pytest

from harness import nkeys
from harness.control import ControlServer
from harness.control_streams import ControlStreams
from harness.nats import NatsServer
from harness.postgres import NO_FSYNC, Source
from harness.process import private_folder
from harness.wait import wait_for
from harness.worker import Worker

PAGE = pathlib.Path(__file__).parents[2] / 'docs' / 'operations.md'
PASSWORD = 'a password of all three'


def documented():
    """What stands in the page's block `authorization`, each password filled in."""
    block = re.search(r'^authorization \{\n(.*?)^\}', PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]
    return re.sub(r'password: \$[A-Z]+', f'password: "{PASSWORD}"', block)


@pytest.fixture(scope='module')
def strict():
    """A nats-server that lets nobody do more."""
    server = NatsServer(authorization=documented(), name='strict').start()
    server.user, server.password = None, None
    yield server
    server.remove()


def login(user):
    return ['--nats-user', user, '--nats-password-file', str(nkeys.secret_file(f'password-{user}', PASSWORD))]


def test_documented_rights_are_enough(strict, target):
    source = Source(conf=NO_FSYNC, name='strict-source').start()
    control = ControlServer(strict, ['--allow-addresses', '127.0.0.0/8', *login('control')], name='strict-control').start()
    token = private_folder('token') / 'token'
    token.write_text(control.post('/api-keys', {'name': 'worker', 'scopes': ['worker']}).must(201)['token'])
    token.chmod(0o644)
    worker = Worker(strict, token=token, args=login('worker'), name='strict-worker')
    streams = ControlStreams(control)
    try:
        for name, value in (('nats_url', strict.url), ('nats_user', 'source'),
                            ('nats_password_file', str(nkeys.secret_file('password-source', PASSWORD)))):
            source.set(f'sluice.{name}', value)
        for server in (source, target):
            server.create_database('strict')
        source.execute('CREATE EXTENSION sluice; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)',
                       dbname='strict')
        worker.start()
        ids = [streams.connection(f'strict {which}', server, 'strict', password='not asked for')
               for which, server in (('source', source), ('target', target))]
        stream_id = streams.stream('strict', *ids, tables=['public.*'])
        run_id = streams.start(stream_id)
        streams.wait_run(run_id, 'streaming')
        source.execute('INSERT INTO t VALUES (101)', dbname='strict')
        wait_for(lambda: target.fetch_one('SELECT count(*) FROM t', dbname='strict') == 101, 30, 'the change to arrive')
        wait_for(lambda: control.get('/usage').must(200)['total']['rows'] == 101, 30, 'usage')
        control.get('/audit').must(200)
        streams.stop(run_id)
        streams.delete(stream_id)
        refused = re.findall(r'.*[Pp]ermissions? [Vv]iolation.*', strict.log())
        assert not refused, refused[:10]
    finally:
        for started in (worker, control, source):
            started.remove()
