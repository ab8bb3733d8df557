"""The servers a benchmark runs on, and the stream and the subscription it compares."""
import contextlib
import dataclasses
import os
import subprocess
import time

from harness import servers
from harness.installation import installed_bin, make
from harness.nats import NatsServer
from harness.postgres import Postgres, Source
from harness.stream import create_stream, stream_row, wait_state
from harness.wait import wait_for

# The same for both sides of a comparison. Autovacuum is off so that it does
# not fall into one of the runs; everything else that costs is as in production.
CONF = {
    'shared_buffers': '512MB',
    'max_wal_size': '8GB',
    'checkpoint_timeout': '1h',
    'autovacuum': 'off',
    'wal_level': 'logical',
    # Else a subscription enabled within 5 s of the start of the one before would wait for the rest of them.
    'wal_retrieve_retry_interval': '10ms',
    'max_replication_slots': '64',
    'max_wal_senders': '64',
    'log_min_messages': 'warning',
}

POLL = 0.002  # seconds between two looks at whether a run is over


def mysql_flavour(word):
    """mariadb, mysql, or the version of one of those there are."""
    found = [flavour for flavour in servers.MYSQL_FLAVOURS if word in (flavour, *flavour.split('-'))]
    if not found:
        raise SystemExit(f'MYSQL={word}: there are {", ".join(servers.MYSQL_FLAVOURS)}')
    return found[0]


@dataclasses.dataclass(frozen=True)
class Options:
    """What the environment asks for."""
    runs: int
    nats: str
    samples: int
    rows: int
    tables: int
    mysql: str  # one of servers.MYSQL_FLAVOURS
    profile: tuple

    @classmethod
    def from_environment(cls):
        return cls(runs=int(os.environ.get('RUNS', 3)), nats=os.environ.get('NATS', servers.DEBIAN_NATS),
                   samples=int(os.environ.get('SAMPLES', 2000)),
                   rows=int(os.environ.get('ROWS', 1000000)), tables=int(os.environ.get('TABLES', 1000)),
                   mysql=mysql_flavour(os.environ.get('MYSQL', 'mariadb')),
                   profile=tuple(filter(None, os.environ.get('PROFILE', '').split(','))))


class Rig:
    """Source, target and NATS server, of the build under test; the target is PostgreSQL unless another is given."""

    def __init__(self, options, writer, target=None):
        if writer:
            make('programs')
        self.source = Source(conf=CONF, name='source', programs=installed_bin())
        self.target = target or Postgres(conf=CONF, name='target')
        self.nats = NatsServer(options.nats)

    def __enter__(self):
        for server in (self.source, self.target, self.nats):
            server.start()
        return self

    def __exit__(self, *_):
        for server in (self.source, self.target, self.nats):
            server.remove()

    def both(self, sql):
        for server in (self.source, self.target):
            server.execute(sql)

    def pgbench(self, server, *arguments):
        """Runs pgbench; commits at the source of a backlog need not be waited for."""
        done = subprocess.run([servers.client_bin() / 'pgbench', *arguments, server.dsn()], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env={**os.environ, 'PGOPTIONS': '-c synchronous_commit=off'})
        if done.returncode != 0:
            raise RuntimeError(f'pgbench ended with {done.returncode}:\n{done.stdout}')

    # -- our side ----------------------------------------------------------

    def make_stream(self, name, tables):
        """A stream whose slot stands before what is written next; it does not run."""
        create_stream(self.source, self.nats, name, tables)
        self.source.execute('SELECT sluice.stop_stream(%s)', (name,))
        wait_state(self.source, name, 'stopped')
        # The same command again is refused until the worker has gone.
        wait_for(lambda: stream_row(self.source, name)['pid'] is None, 10, f'worker of {name} to end')

    def worker_pid(self, name):
        return wait_for(lambda: stream_row(self.source, name)['pid'], 30, f'stream {name} to get a worker', POLL)

    def drop_stream(self, name):
        self.source.execute('SELECT sluice.drop_stream(%s)', (name,))
        wait_for(lambda: stream_row(self.source, name) is None, 30, f'stream {name} to be dropped')

    # -- the peer's --------------------------------------------------------

    def make_subscription(self, name, publication, binary):
        """A subscription whose slot stands before what is written next; it does not run."""
        self.target.execute(f"CREATE SUBSCRIPTION {name} CONNECTION '{self.source.dsn()}' PUBLICATION {publication} "
                            f'WITH (enabled = false, create_slot = false, copy_data = false, binary = {binary})')
        self.source.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (name,))

    def wait_inactive(self, slot):
        """Until the walsender has let go of a slot and ended."""
        wait_for(lambda: self.source.fetch_one(
            "SELECT NOT active AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'walsender') "
            'FROM pg_replication_slots WHERE slot_name = %s', (slot,)), 30, f'the walsender of {slot} to end')

    def drop_subscription(self, name):
        self.target.execute(f'ALTER SUBSCRIPTION {name} DISABLE')
        self.wait_inactive(name)
        self.target.execute(f'DROP SUBSCRIPTION {name}')


@contextlib.contextmanager
def polling(server):
    """A function that runs a query again and again on one connection, until it gives true."""
    with server.cursor() as cursor:
        def until_true(sql, timeout=600):
            deadline = time.monotonic() + timeout
            while True:
                cursor.execute(sql)
                if cursor.fetchone()[0]:
                    return time.monotonic()
                if time.monotonic() > deadline:
                    raise TimeoutError(f'waited {timeout} s for: {sql}')
                time.sleep(POLL)
        yield until_true
