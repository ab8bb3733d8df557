"""binlog, cdc-mysql-pg, copy-mysql-pg: from MariaDB or MySQL to JetStream and to PostgreSQL.

Streams are made before the backlog is written, each by a reader that is stopped again: so all runs
read the very same log.
"""
import os
import resource
import shutil
import subprocess
import time

from harness import servers
from harness.installation import make
from harness.mysql import USER
from harness.mysql_reader import Reader
from harness.mysql_source import SourceMySQL, numbers
from harness.nats import NatsServer
from harness.postgres import Postgres
from harness.process import private_folder
from harness.wait import wait_for
from harness.writer import Writer

from meter import Profiler, Run, summary
from rig import CONF as POSTGRES_CONF, POLL, polling
from to_mysql import CONF, COLUMNS, OWN_CONF, PADDED, SOURCE_SUM, TARGET_SUM

OURS = 'sluice'
DATABASE = 'bench'
JOBS = 2
TIMEOUT = 3600  # seconds
TRANSACTIONS = 50000  # of the second backlog, with four changes each

# As binary logs are for change capture; commits are not waited for while a backlog is written.
LOG = {'innodb-flush-log-at-trx-commit': '2', 'max-binlog-size': '1G', 'binlog-row-metadata': 'FULL', 'max-allowed-packet': '64M'}

SBTEST = 'CREATE TABLE sbtest (id int PRIMARY KEY, k int NOT NULL, c char(120) NOT NULL, pad char(60) NOT NULL)'
GROUP = "LPAD(FLOOR(RAND() * 1e11), 11, '0')"
ROW = "i, FLOOR(RAND() * 1000000), CONCAT_WS('-', {}), CONCAT_WS('-', {})".format(', '.join([GROUP] * 10), ', '.join([GROUP] * 5))
PGBENCH = """
    CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
    CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
    CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
    CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime datetime(6), filler char(22))"""
FILL = f"""
    INSERT INTO pgbench_branches SELECT i, 0, '' FROM {numbers(10)};
    INSERT INTO pgbench_tellers SELECT i, (i - 1) DIV 10 + 1, 0, '' FROM {numbers(100)};
    INSERT INTO pgbench_accounts SELECT i, (i - 1) DIV 100000 + 1, 0, '' FROM {numbers(1000000)}"""
TPCB = f"""
    CREATE PROCEDURE tpcb() BEGIN
        DECLARE n int DEFAULT {TRANSACTIONS};
        WHILE n > 0 DO
            SET @aid = FLOOR(RAND() * 1000000) + 1, @tid = FLOOR(RAND() * 100) + 1, @delta = FLOOR(RAND() * 5000) + 1;
            SET @bid = (@tid - 1) DIV 10 + 1, n = n - 1;
            START TRANSACTION;
            UPDATE pgbench_accounts SET abalance = abalance + @delta WHERE aid = @aid;
            UPDATE pgbench_tellers SET tbalance = tbalance + @delta WHERE tid = @tid;
            UPDATE pgbench_branches SET bbalance = bbalance + @delta WHERE bid = @bid;
            INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (@tid, @bid, @aid, @delta, NOW(6));
            COMMIT;
        END WHILE;
    END"""


class Source(SourceMySQL):
    """A server as a benchmark needs it, with the database all is in."""

    def __init__(self, flavour):
        product = flavour.split('-')[0]
        super().__init__(flavour, {**CONF, **OWN_CONF[product], **LOG}, 'source')
        print(f'source    {flavour}')

    def start(self, timeout=60):
        super().start(timeout)
        self.create_database(DATABASE)
        return self

    def run(self, *statements):
        with self.cursor(DATABASE) as cursor:
            for statement in statements:
                cursor.execute(statement)
                while cursor.nextset():
                    pass


