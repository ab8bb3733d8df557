"""What is written to the source, and how the target gets ready for another run of it."""

MARKER = 'bench_end'  # the last transaction of every backlog is a row in this table

# Rows of both sides in any order come to the same sum.
CHECKSUM = 'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {} t'

# A row of sysbench's table: c is ten groups of eleven digits, pad is five.
GROUP = "lpad(trunc(random() * 1e11)::bigint::text, 11, '0')"
SYSBENCH_TABLE = 'CREATE TABLE sbtest (id int PRIMARY KEY, k int NOT NULL, c char(120) NOT NULL, pad char(60) NOT NULL)'
SYSBENCH_ROW = 'SELECT id, trunc(random() * 1000000)::int, {}, {}'.format(*(" || '-' || ".join([GROUP] * groups) for groups in (10, 5)))


class Workload:
    """Tables, the transactions of the backlog, and how to take them back at the target."""
    tables = ()

    def prepare(self, rig):
        """Makes the tables, with the same rows at both sides."""
        raise NotImplementedError

    def write(self, rig):
        """Writes the backlog to the source."""
        raise NotImplementedError

    def reset(self, rig):
        """Brings the target back to what prepare() made."""
        raise NotImplementedError

    def check(self, rig):
        """Raises unless source and target are equal."""
        for table in self.tables:
            source, target = (server.fetch_one(CHECKSUM.format(table)) for server in (rig.source, rig.target))
            if source != target:
                raise RuntimeError(f'{table} differs: rows and checksum are {source} at the source, '
                                   f'{target} at the target')


class Inserts(Workload):
    """1,000,000 rows of sysbench's table, in 10,000 transactions of 100 inserts."""
    tables = ('public.sbtest',)
    what = '1,000,000 rows of 200 bytes in 10,000 transactions of 100 inserts'

    def prepare(self, rig):
        rig.both(SYSBENCH_TABLE)

    def write(self, rig):
        rig.source.execute(f'DO $$ BEGIN FOR i IN 0 .. 9999 LOOP INSERT INTO sbtest {SYSBENCH_ROW} '
                           'FROM generate_series(i * 100 + 1, i * 100 + 100) id; COMMIT; END LOOP; END $$',
                           options='-c synchronous_commit=off')

    def reset(self, rig):
        rig.target.execute('TRUNCATE sbtest')


class Tpcb(Workload):
    """pgbench's tables at scale 10 and 50,000 of its transactions: 3 updates and an insert each."""
    tables = ('public.pgbench_accounts', 'public.pgbench_branches', 'public.pgbench_tellers', 'public.pgbench_history')
    what = '50,000 TPC-B transactions (200,000 changes) at scale 10'

    def prepare(self, rig):
        # What pgbench fills the tables with is the same every time.
        for server in (rig.source, rig.target):
            rig.pgbench(server, '-i', '-q', '-s', '10')
        self.check(rig)
        rig.target.execute('CREATE EXTENSION pg_prewarm')

    def write(self, rig):
        rig.pgbench(rig.source, '-n', '-c', '4', '-t', '12500')

    def reset(self, rig):
        rig.pgbench(rig.target, '-i', '-q', '-s', '10', '-I', 'gv')
        # Filling and vacuum leave the pages out of the shared buffers, where a target in use has them.
        rig.target.execute("SELECT pg_prewarm('pgbench_accounts'), pg_prewarm('pgbench_accounts_pkey')")


class Sysbench:
    """A database to be copied: sysbench's table with its key and the index sysbench makes."""

    def __init__(self, rows):
        self.rows = rows
        self.what = f'{rows:,} rows of 200 bytes, a primary key and an index'

    def write(self, server, dbname):
        server.execute(f'{SYSBENCH_TABLE}; INSERT INTO sbtest {SYSBENCH_ROW} FROM generate_series(1, {self.rows}) id; '
                       'CREATE INDEX k_1 ON sbtest (k)', dbname=dbname)


class ManyTables:
    """A database to be copied: small tables with a serial key, an index and a foreign key to the table before."""

    def __init__(self, tables):
        self.tables = tables
        self.what = f'{tables:,} tables of 100 rows, each with a serial key, an index and a foreign key'

    def write(self, server, dbname):
        server.execute('CREATE TABLE t0 (id int PRIMARY KEY); INSERT INTO t0 SELECT generate_series(1, 100)', dbname=dbname)
        server.execute(f"""
            DO $$ BEGIN FOR i IN 1 .. {self.tables - 1} LOOP EXECUTE format(
                'CREATE TABLE t%s (id serial PRIMARY KEY, v text, n int REFERENCES t%s); CREATE INDEX ON t%s (v);'
                'INSERT INTO t%s (v, n) SELECT md5(j::text), j FROM generate_series(1, 100) j', i, i - 1, i, i);
                COMMIT; END LOOP; END $$""", dbname=dbname)
