"""copy-pg-mysql, cdc-pg-mysql: from PostgreSQL to MariaDB or MySQL.

The peers get what they need made ready: a file of the very rows, a script of the very
transactions. Sluice has to read, carry and convert them within its time.
"""
import resource
import shutil
import subprocess

from harness.mysql import MySQL, quote
from harness.process import private_folder
from harness.schemas import roots
from harness.stream import create_stream
from harness.wait import wait_for
from harness.writer import Writer

import backlog
from meter import Profiler, Run, summary
from rig import Rig, polling
from workloads import MARKER, Inserts, Sysbench, Tpcb

OURS = 'sluice'
SOURCE = 'bench'  # database of the copy, and of the change streams' target
TABLE = 'public.sbtest'
JOBS = 2
TIMEOUT = 3600  # seconds

# As they come with a server in use: commits reach the disk, pages are written twice.
CONF = {
    'innodb-buffer-pool-size': '512M',
    'innodb-flush-method': 'O_DIRECT',
    'innodb-doublewrite': 'ON',
    'innodb-flush-log-at-trx-commit': '1',
    'sync-binlog': '1',
}
OWN_CONF = {
    'mariadb': {'innodb-log-file-size': '1G', 'innodb-log-buffer-size': '16M'},
    'mysql': {'innodb-redo-log-capacity': '1G'},
}

# What both sides compute of their rows, whatever their order. mtime and filler are left out: they are told apart elsewhere.
COLUMNS = {
    'public.sbtest': 'id, k, c, pad',
    'public.pgbench_accounts': 'aid, bid, abalance',
    'public.pgbench_branches': 'bid, bbalance',
    'public.pgbench_tellers': 'tid, bid, tbalance',
    'public.pgbench_history': 'tid, bid, aid, delta',
}
SOURCE_SUM = """SELECT count(*), coalesce(sum(('x' || left(encode(sha256(convert_to(concat_ws('|', {}), 'UTF8')), 'hex'), 8))::bit(32)::bigint), 0) FROM {}"""
TARGET_SUM = "SELECT count(*), coalesce(sum(cast(conv(left(sha2(concat_ws('|', {}), 256), 8), 16, 10) AS unsigned)), 0) FROM {}"
PADDED = ('c', 'pad')  # char(n), which PostgreSQL shows with its blanks


class Target(MySQL):
    """A server as a benchmark needs it, whose statements are for one database unless told otherwise."""

    def __init__(self, flavour):
        product = flavour.split('-')[0]
        super().__init__(flavour, {**CONF, **OWN_CONF[product]}, 'target')
        self.dbname = None
        print(f'target    {flavour}')

    def start(self, timeout=60):
        super().start(timeout)
        self.create_database(SOURCE)
        self.dbname = SOURCE
        return self

    def connect(self, dbname=None, **options):
        return super().connect(dbname or self.dbname, **options)

    def client(self, *arguments, dbname=SOURCE, **options):
        """The mysql program, which either server's client is."""
        return subprocess.run([shutil.which('mysql'), '--no-defaults', '--local-infile=1', f'--socket={self.socket}', '--user=root', *arguments, dbname],
                              check=True, **options)


def check(rig, table, source_dbname, target_dbname=SOURCE, target_table=None):
    name = target_table or table.split('.')[1]
    trimmed = ', '.join(f'{column}::text' if column in PADDED else column for column in COLUMNS[table].split(', '))
    source = rig.source.fetch_one(SOURCE_SUM.format(trimmed, table), dbname=source_dbname)
    target = rig.target.fetch_one(TARGET_SUM.format(COLUMNS[table], name), dbname=target_dbname)
    if tuple(map(int, source)) != tuple(map(int, target)):
        raise RuntimeError(f'{table}: rows and checksum are {source} at the source, {target} at the target')


def charge(run, rig, **more):
    for name, pid in {'source': rig.source.process.pid, 'target': rig.target.process.pid, 'nats': rig.nats.process.pid, **more}.items():
        run.charge(name, pid)
    run.watch('target', rig.target.process.pid)
    run.watch('nats', rig.nats.process.pid)


# -- a copy ------------------------------------------------------------------