class Rig:
    """Source, NATS server and, unless only capture is measured, a PostgreSQL target."""

    def __init__(self, options, target=True):
        make('programs')
        self.options = options
        self.source = Source(options.mysql)
        self.nats = NatsServer(options.nats)
        self.target = Postgres(conf=POSTGRES_CONF, name='target') if target else None

    def __enter__(self):
        for server in self._all():
            server.start()
        return self

    def __exit__(self, *_):
        for server in self._all():
            server.remove()

    def _all(self):
        return [server for server in (self.source, self.nats, self.target) if server]

    def reader(self, stream, *args, mode='cdc', tables=f'{DATABASE}.*'):
        return Reader(stream, self.nats, self.source, tables, mode, args)

    def make_stream(self, stream, tables):
        """A stream that begins before what is written next; nobody reads it."""
        reader = self.reader(stream, tables=tables).start(ready=False)
        reader.wait_state('streaming')
        reader.stop()
        reader.remove()

    def charge(self, run):
        for server in self._all():
            run.charge(server.name, server.process.pid)
        run.watch('nats', self.nats.process.pid)

    def drop_stream(self, stream):
        for name in self.nats.streams():
            if name.startswith(f'SLUICE_{stream}'):
                self.nats.jetstream(f'STREAM.DELETE.{name}')


class Inserts:
    """1,000,000 rows of sysbench's table, in 10,000 transactions of 100 inserts."""
    what = '1,000,000 rows of 200 bytes in 10,000 transactions of 100 inserts'
    rows = 1000000
    tables = f'{DATABASE}.sbtest'

    def prepare(self, rig):
        rig.source.run(SBTEST)

    def write(self, rig):
        rig.source.run(*(f'INSERT INTO sbtest SELECT {ROW} FROM {numbers(100, first)}' for first in range(1, self.rows, 100)))


class Tpcb:
    """pgbench's tables at scale 10 and its transactions: 3 updates and an insert each. An update by 0 would not be logged."""
    what = f'{TRANSACTIONS:,} TPC-B transactions ({4 * TRANSACTIONS:,} changes) at scale 10'
    rows = 4 * TRANSACTIONS
    tables = f'{DATABASE}.pgbench_*'

    def prepare(self, rig):
        rig.source.run(PGBENCH, FILL, TPCB)

    def write(self, rig):
        rig.source.run('CALL tpcb()')


def profiler(options, number):
    return Profiler(options.profile if number == 1 else (), f'run{number}')


def our_stream(number):
    return f'bench_{number}'


def backlog(rig, workload):
    """Tables, streams of all runs, then the backlog; gives the files of the log that have it."""
    workload.prepare(rig)
    rig.source.flush_logs()
    for number in range(1, rig.options.runs + 1):
        rig.make_stream(our_stream(number), workload.tables)
    first = rig.source.logs()[-1]
    started = time.monotonic()
    workload.write(rig)
    rig.source.flush_logs()
    logs = rig.source.logs()
    files = [rig.source.data / name for name in logs[logs.index(first):-1]]
    size = sum(path.stat().st_size for path in files)
    print(f'backlog   {workload.what}: {size / 2**20:.0f} MiB of log, written in {time.monotonic() - started:.1f} s', flush=True)
    return files


# -- capture -------------------------------------------------------------------


def binlog(options):
    """Both backlogs, one after the other; the seconds of both together."""
    totals = [0, 0]
    for name, workload in {'insert': Inserts(), 'tpcb': Tpcb()}.items():
        with Rig(options, target=False) as rig:
            files = backlog(rig, workload)
            sides = [lambda number: capture_ours(rig, workload, number)]
            sides += [lambda number, side=side, more=more: print_peer(rig, number, files, side, more)
                      for side, more in {'mysqlbinlog': (), 'mysqlbinlog -v': ('-v', '--base64-output=decode-rows')}.items()]
            runs = []
            for number in range(1, options.runs + 1):
                runs += [side(number) for side in sides]
                sides.append(sides.pop(0))
            medians = summary(runs)
        ours, peer = medians.pop(OURS), min(medians.values())
        print(f'{name:<9} ours={ours:.6g} peer={peer:.6g} ratio={peer / ours:.3g} rows/s={workload.rows / ours:,.0f}\n', flush=True)
        totals = [totals[0] + ours, totals[1] + peer]
    return totals


