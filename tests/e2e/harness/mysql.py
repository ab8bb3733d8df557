"""MariaDB and MySQL servers in private folders, with the life and the SQL of harness.postgres."""
import contextlib
import shutil
import urllib.parse

import pymysql
from pymysql.constants import CLIENT

from . import servers
from .ports import free_port
from .process import Process, private_folder, run
from .wait import wait_for

USER = 'sluice'  # who writers are, from everywhere, without a password

# Killing processes loses nothing that is in the kernel's page cache: without fsync a test sees the
# same, sooner, and a commit still is what the server calls durable.
BASE_CONF = {
    'bind-address': '127.0.0.1',
    'innodb-buffer-pool-size': '64M',
    'innodb-flush-method': 'nosync',
    'innodb-doublewrite': 'OFF',
    'innodb-lock-wait-timeout': '20',
    'local-infile': 'ON',
    'max-connections': '80',
    'character-set-server': 'utf8mb4',
}
OWN_CONF = {
    'mysql': {'mysqlx': 'OFF', 'disable-log-bin': '1', 'innodb-redo-log-capacity': '64M'},
    'mariadb': {'innodb-log-file-size': '96M', 'innodb-log-buffer-size': '8M'},
}

_templates = {}


def quote(name):
    return '`' + name.replace('`', '``') + '`'


class MySQL:
    """A server of a flavour of servers.MYSQL_FLAVOURS; root without password over its unix socket.

    Made and started by start(). stop(), kill() and start() keep data, port and log; conf is read
    at each start, so a test may change it in between; remove() ends it for good.
    """

    def __init__(self, flavour, conf=None, name=None):
        self.flavour = flavour
        self.product = flavour.split('-')[0]
        self.version = flavour.split('-')[1]
        self.mysqld = servers.mysqld(flavour)
        self.name = name or self.product
        self.folder = private_folder(self.product)
        self.data = self.folder / 'data'
        self.socket = self.folder / 's.sock'
        self.port = free_port()
        self.conf = {**BASE_CONF, **OWN_CONF[self.product], **(conf or {})}
        self.process = Process(self.name, [], self.folder)

    # -- life ------------------------------------------------------------

    def start(self, timeout=60):
        if not self.data.exists():
            run(['cp', '-a', '--sparse=always', self._template(), self.data])
            (self.data / 'auto.cnf').unlink(missing_ok=True)  # MySQL's identity, which no two servers share
        self.process.argv = self._argv(self.data, self.socket, self.port, self.conf)
        self.process.start()
        self.wait_ready(timeout)
        return self

    def _argv(self, data, socket, port, conf):
        # The program of servers.mysqld() of MySQL says --no-defaults itself.
        first = [self.mysqld] if self.product == 'mysql' else [self.mysqld, '--no-defaults']
        own = {'datadir': data, 'tmpdir': socket.parent, 'socket': socket, 'port': port, 'pid-file': f'{socket}.pid', **conf}
        return [str(word) for word in first] + [f'--{key}={value}' for key, value in own.items()]

    def _template(self):
        """Initialized data with our user, made once per process and flavour, without a binary log."""
        if self.flavour not in _templates:
            folder = private_folder('template')
            data = folder / 'data'
            first = MySQL(self.flavour, name=f'{self.product}-template')
            if self.product == 'mysql':
                run([*self._argv(data, folder / 's.sock', first.port, first.conf), '--initialize-insecure'])
            else:
                # Servers that share a folder for temporary files remove each other's when they start.
                run(['mariadb-install-db', '--no-defaults', f'--datadir={data}', f'--tmpdir={folder}', '--auth-root-authentication-method=normal',
                     '--skip-test-db', '--skip-name-resolve'])
            first.data = data
            first.start()
            first.execute(f"CREATE USER {USER}@'%'; GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION")
            first.stop()
            _templates[self.flavour] = data
        return _templates[self.flavour]

    def wait_ready(self, timeout=60):
        """Waits until connections are accepted: crash recovery is over."""
        def ready():
            self.process.check_running()
            try:
                self.connect().close()
            except pymysql.OperationalError:
                return False
            return True
        wait_for(ready, timeout, lambda: f'{self.name} to accept connections\n{self.process.log_tail()}')

    def stop(self, timeout=60):
        return self.process.stop(timeout=timeout)

    def restart(self, timeout=60):
        self.stop(timeout)
        return self.start(timeout)

    def kill(self):
        """SIGKILL: what was committed is there at the next start."""
        self.process.kill()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()

    def remove(self):
        self.process.remove()
        shutil.rmtree(self.data, ignore_errors=True)

    def is_running(self):
        return self.process.is_running()

    # -- SQL -------------------------------------------------------------

    def uri(self, dbname='mysql', user=USER, password=None, host='127.0.0.1', scheme='mysql', **parameters):
        """Over TCP; parameters with _ for -: ssl_mode='required'."""
        def escape(text):
            return urllib.parse.quote(str(text), safe='')
        secret = f':{escape(password)}' if password is not None else ''
        query = '&'.join(f'{key.replace("_", "-")}={escape(value)}' for key, value in parameters.items())
        return f'{scheme}://{escape(user)}{secret}@{host}:{self.port}/{escape(dbname)}{"?" + query if query else ""}'

    def socket_uri(self, dbname='mysql', user=USER):
        return f'mysql://{user}@localhost/{dbname}?socket={urllib.parse.quote(str(self.socket), safe="")}'

    def connect(self, dbname=None, user='root', autocommit=True, **options):
        """A pymysql connection over the unix socket, in UTC, that takes several statements at once."""
        return pymysql.connect(unix_socket=str(self.socket), user=user, database=dbname, autocommit=autocommit, charset='utf8mb4',
                               init_command="SET time_zone = '+00:00'", client_flag=CLIENT.MULTI_STATEMENTS, **options)

    @contextlib.contextmanager
    def cursor(self, dbname=None, **options):
        """A cursor on a connection of its own, closed at the end."""
        with contextlib.closing(self.connect(dbname, **options)) as connection, connection.cursor() as cursor:
            yield cursor

    def execute(self, sql, args=None, dbname=None, **options):
        """Runs statements, each its own transaction; gives nothing back."""
        with self.cursor(dbname, **options) as cursor:
            cursor.execute(sql, args)
            while cursor.nextset():
                pass

    def fetch(self, sql, args=None, dbname=None, **options):
        """All rows, as tuples."""
        with self.cursor(dbname, **options) as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def fetch_one(self, sql, args=None, dbname=None, **options):
        """The only row; a single column comes as the bare value."""
        rows = self.fetch(sql, args, dbname, **options)
        if len(rows) != 1:
            raise AssertionError(f'{len(rows)} rows instead of one from: {sql}')
        return rows[0][0] if len(rows[0]) == 1 else rows[0]

    def create_database(self, name):
        self.execute(f'CREATE DATABASE {quote(name)}')

    def databases(self):
        """Those that are not the server's own."""
        own = ('information_schema', 'mysql', 'performance_schema', 'sys')
        return [name for name, in self.fetch('SHOW DATABASES') if name not in own]

    def drop_databases(self):
        for name in self.databases():
            self.execute(f'DROP DATABASE {quote(name)}')

    def set(self, name, value):
        """SET GLOBAL, for the sessions that come, until the next start."""
        self.execute(f'SET GLOBAL {name} = %s', (value,))

    def sessions(self, user=USER):
        """Ids of a user's sessions."""
        return [row[0] for row in self.fetch('SELECT id FROM information_schema.processlist WHERE user = %s', (user,))]

    def log(self):
        return self.process.log()
