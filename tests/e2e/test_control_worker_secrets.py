"""Secrets on their way from a server through sluice-worker to its children: passwords and TLS material, told to nobody else."""
import os
import pathlib

import pytest

from harness import guard
from harness.control import ControlServer
from harness.control_streams import ControlStreams
from harness.postgres import quoted
from harness.process import private_folder
from harness.tls import Certificates
from harness.wait import wait_for
from harness.worker import Worker

PASSWORD = 'geheim "\'\\%20@:/?#\n = \t€ nats = x'
OTHER = 'another Kennwort'
USER = 'The "User"'
WRITER = 'writer-writer-1'
TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v text)'


class Site:
    """A server, a worker with a token, and databases that ask for a password over verified TLS with a certificate."""

    def __init__(self, nats, source, target):
        self.nats, self.source, self.target = nats, source, target
        self.certificates = Certificates()
        self.control = ControlServer(nats, ['--allow-addresses', '127.0.0.0/8']).start()
        self.api = ControlStreams(self.control)
        self.token = self.control.post('/api-keys', {'name': 'worker', 'scopes': ['worker']}).must(201).json
        self.worker = Worker(nats, token=self.token_file('token', self.token['token'])).start()
        for server in (source, target):
            self._protect(server)
        source.set('sluice.nats_url', nats.url)

    @staticmethod
    def token_file(name, text):
        path = private_folder(name) / name
        path.write_text(text)
        path.chmod(0o644)
        return path

    def _protect(self, server):
        server.execute(f'CREATE ROLE "{USER.replace(chr(34), chr(34) * 2)}" LOGIN SUPERUSER PASSWORD {quoted(PASSWORD)}')
        for name, path in (('ssl_cert_file', self.certificates.server_cert), ('ssl_key_file', self.certificates.server_key),
                           ('ssl_ca_file', self.certificates.ca), ('ssl', 'on')):
            server.set(name, str(path))
        hba = server.data / 'pg_hba.conf'
        user = USER.replace('"', '""')
        hba.write_text(f'hostssl all "{user}" 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\nhost all "{user}" all reject\n' + hba.read_text())
        server.execute('SELECT pg_reload_conf()')

    def connection(self, name, server, dbname, **more):
        tls = {'mode': 'verify-full', 'ca': self.certificates.ca.read_text(), 'certificate': self.certificates.client_cert.read_text(),
               'key': self.certificates.client_key.read_text()}
        return self.api.connection(name, server, dbname, user=USER, password=PASSWORD, tls=tls, **more)

    def close(self):
        self.worker.remove()
        self.control.remove()


@pytest.fixture(scope='module')
def site(nats, source, target):
    made = Site(nats, source, target)
    yield made
    made.close()


def run_of(site, name):
    """A stream between two protected databases, started: ids of stream and run, and of both connections."""
    for server in (site.source, site.target):
        server.create_database(name)
        server.execute(TABLE, dbname=name)
    site.source.execute('CREATE EXTENSION sluice', dbname=name)
    ends = [site.connection(f'{name} {number}', server, name) for number, server in enumerate((site.source, site.target))]
    stream = site.api.stream(name, ends[0], ends[1], 'cdc', ['public.t'])
    return stream, site.api.start(stream), ends


def jobs(site, run):
    return {job['job']: job for job in site.control.get(f'/runs/{run}').must(200)['jobs']}


def wait_job(site, run, job, condition, what, timeout=60):
    last = {}

    def reached():
        last['jobs'] = jobs(site, run)
        return job in last['jobs'] and condition(last['jobs'][job])
    wait_for(reached, timeout, lambda: f'{what}; jobs are {last["jobs"]}\n{site.worker.process.log_tail()}')


def wait_working(site, run):
    wait_job(site, run, 'reader', lambda job: job['state'] == 'streaming', 'the reader to stream')
    wait_job(site, run, WRITER, lambda job: job['state'] == 'applying', 'the writer to apply')


def add_row(site, name, number):
    site.source.execute('INSERT INTO t VALUES (%s, %s)', (number, 'v'), name)
    wait_for(lambda: site.target.fetch_one('SELECT count(*) FROM t', dbname=name) == number, 30, f'{number} rows')


def pieces_of_secrets(site):
    """What must be found nowhere: passwords, and the middle of the private key."""
    key = site.certificates.client_key.read_text().splitlines()[1]
    return [PASSWORD[:6], 'Kennwort', key[:40], site.token['token'].rpartition('.')[0]]


