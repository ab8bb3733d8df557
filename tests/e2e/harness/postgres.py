"""PostgreSQL clusters of any version in private folders."""
import contextlib
import os
import pathlib
import signal
import subprocess

import psycopg2

from . import guard, servers
from .ports import free_port
from .process import Process, private_folder, run
from .wait import wait_for

STOP_SIGNALS = {'smart': signal.SIGTERM, 'fast': signal.SIGINT, 'immediate': signal.SIGQUIT}

BASE_CONF = {
    'listen_addresses': '127.0.0.1',
    'log_line_prefix': '%m [%p] %b ',
    'shared_buffers': '64MB',
    'max_connections': '60',
    'logging_collector': 'off',
    'timezone': 'UTC',
    'dynamic_shared_memory_type': 'mmap',  # in the data folder, so that nothing stays behind a killed cluster
}

# Killing processes loses nothing that is in the kernel's page cache: without
# fsync a test sees the same, sooner. Only a machine that dies is not shown.
NO_FSYNC = {'fsync': 'off', 'full_page_writes': 'off'}

QUICK = {'fsync': 'off', 'synchronous_commit': 'off', 'full_page_writes': 'off'}

SOURCE_CONF = {
    'wal_level': 'logical',
    'shared_preload_libraries': 'sluice',
    'max_worker_processes': '32',
    'max_replication_slots': '16',
    'max_wal_senders': '16',
}


def knows_setting(version, name):
    """Whether this server, minor release included, has a configuration parameter."""
    text = run([servers.postgres_bin(version) / 'postgres', '--describe-config'])
    return any(line.split('\t', 1)[0] == name for line in text.splitlines())


def quoted(value):
    return "'" + str(value).replace("'", "''") + "'"


