"""Copies of MySQL and MariaDB tables: every kind of key, the hand-over under writes, whatever dies in the middle, missing rights."""
import base64
import contextlib
import itertools

import pymysql
import pytest

from harness.mysql import quote
from harness.mysql_source import numbers
from harness.mysql_source_pipeline import MySQLLoad
from harness.wait import wait_for

LONG = 120  # seconds; the machine may be busy
SMALL = ('--chunk-bytes', '65536', '--copy-workers', '3')
PAD = "repeat('x', 60)"

# Tables of this many rows by what they are cut by: columns, and what row i has.
ROWS = 3000
KEYS = {
    'dense': ('id int PRIMARY KEY, pad varchar(100)', f'i, {PAD}'),
    'sparse': ('id bigint PRIMARY KEY, pad varchar(100)', f'cast(i AS signed) * 100003 * 1009, {PAD}'),
    'lowest': ('id bigint PRIMARY KEY, pad varchar(100)', f'-9223372036854775809 + cast(i AS decimal(30)) * 6148914691236517, {PAD}'),
    'highest': ('id bigint unsigned PRIMARY KEY, pad varchar(100)', f'18446744073709551616 - cast(i AS decimal(30)) * 6148914691236517, {PAD}'),
    'composite': ('a int, b varchar(20) COLLATE utf8mb4_general_ci, c datetime(3), pad varchar(100), PRIMARY KEY (a, b, c)',
                  f"i % 3, concat('kË', i), '2024-01-01' + INTERVAL i SECOND, {PAD}"),
    'folded': ('s varchar(30) CHARSET latin1 COLLATE latin1_swedish_ci PRIMARY KEY, pad varchar(100)', f"concat(char(65 + i % 26), 'é', i), {PAD}"),
    'wide': ('s varchar(30) CHARSET utf16 PRIMARY KEY, pad varchar(100)', f"concat(char(65 + i % 26), '🐘', i), {PAD}"),
    'raw': ('s varbinary(30) PRIMARY KEY, pad varchar(100)', f"unhex(concat(lpad(hex(i % 256), 2, '0'), '00', lpad(hex(i), 4, '0'))), {PAD}"),
    'padded': ('s binary(8) PRIMARY KEY, pad varchar(100)', f"unhex(concat('00ff', lpad(hex(i), 6, '0'))), {PAD}"),
    'fractions': ('d decimal(30,10) PRIMARY KEY, pad varchar(100)', f'(i - 1000) * 1.0000000001, {PAD}'),
    'calendar': ('d date, t time(2), y year, pad varchar(100), PRIMARY KEY (d, t, y)',
                 f"'2000-01-01' + INTERVAL i % 100 DAY, sec_to_time(i - 1000), 1901 + i % 200, {PAD}"),
    'moments': ('at timestamp(6) DEFAULT current_timestamp(6) PRIMARY KEY, pad varchar(100)', f"'2020-01-01' + INTERVAL i * 1001 MICROSECOND, {PAD}"),
    'unique_only': ('id int NOT NULL UNIQUE, pad varchar(100)', f'i, {PAD}'),
    'unique_or_null': ('id int NULL UNIQUE, pad varchar(100)', f'nullif(i, 5), {PAD}'),
    'keyless': ('id int, pad varchar(100)', f'i % 10, {PAD}'),
    'labels': ("e enum('a','b','c'), id int, pad varchar(100), PRIMARY KEY (e, id)", f'1 + i % 3, i, {PAD}'),
    'repeated': ("a int, e enum('a','b','c'), id int, pad varchar(100), PRIMARY KEY (a, e, id)", f'i % 2, 1 + i % 3, i, {PAD}'),
    'empty': ('id int PRIMARY KEY', None),
    'we`ird "na\'me': ("`k`` ;--'\"` int, `ord er` varchar(20), pad varchar(100), PRIMARY KEY (`k`` ;--'\"`, `ord er`)", f"i, 'x', {PAD}"),
}


def make(pipeline, name, columns, values, rows=ROWS):
    pipeline.execute(f'CREATE TABLE {quote(name)} ({columns})')
    if values:
        pipeline.execute(f'INSERT INTO {quote(name)} SELECT {values} FROM {numbers(rows)}')
    pipeline.execute(f'ANALYZE TABLE {quote(name)}')