def copy_pg_mysql(options):
    """The peer's file is read by the server, or by the client: the faster one counts."""
    with Rig(options, writer=True, target=Target(options.mysql)) as rig:
        workload = Sysbench(options.rows)
        rig.source.create_database(SOURCE)
        workload.write(rig.source, SOURCE)
        rig.source.execute('VACUUM ANALYZE', dbname=SOURCE)
        rig.source.execute('CHECKPOINT')
        path = write_file(rig, f'SELECT * FROM {TABLE} ORDER BY id', SOURCE)
        print(f'database  {workload.what}; a file of {path.stat().st_size / 2**20:.0f} MiB', flush=True)
        runs = []
        made = {}
        sides = [lambda number: copy_ours(rig, options, number, made)]
        sides += [lambda number, local=local: copy_peer(rig, number, path, local, made) for local in (False, True)]
        for number in range(1, options.runs + 1):
            runs += [side(number) for side in sides]
            if number > 1:
                sides.append(sides.pop(0))  # nobody always follows the same other
        medians = summary(runs)
    ours = medians.pop(OURS)
    print(f'rows/s    {options.rows / ours:,.0f}')
    return ours, min(medians.values())


def write_file(rig, query, dbname):
    path = private_folder('rows') / 'rows'
    with open(path, 'w') as file, rig.source.cursor(dbname) as cursor:
        cursor.copy_expert(f'COPY ({query}) TO STDOUT', file)
    for each in (path.parent, path):
        each.chmod(0o755)
    return path


