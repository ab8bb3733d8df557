"""MariaDB and MySQL servers with a binary log: what a source needs, each setting of the log of a test's choice."""
import pymysql

from .mysql import MySQL
from .wait import wait_for

# Everything a reader likes to find; a test takes away what it is about.
BINARY_LOG = {
    'log-bin': 'bin',
    'binlog-format': 'ROW',
    'binlog-row-image': 'FULL',
    'binlog-row-metadata': 'FULL',
    'binlog-checksum': 'CRC32',
    'sync-binlog': '0',  # as with fsync: what is written outlives a killed server
}
OF_PRODUCT = {
    'mysql': {'gtid-mode': 'ON', 'enforce-gtid-consistency': 'ON', 'cte-max-recursion-depth': '100000000'},
    'mariadb': {'log-slave-updates': 'ON', 'max-recursive-iterations': '100000000'},
}
COMPRESSED = {
    'mysql': {'binlog-transaction-compression': 'ON'},
    'mariadb': {'log-bin-compress': 'ON', 'log-bin-compress-min-len': '10'},
}
FILE_POSITIONS = {
    'mysql': {'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF'},
    'mariadb': {},  # always numbers transactions
}

# Sessions that read the log, on either product.
DUMPS = "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"

_next_server_id = iter(range(101, 1 << 30))


def numbers(count, first=1):
    """A derived table n of one column i, for INSERT ... SELECT ... FROM."""
    return f'(WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {first + count - 1}) SELECT i FROM n) n'


class SourceMySQL(MySQL):
    """A server of a flavour with a binary log, each with a server_id of its own.

    log holds settings other than BINARY_LOG's, by their names as options; compression and file
    positions are asked for by compressed and by_file.
    """

    def __init__(self, flavour, log=None, name=None, compressed=False, by_file=False):
        product = flavour.split('-')[0]
        conf = {'server-id': str(next(_next_server_id)), **BINARY_LOG, **OF_PRODUCT[product],
                **(COMPRESSED[product] if compressed else {}), **(FILE_POSITIONS[product] if by_file else {}), **(log or {})}
        super().__init__(flavour, conf, name or f'{product}-source')
        self.conf.pop('disable-log-bin', None)

    # -- the log ---------------------------------------------------------

    def position(self):
        """(file, offset) of the log's end."""
        statement = 'SHOW BINARY LOG STATUS' if self.product == 'mysql' else 'SHOW MASTER STATUS'
        return self.fetch(statement)[0][:2]

    def executed(self):
        """The set of transactions in the log, as the server writes it."""
        variable = '@@global.gtid_executed' if self.product == 'mysql' else '@@global.gtid_binlog_pos'
        return self.fetch_one(f'SELECT {variable}').replace('\n', '')

    def logs(self):
        """Names of the log's files, the oldest first."""
        return [row[0] for row in self.fetch('SHOW BINARY LOGS')]

    def flush_logs(self, times=1):
        for _ in range(times):
            self.execute('FLUSH BINARY LOGS')

    def purge_logs(self):
        """Only a new file is left. The server keeps one that somebody reads, and MariaDB one that its tables may still need."""
        self.flush_logs()
        last = self.logs()[-1]

        def purged():
            self.execute(f"PURGE BINARY LOGS TO '{last}'")
            return self.logs()[0] == last
        wait_for(purged, 30, lambda: f'only {last} to be left of {self.logs()}')

    def reset_logs(self):
        """All files and numbers of transactions are forgotten."""
        self.execute('RESET BINARY LOGS AND GTIDS' if self.product == 'mysql' else 'RESET MASTER')

    def dumps(self):
        """Ids of the sessions that read the log."""
        return [row[0] for row in self.fetch(DUMPS)]

    def kill_dumps(self):
        for number in self.dumps():
            self.execute(f'KILL {number}')

    def end_prepared(self, choose=lambda: 'ROLLBACK'):
        """Takes back, or as choose() says commits, the XA transactions that a killed server or a session left prepared, until none is left."""
        found = set(self.fetch('XA RECOVER'))

        def ended():
            left = found & set(self.fetch('XA RECOVER'))
            for form, length, rest, data in left:
                name = data if isinstance(data, str) else data.decode()
                try:
                    self.execute(f"XA {choose()} '{name[:length]}', '{name[length:length + rest]}', {form}")
                except pymysql.Error:  # its session lives, and ends it by itself
                    pass
            return not left
        wait_for(ended, 30, lambda: f'prepared transactions to end: {self.fetch("XA RECOVER")}')

    # -- replicas --------------------------------------------------------

    def follow(self, other, timeout=60):
        """Becomes a replica of another server that has the same data, by GTID, and waits until it applies."""
        if self.product == 'mysql':
            self.execute(f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {other.port}, SOURCE_USER = 'sluice', "
                         'SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1; START REPLICA')
        else:
            self.execute(f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {other.port}, MASTER_USER = 'sluice', "
                         'MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1; START SLAVE')
        self.wait_has(other.executed(), timeout)

    def wait_has(self, executed, timeout=60):
        """Waits until all of those transactions are in this server's log too."""
        wait_for(lambda: self._has(executed), timeout, lambda: f'{self.name} to have {executed}; it has {self.executed()}\n{self.process.log_tail()}')

    def _has(self, executed):
        if self.product == 'mysql':
            return self.fetch_one('SELECT GTID_SUBSET(%s, @@global.gtid_executed)', (executed,))
        ours = _by_domain(self.executed())
        return all(ours.get(domain, 0) >= number for domain, number in _by_domain(executed).items())

    def leave(self):
        """Is no replica any more."""
        self.execute('STOP REPLICA; RESET REPLICA ALL' if self.product == 'mysql' else 'STOP SLAVE; RESET SLAVE ALL')


def _by_domain(executed):
    """{domain: highest sequence number} of MariaDB's list."""
    parts = (word.split('-') for word in executed.split(',') if word)
    return {domain: int(number) for domain, _, number in parts}