def test_passwords_and_certificates_arrive_and_show_nowhere(site):
    name = 'sec_show'
    stream, run, _ = run_of(site, name)
    wait_working(site, run)
    add_row(site, name, 1)
    pids = [site.worker.process.pid, *site.worker.children()]
    assert len(pids) == 2
    texts = {f'/proc/{pid}/{what}': pathlib.Path(f'/proc/{pid}/{what}').read_bytes() for pid in pids for what in ('cmdline', 'environ')}
    texts['log of the worker'] = site.worker.log().encode()
    texts['log of the server'] = site.control.log().encode()
    texts['the run'] = site.control.get(f'/runs/{run}').must(200).body
    for bucket in ('SLUICE', 'SLUICE_STATE', 'SLUICE_CONFIG'):
        for path in (site.nats.store / 'jetstream' / '$G' / 'streams' / f'KV_{bucket}').rglob('*'):
            if path.is_file():
                texts[str(path)] = path.read_bytes()
    for secret in pieces_of_secrets(site):
        found = [where for where, text in texts.items() if secret.encode() in text]
        assert not found, f'"{secret[:10]}..." is in {found}'
    children = site.worker.children()
    assert all(b'/dev/fd/3' in line for line in children.values())
    site.api.command(run, 'stop')
    wait_for(lambda: not site.worker.children(), 30, 'the child to end')
    site.api.delete(stream)


def test_a_child_has_no_descriptor_of_the_worker(site):
    """Its own, and those it was given: configuration and three files of TLS."""
    stream, run, _ = run_of(site, 'sec_files')
    wait_working(site, run)
    (child,) = site.worker.children()
    given = {int(fd): os.readlink(f'/proc/{child}/fd/{fd}') for fd in os.listdir(f'/proc/{child}/fd')}
    memory = {fd for fd, path in given.items() if 'memfd:' in path}
    assert memory == {3, 4, 5, 6}
    assert given[0] == '/dev/null' and given[1] == '/dev/null'
    workers = {os.readlink(f'/proc/{site.worker.process.pid}/fd/{fd}') for fd in os.listdir(f'/proc/{site.worker.process.pid}/fd')}
    sockets = {path for path in workers if path.startswith('socket:')}
    assert sockets and not sockets & set(given.values())
    with open(f'/proc/{child}/status') as file:
        status = dict(line.split(':\t', 1) for line in file)
    # SIGTERM, SIGINT and SIGHUP are blocked by the child itself, in favour of its signalfd; nothing else is.
    assert int(status['SigBlk'], 16) & ~((1 << 14) | (1 << 1) | 1) == 0
    site.api.delete(stream, force=True)


def test_a_password_that_is_changed(site):
    """Who is refused asks for the secret again: the run goes on by itself once the new one is told."""
    name = 'sec_change'
    stream, run, ends = run_of(site, name)
    wait_working(site, run)
    add_row(site, name, 1)
    quoted_user = '"' + USER.replace('"', '""') + '"'
    for server in (site.source, site.target):
        server.execute(f'ALTER ROLE {quoted_user} PASSWORD {quoted(OTHER)}')
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (USER,))
    try:
        for job in ('reader', WRITER):
            wait_job(site, run, job, lambda report: report['error'] and report['error']['code'] == 'denied', f'{job} to be refused')
        restarted = site.worker.log().count('started a child')
        wait_for(lambda: all(jobs(site, run)[job]['error']['code'] == 'denied' for job in ('reader', WRITER))
                 and site.worker.log().count('started a child') > restarted + 1, 60, 'more tries, refused at all times')
        for connection in ends:
            site.control.patch(f'/connections/{connection}', {'password': OTHER}, if_match='*').must(200)
        wait_working(site, run)
        add_row(site, name, 2)
    finally:
        for server in (site.source, site.target):
            server.execute(f'ALTER ROLE {quoted_user} PASSWORD {quoted(PASSWORD)}')
        for connection in ends:
            site.control.patch(f'/connections/{connection}', {'password': PASSWORD}, if_match='*').must(200)
    site.api.delete(stream, force=True)


def test_a_token_that_counts_no_more(site):
    """A worker whose key was removed gets no secrets, and says so; its jobs wait."""
    key = site.control.post('/api-keys', {'name': 'gone', 'scopes': ['worker']}).must(201).json
    site.worker.stop()
    refused = Worker(site.nats, token=site.token_file('gone', key['token']), name='refused').start()
    try:
        site.control.delete(f'/api-keys/{key["id"]}').must(204)
        stream, run, _ = run_of(site, 'sec_token')
        wait_job(site, run, WRITER, lambda report: report['error'], 'an error')
        error = jobs(site, run)[WRITER]['error']
        assert error['code'] == 'denied' and 'secrets' in error['message']
        assert not refused.children()
    finally:
        refused.remove()
        site.worker.start()
    wait_working(site, run)
    assert guard.is_alive(site.worker.process.pid)
    site.api.delete(stream, force=True)