def make_items(pipeline, rows=30000):
    make(pipeline, 'items', 'id int AUTO_INCREMENT PRIMARY KEY, n bigint NOT NULL, v varchar(200)', f"i, i, repeat('v', 150)", rows)
    make(pipeline, 'pairs', 'a int, b varchar(30), n bigint, PRIMARY KEY (a, b)', "i % 5, concat('p', i), 0", rows // 3)


def write_items(cursor, number):
    """Rows come, change, move to other keys and go."""
    try:
        write_transaction(cursor, next(WRITES) * 4 + number)
    except pymysql.OperationalError as error:
        if error.args[0] != DEADLOCK:
            raise
        cursor.execute('ROLLBACK')


def write_transaction(cursor, count):
    cursor.execute('START TRANSACTION')
    cursor.execute('INSERT INTO items (n, v) VALUES (%s, %s)', (count, 'new'))
    cursor.execute('UPDATE items SET n = n + 1 WHERE id = %s', (count * 7919 % 30000,))
    cursor.execute('UPDATE IGNORE items SET id = %s WHERE id = %s', (count * 104729 % 30000, count * 15485863 % 30000))
    cursor.execute('DELETE FROM items WHERE id = %s', (count * 31337 % 30000,))
    cursor.execute('UPDATE IGNORE pairs SET a = %s, n = n + 1 WHERE b = %s LIMIT 1', (count % 5, f'p{count * 7919 % 10000}'))
    cursor.execute('COMMIT')


WRITES = itertools.count(1)
DEADLOCK = 1213


def load_of(pipeline, clients=2):
    return MySQLLoad(pipeline.source, pipeline.name, write_items, clients, pause=0.002)


def generation(pipeline):
    row = pipeline.load_row()
    return row['generation'] if row else 0


# ---- what is copied ----

def test_every_key(from_mysql):
    """A copy alone, with chunks of all kinds; the writer ends when it is whole."""
    for name, (columns, values) in KEYS.items():
        make(from_mysql, name, columns, values)
    writer = from_mysql.convert(mode='convert', reader_args=SMALL)
    assert writer.wait(LONG) == 0
    assert from_mysql.first_reader.wait() == 0
    rows = from_mysql.compare()
    assert rows['empty'] == 0 and all(rows[name] == ROWS for name in KEYS if name != 'empty')
    table = 'sluice_progress' if hasattr(from_mysql.target, 'flavour') else 'sluice.progress'
    applied, size = from_mysql.target.fetch(f'SELECT rows_applied, bytes_applied FROM {table}', dbname=from_mysql.name)[0]
    assert applied == sum(rows.values()) and size > 8 * applied  # of small chunks, too


def test_hand_over_under_writes(from_mysql):
    make_items(from_mysql)
    with load_of(from_mysql) as load:
        load.wait_done(50)
        from_mysql.convert(reader_args=SMALL)
        load.wait_done(300)
        from_mysql.wait_caught_up(LONG)
        load.wait_done(50)
    load.check()
    from_mysql.wait_equal(timeout=LONG)
    assert generation(from_mysql) == 1


def test_tables_without_snapshots(from_mysql):
    """They are locked against writing until they are copied, and that is said."""
    make_items(from_mysql, 300)
    from_mysql.execute(f'CREATE TABLE plain (id int PRIMARY KEY, v varchar(100)) ENGINE = MyISAM; INSERT INTO plain SELECT i, {PAD} FROM {numbers(500)}')
    from_mysql.convert(reader_args=SMALL)
    from_mysql.wait_equal(timeout=LONG)
    assert 'its engine has no snapshots' in from_mysql.first_reader.process.log_tail(1000)
    from_mysql.execute("INSERT INTO plain VALUES (1000, 'later')")
    from_mysql.wait_equal(timeout=LONG)


# ---- what dies in the middle ----

def test_kill_reader(from_mysql):
    """Again and again: each generation reads what is left."""
    make_items(from_mysql)
    with load_of(from_mysql) as load:
        from_mysql.convert(reader_args=SMALL)
        for _ in range(3):
            load.wait_done(30)
            from_mysql.first_reader.kill()
            load.wait_done(10)
            from_mysql.first_reader.start(ready=False)
        load.wait_done(100)
    load.check()
    from_mysql.wait_equal(timeout=LONG)


def test_kill_source(from_mysql):
    make_items(from_mysql)
    with load_of(from_mysql) as load:
        from_mysql.convert(reader_args=SMALL)
        for _ in range(2):
            load.wait_done(30)
            from_mysql.source.kill()
            from_mysql.source.start()
        load.wait_done(100)
    load.check()
    from_mysql.wait_equal(timeout=LONG)


def test_kill_nats(from_mysql):
    make_items(from_mysql)
    with load_of(from_mysql) as load:
        from_mysql.convert(reader_args=SMALL)
        for _ in range(2):
            load.wait_done(30)
            from_mysql.nats.kill()
            load.wait_done(10)
            from_mysql.nats.start()
        load.wait_done(100)
    load.check()
    from_mysql.wait_equal(timeout=LONG)


def test_nats_dies_before_the_snapshot(from_mysql):
    """The copy waits for a lock; its connection to NATS, older than that, is dead when it goes on."""
    if from_mysql.source.product == 'mariadb':
        pytest.skip('LOCK TABLES holds no stage of a backup')
    make_items(from_mysql, 100)
    with from_mysql.source.cursor(from_mysql.name) as cursor:
        cursor.execute('LOCK TABLES items WRITE')
        from_mysql.convert(reader_args=SMALL)
        wait_for(lambda: from_mysql.source.fetch("SELECT id FROM information_schema.processlist WHERE info LIKE 'FLUSH TABLES%'"),
                 30, lambda: f'the copy to wait for a lock; the readers say {from_mysql.status()}')
        from_mysql.nats.kill()
        from_mysql.nats.start()
    assert from_mysql.wait_equal(timeout=LONG) == {'items': 100, 'pairs': 33}


def copy_sessions(source):
    """Connections of the reader that are in the snapshot: not the one that reads the log."""
    return [row[0] for row in source.fetch("SELECT id FROM information_schema.processlist WHERE user = 'sluice' AND command NOT LIKE 'Binlog Dump%'")]


def test_lost_connections(from_mysql):
    """Those that are left read the rest; when none is left, another snapshot is taken."""
    make_items(from_mysql)
    with load_of(from_mysql) as load:
        from_mysql.convert(reader_args=SMALL)
        for _ in range(5):
            load.wait_done(20)
            for session in copy_sessions(from_mysql.source):
                with contextlib.suppress(pymysql.Error):  # it has ended by itself
                    from_mysql.source.execute(f'KILL {session}')
        load.wait_done(100)
    load.check()
    from_mysql.wait_equal(timeout=LONG)


# ---- what is missing ----

RIGHTS = {
    'locks_of_tables': 'SELECT, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT',
    'no_locks': 'SELECT, REPLICATION SLAVE, REPLICATION CLIENT',
}


def user_with(pipeline, rights):
    """The URI of a new user's; it goes with the test's database."""
    pipeline.source.execute(f"DROP USER IF EXISTS few@'%'; CREATE USER few@'%'; GRANT {rights} ON *.* TO few@'%'")
    return pipeline.source.uri('', user='few')


@pytest.mark.parametrize('rights', RIGHTS)
def test_few_rights(from_mysql, rights):
    """Without a right to lock everything there are other ways to one moment, or the changes bring two together."""
    make_items(from_mysql, 6000)
    with load_of(from_mysql, 4) as load:
        load.wait_done(20)
        from_mysql.reader(*SMALL, mode='convert+cdc', source=user_with(from_mysql, RIGHTS[rights]), ready=False)
        from_mysql.writer(ready=False)
        load.wait_done(300)
    load.check()
    from_mysql.wait_equal(timeout=LONG)


def test_copy_alone_with_few_rights(from_mysql):
    """One connection sees one moment."""
    make_items(from_mysql, 3000)
    from_mysql.reader(*SMALL, mode='convert', source=user_with(from_mysql, RIGHTS['no_locks']), ready=False)
    assert from_mysql.writer(ready=False).wait(LONG) == 0
    from_mysql.compare()


# ---- what changes in the middle ----

def start_full(pipeline, **options):
    """A copy in the middle: JetStream is full, and nobody takes anything out of it."""
    reader = pipeline.reader(*SMALL, '--max-bytes', '1MB', mode='convert+cdc', ready=False, **options)
    wait_for(lambda: 'maximum bytes exceeded' in reader.page('readyz')[1], 60, lambda: f'JetStream to be full; the reader says {reader.page("readyz")}')


def test_structure_changes(from_mysql):
    """A table that is not as it was in the snapshot is read again; at the target people alter it."""
    make_items(from_mysql)
    start_full(from_mysql, source=user_with(from_mysql, 'SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT'))
    from_mysql.execute("ALTER TABLE pairs DROP COLUMN n, ADD COLUMN extra int NOT NULL DEFAULT 7; INSERT INTO pairs VALUES (9, 'new', 8)")
    writer = from_mysql.writer(ready=False)
    writer.wait_not_ready('alter it', LONG)
    from_mysql.at_target('ALTER TABLE pairs DROP COLUMN n, ADD COLUMN extra integer NOT NULL DEFAULT 7')
    from_mysql.wait_equal(timeout=LONG)
    assert generation(from_mysql) > 1


def test_rows_that_jetstream_lost(from_mysql):
    make_items(from_mysql, 3000)
    reader = from_mysql.reader(*SMALL, mode='convert+cdc', ready=False)
    reader.wait_state('loading')
    reader.process.wait_log('copying')
    load = f'SLUICE_{from_mysql.name}_LOAD'
    key = f'$KV.SLUICE.copied.{from_mysql.name}'
    wait_for(lambda: 'stage=copied' in kv(from_mysql.nats, key), 60, 'the rows to be in JetStream')
    from_mysql.nats.jetstream(f'STREAM.PURGE.{load}', {'filter': f'sluice.{from_mysql.name}.load'})
    from_mysql.writer(ready=False)
    from_mysql.wait_equal(timeout=LONG)
    assert generation(from_mysql) > 1 and 'lacks rows' in reader.process.log_tail(1000)


def kv(nats, subject):
    """The text last put there."""
    with contextlib.suppress(Exception):
        return base64.b64decode(nats.jetstream('STREAM.MSG.GET.KV_SLUICE', {'last_by_subj': subject})['message']['data']).decode()
    return ''