def processor_seconds_of_ended():
    """Of programs started here that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def copy_ours(rig, options, number, made):
    """From start_stream until the writer has ended: it does so when the target is whole."""
    stream = f'copy_{number}'
    rig.target.create_database(stream)
    create_stream(rig.source, rig.nats, stream, roots(rig.source, SOURCE), SOURCE, start=False, mode='convert', options={'copy_workers': JOBS})
    writer = Writer(stream, rig.nats, rig.target, dbname=stream)
    profiler = Profiler(options.profile if number == 1 else (), f'run{number}')
    with Run(OURS, number, profiler) as run:
        charge(run, rig)
        run.memory.watch_below('copy workers', rig.source.process.pid, 'sluice copy')
        rig.source.execute('SELECT sluice.start_stream(%s)', (stream,), SOURCE)
        writer.start(ready=False)
        run.watch('writer', writer.process.pid)
        before = processor_seconds_of_ended()
        if writer.wait(TIMEOUT) != 0:
            raise RuntimeError(f'the writer ended with {writer.process.exit_status()}\n{writer.process.log_tail()}')
        run.finish()
        run.notes[-1] += f', writer {processor_seconds_of_ended() - before:.2f} s'
    check(rig, TABLE, SOURCE, stream)
    made['table'] = rig.target.fetch_one('SHOW CREATE TABLE sbtest', dbname=stream)[1]
    rig.target.execute(f'DROP DATABASE {quote(stream)}')
    rig.source.execute('SELECT sluice.drop_stream(%s)', (stream,), SOURCE)
    wait_for(lambda: not rig.source.fetch('SELECT FROM sluice.streams', dbname=SOURCE), 30, 'the stream to be dropped')
    return run


def copy_peer(rig, number, path, local, made):
    """Into the table as ours is in the end, its index included."""
    rig.target.execute('DROP TABLE IF EXISTS sbtest')
    rig.target.execute(made['table'])
    with Run('LOAD DATA LOCAL' if local else 'LOAD DATA', number) as run:
        charge(run, rig)
        rig.target.client('-e', f"LOAD DATA {'LOCAL ' if local else ''}INFILE '{path}' INTO TABLE sbtest")
        run.finish()
    check(rig, TABLE, SOURCE)
    rig.target.execute('DROP TABLE sbtest')
    return run


# -- a change stream -----------------------------------------------------------


class ToMySQL:
    def check(self, rig):
        for table in self.tables:
            check(rig, table, 'postgres')


class InsertsToMySQL(ToMySQL, Inserts):
    rows = 1000000

    def prepare(self, rig):
        rig.both('CREATE TABLE sbtest (id int PRIMARY KEY, k int NOT NULL, c char(120) NOT NULL, pad char(60) NOT NULL)')

    def reset(self, rig):
        rig.target.execute('TRUNCATE TABLE sbtest')

    def script(self):
        """The same transactions, one to a line."""
        return ("SELECT 'BEGIN; INSERT INTO sbtest VALUES ' || string_agg(format('(%s,%s,''%s'',''%s'')', id, k, c, pad), ',' ORDER BY id) || '; COMMIT;' "
                'FROM sbtest GROUP BY (id - 1) / 100 ORDER BY (id - 1) / 100')


class TpcbToMySQL(ToMySQL, Tpcb):
    rows = 200000

    def prepare(self, rig):
        rig.pgbench(rig.source, '-i', '-q', '-s', '10')
        rig.target.execute("""
            CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
            CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
            CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
            CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime datetime(6), filler char(22))""")
        self.files = {table.split('.')[1]: write_file(rig, f'SELECT * FROM {table}', 'postgres') for table in self.tables}
        self.reset(rig)
        self.check(rig)

    def reset(self, rig):
        for name, path in self.files.items():
            rig.target.execute(f'TRUNCATE TABLE {name}')
            rig.target.client('-e', f"LOAD DATA INFILE '{path}' INTO TABLE {name}")

    def script(self):
        return ("SELECT format('BEGIN; UPDATE pgbench_accounts SET abalance = abalance + %s WHERE aid = %s; "
                'UPDATE pgbench_tellers SET tbalance = tbalance + %s WHERE tid = %s; '
                'UPDATE pgbench_branches SET bbalance = bbalance + %s WHERE bid = %s; '
                "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (%s, %s, %s, %s, ''%s''); COMMIT;', "
                'delta, aid, delta, tid, delta, bid, tid, bid, aid, delta, mtime) FROM pgbench_history ORDER BY mtime')


def cdc_pg_mysql(options):
    """Both backlogs, each with servers of its own; the seconds of both together."""
    totals = [0, 0]
    for name, workload in {'insert': InsertsToMySQL(), 'tpcb': TpcbToMySQL()}.items():
        ours, peer = applied(options, workload)
        print(f'{name:<9} ours={ours:.6g} peer={peer:.6g} ratio={peer / ours:.3g} rows/s={workload.rows / ours:,.0f}\n', flush=True)
        totals = [totals[0] + ours, totals[1] + peer]
    return totals


def applied(options, workload):
    with Rig(options, writer=True, target=Target(options.mysql)) as rig:
        backlog.prepare(rig, workload, options.runs, [])
        script = write_file(rig, workload.script(), 'postgres')
        sides = [lambda number: apply_ours(rig, options, workload, number), lambda number: apply_peer(rig, workload, number, script)]
        runs = []
        for number in range(1, options.runs + 1):
            runs += [side(number) for side in sides]
            sides.append(sides.pop(0))
        medians = summary(runs)
    return medians.pop(OURS), min(medians.values())


def reset(rig, workload):
    rig.target.execute(f'TRUNCATE TABLE {MARKER}')
    workload.reset(rig)


def apply_ours(rig, options, workload, number):
    """From the start of writer and stream until the last row of the backlog can be seen."""
    reset(rig, workload)
    stream = backlog.our_stream(number)
    writer = Writer(stream, rig.nats, rig.target, dbname=SOURCE)
    with Run(OURS, number, backlog.profiler(options, number)) as run:
        charge(run, rig)
        writer.start(ready=False)
        rig.source.execute('SELECT sluice.start_stream(%s)', (stream,))
        run.charge('writer', writer.process.pid)
        run.watch('writer', writer.process.pid)
        run.watch('worker', rig.worker_pid(stream))
        with polling(rig.target) as until_true:
            run.finish(until_true(f'SELECT EXISTS (SELECT 1 FROM {MARKER})'))
    workload.check(rig)
    writer.stop()
    rig.drop_stream(stream)
    return run


def apply_peer(rig, workload, number, script):
    """The same transactions, as a client sends them one after the other."""
    reset(rig, workload)
    with Run('mysql client', number) as run, open(script) as file:
        charge(run, rig)
        rig.target.client('--skip-reconnect', stdin=file)
        run.finish()
    workload.check(rig)
    return run