def wait_acknowledged(reader, rows):
    """Until all rows were published and JetStream has acknowledged what it was sent."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        reader.process.check_running()
        try:
            values = {name: value for (name, _), value in reader.metrics().items()}
        except OSError:
            values = {}
        if values.get('sluice_reader_changes_total', 0) >= rows and values.get('sluice_reader_window_bytes') == 0:
            return time.monotonic(), values
        time.sleep(POLL)
    raise TimeoutError(f'the reader did not publish {rows} rows')


def capture_ours(rig, workload, number):
    """From the start of the reader's process."""
    stream = our_stream(number)
    reader = rig.reader(stream, tables=workload.tables)
    with Run(OURS, number, profiler(rig.options, number)) as run:
        rig.charge(run)
        reader.start(ready=False)
        run.charge('reader', reader.process.pid)
        run.watch('reader', reader.process.pid)
        done, values = wait_acknowledged(reader, workload.rows)
        run.finish(done)
        run.notes.insert(0, f'{values["sluice_reader_messages_total"]:.0f} messages, {values["sluice_reader_published_bytes_total"] / 2**20:.0f} MiB')
    reader.stop()
    rig.drop_stream(stream)
    return run


def print_peer(rig, number, files, side, more):
    """The server's own tool with the same files, into nothing."""
    if rig.source.product == 'mysql':
        command = [servers.fetched(rig.source.flavour) / 'bin' / 'mysqlbinlog']
    else:
        command = ['mariadb-binlog', '--no-defaults']
    with Run(side, number) as run:
        before = processor_seconds_of_ended()
        subprocess.run([*command, *more, *files], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        run.finish()
        run.notes[-1] = f'cpu {processor_seconds_of_ended() - before:.2f} s'
    return run


def processor_seconds_of_ended():
    """Of programs started here that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# -- to a target -----------------------------------------------------------------


def check(rig, dbname, schema):
    """Rows and a sum of them, at both sides."""
    columns = COLUMNS['public.sbtest']
    trimmed = ', '.join(f'{column}::text' if column in PADDED else column for column in columns.split(', '))
    source = rig.source.fetch_one(TARGET_SUM.format(columns, 'sbtest'), dbname=DATABASE)
    target = rig.target.fetch_one(SOURCE_SUM.format(trimmed, f'{schema}.sbtest'), dbname=dbname)
    if tuple(map(int, source)) != tuple(map(int, target)):
        raise RuntimeError(f'rows and checksum are {source} at the source, {target} at the target')


def cdc_mysql_pg(options):
    """The peer is psql with the same transactions, each one statement, made ready before."""
    workload = Inserts()
    with Rig(options) as rig:
        rig.target.execute(f'CREATE SCHEMA {DATABASE}; SET search_path = {DATABASE}; {SBTEST}')
        backlog(rig, workload)
        script = write_script(rig)
        sides = [lambda number: apply_ours(rig, workload, number), lambda number: apply_peer(rig, number, script)]
        runs = []
        for number in range(1, options.runs + 1):
            runs += [side(number) for side in sides]
            sides.append(sides.pop(0))
        medians = summary(runs)
    ours = medians.pop(OURS)
    print(f'rows/s    {workload.rows / ours:,.0f}')
    return ours, min(medians.values())


def write_script(rig):
    path = private_folder('script') / 'rows.sql'
    with open(path, 'w') as script, rig.source.cursor(DATABASE) as cursor:
        for first in range(1, Inserts.rows, 100):
            cursor.execute('SELECT id, k, c, pad FROM sbtest WHERE id BETWEEN %s AND %s ORDER BY id', (first, first + 99))
            rows = ','.join(f"({key},{k},'{c}','{pad}')" for key, k, c, pad in cursor.fetchall())
            script.write(f'INSERT INTO {DATABASE}.sbtest VALUES {rows};\n')
    return path


def reset(rig):
    rig.target.execute(f'TRUNCATE {DATABASE}.sbtest')
    rig.target.execute('CHECKPOINT')


def apply_ours(rig, workload, number):
    """From the start of reader and writer until the last row can be seen."""
    reset(rig)
    stream = our_stream(number)
    reader, writer = rig.reader(stream, tables=workload.tables), Writer(stream, rig.nats, rig.target)
    with Run(OURS, number, profiler(rig.options, number)) as run:
        rig.charge(run)
        for daemon in (writer, reader):
            daemon.start(ready=False)
            run.charge(daemon.name, daemon.process.pid)
            run.watch(daemon.name, daemon.process.pid)
        with polling(rig.target) as until_true:
            run.finish(until_true(f'SELECT EXISTS (SELECT FROM {DATABASE}.sbtest WHERE id = {workload.rows})'))
    check(rig, 'postgres', DATABASE)
    reader.stop()
    writer.stop()
    rig.drop_stream(stream)
    return run


def apply_peer(rig, number, script):
    reset(rig)
    with Run('psql', number) as run:
        rig.charge(run)
        subprocess.run([servers.client_bin() / 'psql', '-q', '-X', '-v', 'ON_ERROR_STOP=1', '-f', script, rig.target.dsn()], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, 'PGOPTIONS': '-c synchronous_commit=off'})
        run.finish()
    check(rig, 'postgres', DATABASE)
    return run


# -- a copy ----------------------------------------------------------------------


def copy_mysql_pg(options):
    if shutil.which('pgloader') is None:
        raise SystemExit('pgloader is missing: apt-get install pgloader')
    with Rig(options) as rig:
        rig.source.run(SBTEST, f'INSERT INTO sbtest SELECT {ROW} FROM {numbers(options.rows)}', 'CREATE INDEX k_1 ON sbtest (k)', 'ANALYZE TABLE sbtest')
        print(f'database  {options.rows:,} rows of 200 bytes, a primary key and an index', flush=True)
        sides = [lambda number: copy_ours(rig, number), lambda number: copy_peer(rig, number)]
        runs = []
        for number in range(1, options.runs + 1):
            runs += [side(number) for side in sides]
            sides.append(sides.pop(0))
        medians = summary(runs)
    ours = medians.pop(OURS)
    print(f'rows/s    {options.rows / ours:,.0f}')
    return ours, min(medians.values())


def fresh_target(rig, name):
    rig.target.create_database(name)
    rig.target.execute('CHECKPOINT')


def finish(rig, name):
    """All must be there, the index too; then it goes."""
    check(rig, name, DATABASE)
    indexes = rig.target.fetch_one("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname = 'sbtest'", dbname=name)
    if indexes != 2:
        raise RuntimeError(f'{indexes} indexes instead of 2')
    rig.target.execute(f'DROP DATABASE {name}')


def copy_ours(rig, number):
    """From the start of reader and writer until both have ended: they do so when the target is whole."""
    stream = f'copy_{number}'
    fresh_target(rig, stream)
    reader = rig.reader(stream, '--copy-workers', str(JOBS), mode='convert')
    writer = Writer(stream, rig.nats, rig.target, dbname=stream)
    with Run(OURS, number, profiler(rig.options, number)) as run:
        rig.charge(run)
        before = processor_seconds_of_ended()
        for daemon in (reader, writer):
            daemon.start(ready=False)
            run.watch(daemon.name, daemon.process.pid)
        for daemon in (writer, reader):
            if daemon.wait(TIMEOUT) != 0:
                raise RuntimeError(f'the {daemon.name} ended with {daemon.process.exit_status()}\n{daemon.process.log_tail()}')
            if daemon is writer:
                done = time.monotonic()
        run.finish(done)
        run.notes[-1] += f', reader and writer {processor_seconds_of_ended() - before:.2f} s'
    finish(rig, stream)
    rig.drop_stream(stream)
    return run


def copy_peer(rig, number):
    name = f'peer_{number}'
    fresh_target(rig, name)
    folder = private_folder('pgloader')
    script = folder / 'load'
    script.write_text(f"""LOAD DATABASE FROM mysql://{USER}@127.0.0.1:{rig.source.port}/{DATABASE} INTO {rig.target.uri(name)}
        WITH workers = {JOBS * 2}, concurrency = {JOBS}, prefetch rows = 10000, batch rows = 10000, batch concurrency = 2;\n""")
    with Run('pgloader', number) as run, open(folder / 'log', 'w') as log:
        rig.charge(run)
        peer = subprocess.Popen(['pgloader', '--root-dir', folder, '--no-ssl-cert-verification', script], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        run.watch('pgloader', peer.pid)
        before = processor_seconds_of_ended()
        if peer.wait(TIMEOUT) != 0:
            raise RuntimeError(f'pgloader ended with {peer.returncode}\n{(folder / "log").read_text()[-3000:]}')
        run.finish()
        run.notes[-1] += f', pgloader {processor_seconds_of_ended() - before:.2f} s'
    finish(rig, name)
    return run