class Postgres:
    """A cluster: superuser postgres, trusted over its unix socket and 127.0.0.1.

    Made and started by start(). stop(), kill() and start() keep data, port and
    log; remove() ends it for good. programs is another folder with initdb and
    postgres of that version.
    """

    def __init__(self, version=servers.DEBIAN_POSTGRES, conf=None, name='postgres', env=None, programs=None):
        self.version = version
        self.bin = programs or servers.postgres_bin(version)
        self.name = name
        self.folder = private_folder(name)
        self.data = self.folder / 'data'
        self.port = free_port()
        self.conf = {**BASE_CONF, **self.default_conf(), **(conf or {})}
        # An immediate shutdown gives the kernel's shared memory back, SIGKILL does not.
        self.process = Process(name, [self.bin / 'postgres', '-D', self.data], self.folder, env, signal.SIGQUIT)

    def default_conf(self):
        return {}

    # -- life ------------------------------------------------------------

    def start(self, timeout=60):
        if not self.data.exists():
            self._initdb()
        self.process.start()
        self.wait_ready(timeout)
        return self

    def _initdb(self):
        run([self.bin / 'initdb', '-D', self.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8',
             '--locale=C', '--no-sync'])
        conf = {**self.conf, 'port': self.port, 'unix_socket_directories': self.folder}
        with open(self.data / 'postgresql.conf', 'a') as file:
            file.writelines(f'{name} = {quoted(value)}\n' for name, value in conf.items())
        # Releases before 13 do not let replication in from 127.0.0.1 by themselves.
        with open(self.data / 'pg_hba.conf', 'a') as file:
            file.write('host replication all 127.0.0.1/32 trust\n')

    def wait_ready(self, timeout=60):
        """Waits until connections are accepted: crash recovery is over."""
        def ready():
            self.process.check_running()
            try:
                self.connect().close()
            except psycopg2.OperationalError:
                return False
            return True
        wait_for(ready, timeout, lambda: f'{self.name} to accept connections\n{self.process.log_tail()}')

    def stop(self, mode='fast', timeout=60):
        """As pg_ctl stop -m MODE."""
        return self.process.stop(STOP_SIGNALS[mode], timeout)

    def restart(self, mode='fast', timeout=60):
        self.stop(mode, timeout)
        return self.start(timeout)

    def kill(self, timeout=30):
        """SIGKILL of the postmaster; the backends notice and end by themselves."""
        backends = guard.descendants(self.process.pid)
        self.process.kill()
        wait_for(lambda: not any(map(guard.is_alive, backends)), timeout,
                 lambda: f'backends of {self.name} to end: {[pid for pid in backends if guard.is_alive(pid)]}')

    def kill_everything(self):
        """SIGKILL of every process of the cluster at once, stopped ones too."""
        backends = guard.descendants(self.process.pid)
        guard.kill_tree(self.process.pid)
        self.process.kill()
        wait_for(lambda: not any(map(guard.is_alive, backends)), 10, f'processes of {self.name} to go')

    def remove(self):
        """Ends the cluster, whatever state it is in."""
        self.process.remove()

    def is_running(self):
        return self.process.is_running()

    # -- backends --------------------------------------------------------

    def backend_pids(self, backend_type):
        """Pids of the backends whose pg_stat_activity.backend_type matches a LIKE pattern."""
        return [row[0] for row in self.fetch(
            'SELECT pid FROM pg_stat_activity WHERE backend_type LIKE %s ORDER BY pid', (backend_type,))]

    def signal_backend(self, pid, number):
        """A signal to one process of this cluster. After SIGKILL the server recovers: wait_recovered()."""
        if pid not in guard.descendants(self.process.pid):
            raise RuntimeError(f'process {pid} does not belong to {self.name}')
        os.kill(pid, number)

    def crash_backend(self, pid, timeout=60):
        """SIGKILL of a backend, and waits for the crash recovery it causes."""
        since = self.process.log_size()
        self.signal_backend(pid, signal.SIGKILL)
        self.process.wait_log('database system is ready to accept connections', timeout, since)
        self.wait_ready(timeout)

    # -- SQL -------------------------------------------------------------

    def dsn(self, dbname='postgres', user='postgres'):
        """Key and value form, over TCP."""
        return f'host=127.0.0.1 port={self.port} dbname={dbname} user={user}'

    def uri(self, dbname='postgres', user='postgres'):
        return f'postgresql://{user}@127.0.0.1:{self.port}/{dbname}'

    def connect(self, dbname='postgres', user='postgres', autocommit=True, **options):
        """A psycopg2 connection over the unix socket."""
        connection = psycopg2.connect(host=str(self.folder), port=self.port, dbname=dbname, user=user, **options)
        connection.autocommit = autocommit
        return connection

    @contextlib.contextmanager
    def cursor(self, dbname='postgres', **options):
        """A cursor on a connection of its own, closed at the end."""
        with contextlib.closing(self.connect(dbname, **options)) as connection, connection.cursor() as cursor:
            yield cursor

    def execute(self, sql, args=None, dbname='postgres', **options):
        """Runs statements, each its own transaction when there is one; gives nothing back."""
        with self.cursor(dbname, **options) as cursor:
            cursor.execute(sql, args)

    def fetch(self, sql, args=None, dbname='postgres', **options):
        """All rows, as tuples."""
        with self.cursor(dbname, **options) as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall()

    def fetch_one(self, sql, args=None, dbname='postgres', **options):
        """The only row; a single column comes as the bare value."""
        rows = self.fetch(sql, args, dbname, **options)
        if len(rows) != 1:
            raise AssertionError(f'{len(rows)} rows instead of one from: {sql}')
        return rows[0][0] if len(rows[0]) == 1 else rows[0]

    def psql(self, text, dbname='postgres', *options):
        """Runs a psql script and gives its output: unaligned, without headers, first error ends it."""
        done = subprocess.run(
            [servers.client_bin() / 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', self.dsn(dbname), *options],
            input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f'psql ended with {done.returncode}:\n{done.stdout}')
        return done.stdout

    def create_database(self, name):
        self.execute(f'CREATE DATABASE "{name}"')

    def set(self, name, value):
        """ALTER SYSTEM SET and reload; returns when a new session sees the value."""
        with self.cursor() as cursor:
            cursor.execute('SELECT pg_conf_load_time()')
            before = cursor.fetchone()[0]
            cursor.execute(f'ALTER SYSTEM SET {name} = {quoted(value)}')
            cursor.execute('SELECT pg_reload_conf()')
        wait_for(lambda: self.fetch_one('SELECT pg_conf_load_time()') > before, 10, f'{name} to be reloaded')

    def log(self):
        return self.process.log()


def _server_env():
    """What a server needs to load a sanitized extension, as NAME=value words in SERVER_ENV."""
    return dict(word.split('=', 1) for word in os.environ.get('SERVER_ENV', '').split())


class Source(Postgres):
    """A cluster ready for the extension: it must be installed for this version."""

    def __init__(self, version=servers.DEBIAN_POSTGRES, conf=None, name='source', env=None, programs=None):
        super().__init__(version, conf, name, {**_server_env(), **(env or {})}, programs)

    def extension_folder(self):
        """Where this server looks for extensions."""
        return pathlib.Path(run([self.bin / 'pg_config', '--sharedir']).strip()) / 'extension'

    def default_conf(self):
        conf = dict(SOURCE_CONF)
        if knows_setting(self.version, 'output_plugin_libraries'):
            conf['output_plugin_libraries'] = 'pgoutput, test_decoding, sluice'
        return conf
