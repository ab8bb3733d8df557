"""A MariaDB or MySQL target that refuses, is locked, goes away or is taken over: named, nothing lost, goes on."""
import contextlib
import re
import threading
import time

import pymysql
import pytest

from harness.pipeline import Load
from harness.stream import stream_row
from harness.wait import wait_for

REFUSED = 3  # exit status of a writer that somebody must look after
TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(100), n int)'
QUICKLY = 15  # seconds, for a standby to take over
MEGABYTE = 1 << 20


def disturb(pipeline):
    """Changes that will meet something else at the target than at the source."""
    pipeline.execute("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
    pipeline.wait_equal()
    pipeline.at_target("INSERT INTO t VALUES (10, 'foreign', 0); DELETE FROM t WHERE id IN (2, 3)")


def conflicts(writer):
    """{(table, kind): rows} of the writer's counters of conflicts."""
    return {(dict(labels)['table'], dict(labels)['kind']): value for (name, labels), value in
            writer.metrics().items() if name == 'sluice_writer_conflicts_total' and value}


def steady(pipeline):
    """A client that inserts row after row."""
    rows = iter(range(1, 1 << 30))
    return Load(pipeline.source, pipeline.name, lambda cursor, _: cursor.execute('INSERT INTO t VALUES (%s)', (next(rows),)))


# -- what the target refuses --------------------------------------------------

def test_conflicts_are_upserts(to_mysql):
    to_mysql.create(TABLE)
    writer = to_mysql.start()
    disturb(to_mysql)
    to_mysql.execute("INSERT INTO t VALUES (10, 'ours', 1)")
    to_mysql.execute("UPDATE t SET v = 'changed' WHERE id = 2")
    to_mysql.execute('DELETE FROM t WHERE id = 3')
    assert to_mysql.wait_equal() == {'public.t': 3}
    wait_for(lambda: len(conflicts(writer)) == 3, 10, lambda: f'three kinds of conflicts: {conflicts(writer)}')


def test_conflicts_are_skipped(to_mysql):
    to_mysql.create(TABLE)
    writer = to_mysql.start('--on-conflict', 'skip')
    disturb(to_mysql)
    to_mysql.execute("INSERT INTO t VALUES (10, 'ours', 1), (11, 'new', 1)")
    to_mysql.execute("UPDATE t SET v = 'changed' WHERE id <= 2")
    to_mysql.execute('DELETE FROM t WHERE id = 3')
    to_mysql.wait_caught_up()
    assert to_mysql.target.fetch('SELECT * FROM t ORDER BY id', dbname=to_mysql.name) == [
        (1, 'changed', 1), (10, 'foreign', 0), (11, 'new', 1)]
    wait_for(lambda: len(conflicts(writer)) == 3, 10, lambda: f'three kinds of conflicts: {conflicts(writer)}')


@pytest.mark.parametrize('change, mend', (
    ("INSERT INTO t VALUES (10, 'ours', 1)", 'DELETE FROM t WHERE id = 10'),
    ("UPDATE t SET v = 'changed' WHERE id = 2", "INSERT INTO t VALUES (2, 'b', 2)"),
    ('DELETE FROM t WHERE id = 3', "INSERT INTO t VALUES (3, 'c', 3)")), ids=('insert', 'update', 'delete'))
def test_conflict_is_an_error(to_mysql, change, mend):
    to_mysql.create(TABLE)
    writer = to_mysql.start('--on-conflict', 'error')
    disturb(to_mysql)
    to_mysql.execute(change)
    text = writer.wait_not_ready(r'public\.t')
    assert re.search(r'\b(10|2|3)\b', text), text
    to_mysql.at_target(mend)
    writer.wait_ready()
    to_mysql.wait_caught_up()


def test_missing_table_and_column(to_mysql):
    to_mysql.execute(TABLE + '; CREATE TABLE u (id int PRIMARY KEY, v varchar(10))')
    to_mysql.at_target('CREATE TABLE t (id int PRIMARY KEY, n int)')
    writer = to_mysql.start()
    to_mysql.execute("INSERT INTO t VALUES (1, 'a', 1)")
    writer.wait_not_ready(r'\bv\b')
    to_mysql.at_target('ALTER TABLE t ADD v varchar(100)')
    assert to_mysql.wait_equal(['public.t']) == {'public.t': 1}
    to_mysql.execute("INSERT INTO u VALUES (1, 'a')")
    writer.wait_not_ready(r'\bu\b')
    to_mysql.at_target('CREATE TABLE u (id int PRIMARY KEY, v varchar(10))')
    to_mysql.wait_equal()
    writer.wait_ready()


@pytest.mark.parametrize('rows', (1, 2000), ids=('one', 'many'))
@pytest.mark.parametrize('column, value, pattern', (
    ('v varchar(5)', "'longer than 5'", r'\bv\b'), ('n tinyint', '300', r'\bn\b'), ('n int NOT NULL', 'NULL', r'\bn\b'),
    ('n int CHECK (n < 100)', '300', r'public\.t')), ids=('long', 'range', 'null', 'check'))
def test_value_the_target_refuses(to_mysql, rows, column, value, pattern):
    """Never cut, clamped or left out by the server's own ways; the row is named, and what is mended goes on."""
    name = column[0]
    to_mysql.execute(TABLE)
    types = {'v': 'varchar(100)', 'n': 'int', name: column[2:]}
    to_mysql.at_target(f'CREATE TABLE t (id int PRIMARY KEY, v {types["v"]}, n {types["n"]})')
    writer = to_mysql.start()
    to_mysql.execute(f"INSERT INTO t (id, v, n) SELECT i, 'v', 1 FROM generate_series(1, {rows}) i;"
                     f'INSERT INTO t (id, v, n) SELECT 77777 + i, {value if name == "v" else "NULL"}, {value if name == "n" else "1"} FROM generate_series(0, {rows - 1}) i')
    text = writer.wait_not_ready(pattern)
    assert '77777' in text, text
    assert to_mysql.fetch_target('SELECT count(*) FROM t WHERE id >= 77777') == 0
    to_mysql.at_target('DROP TABLE t; ' + TABLE)
    to_mysql.at_target(f"INSERT INTO t VALUES {', '.join(f'({i}, {chr(39)}v{chr(39)}, 1)' for i in range(1, rows + 1))}")
    assert to_mysql.wait_equal() == {'public.t': 2 * rows}
    writer.wait_ready()


def test_local_infile_is_off(to_mysql):
    """Rows come as INSERTs then; it is said once."""
    to_mysql.create(TABLE)
    to_mysql.target.set('local_infile', 0)
    try:
        writer = to_mysql.start()
        for turn in range(3):
            to_mysql.execute(f"INSERT INTO t SELECT i, 'v', i FROM generate_series({turn * 10000}, {turn * 10000 + 9999}) i")
            to_mysql.wait_caught_up()
        assert to_mysql.wait_equal() == {'public.t': 30000}
        assert writer.log().count('LOAD DATA LOCAL') == 1
    finally:
        to_mysql.target.set('local_infile', 1)


def test_packets_are_small(to_mysql):
    """Statements keep below max_allowed_packet; one row that does not fit is named, and goes on behind a larger one."""
    to_mysql.create('CREATE TABLE t (id int PRIMARY KEY, v text, n int)', 'CREATE TABLE t (id int PRIMARY KEY, v longtext, n int)')
    to_mysql.target.set('max_allowed_packet', MEGABYTE)
    try:
        writer = to_mysql.start()
        to_mysql.execute("INSERT INTO t SELECT i, repeat('v', 100000), i FROM generate_series(1, 100) i")
        to_mysql.execute("UPDATE t SET v = repeat('w', 100000) WHERE id % 2 = 0; INSERT INTO t VALUES (1000, 'x', 1); DELETE FROM t WHERE id < 30")
        assert to_mysql.wait_equal() == {'public.t': 72}
        to_mysql.execute("INSERT INTO t VALUES (5000, repeat('y', 3000000), 1); UPDATE t SET v = repeat('z', 3000000) WHERE id = 50")
        text = writer.wait_not_ready('max_allowed_packet')
        assert 'public.t' in text, text
        to_mysql.target.set('max_allowed_packet', 64 * MEGABYTE)
        assert to_mysql.wait_equal() == {'public.t': 73}
    finally:
        to_mysql.target.set('max_allowed_packet', 64 * MEGABYTE)


# -- locks --------------------------------------------------------------------

@contextlib.contextmanager
def foreign_session(pipeline):
    """A transaction of somebody else at the target."""
    with contextlib.closing(pipeline.target.connect(pipeline.name, autocommit=False)) as connection, connection.cursor() as cursor:
        yield cursor


def is_waiting(pipeline):
    return pipeline.target.fetch("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")


def test_deadlock_with_a_foreign_session(to_mysql):
    """The writer is the one that InnoDB ends; it tries again."""
    to_mysql.create(TABLE + '; CREATE TABLE heavy (id int PRIMARY KEY)')
    writer = to_mysql.start(tables=['public.t'])
    to_mysql.execute("INSERT INTO t SELECT i, 'v', i FROM generate_series(1, 10) i")
    to_mysql.wait_equal(['public.t'])
    with foreign_session(to_mysql) as cursor:
        cursor.execute(f"INSERT INTO heavy VALUES {', '.join(f'({i})' for i in range(20000))}")  # what is rolled back is the lighter one
        cursor.execute('UPDATE t SET n = 0 WHERE id = 9')
        to_mysql.execute("UPDATE t SET v = 'w' WHERE id IN (1, 9)")
        wait_for(lambda: is_waiting(to_mysql), 20, 'the writer to wait')
        ended = threading.Thread(target=cursor.execute, args=('UPDATE t SET n = 0 WHERE id = 1',))
        ended.start()
        ended.join(30)
        assert not ended.is_alive()
        cursor.execute('ROLLBACK')
    assert to_mysql.wait_equal(['public.t']) == {'public.t': 10}
    assert 'LATEST DETECTED DEADLOCK' in to_mysql.target.fetch('SHOW ENGINE INNODB STATUS')[0][2]
    assert writer.is_running()
    writer.wait_ready()


def test_rows_are_locked_for_a_while(to_mysql):
    to_mysql.target.set('innodb_lock_wait_timeout', 1)
    try:
        to_mysql.create(TABLE)
        to_mysql.start()
        to_mysql.execute("INSERT INTO t VALUES (1, 'a', 1)")
        to_mysql.wait_equal()
        with foreign_session(to_mysql) as cursor:
            cursor.execute('UPDATE t SET n = 5 WHERE id = 1')
            to_mysql.execute("UPDATE t SET v = 'b'")
            wait_for(lambda: is_waiting(to_mysql), 20, 'the writer to wait')
            wait_for(lambda: 'Lock wait timeout' in to_mysql.writers[0].log(), 60, 'the writer to start over')
            wait_for(lambda: is_waiting(to_mysql), 20, 'the writer to try again')
            cursor.execute('ROLLBACK')
        assert to_mysql.wait_equal() == {'public.t': 1}
    finally:
        to_mysql.target.set('innodb_lock_wait_timeout', 20)


def test_session_is_killed(to_mysql):
    to_mysql.create(TABLE)
    to_mysql.start()
    with steady(to_mysql) as load:
        for _ in range(5):
            load.wait_done(20)
            for number in to_mysql.target.sessions():
                with contextlib.suppress(pymysql.Error):
                    to_mysql.target.execute(f'KILL {number}')
    load.check()
    to_mysql.wait_equal()


# -- writers ------------------------------------------------------------------

def test_standby_takes_over(to_mysql):
    to_mysql.create(TABLE)
    first = to_mysql.start()
    second = to_mysql.writer(name='second')
    with steady(to_mysql) as load:
        for end in (first.kill, second.stop):
            load.wait_done(50)
            epoch = to_mysql.progress()['epoch']
            end()
            began = time.monotonic()
            wait_for(lambda: to_mysql.progress()['epoch'] > epoch, 30, 'the other to take over')
            assert time.monotonic() - began < QUICKLY
            if end == first.kill:
                first.start()
    load.check()
    to_mysql.wait_equal()
    second.start()
    epoch = to_mysql.progress()['epoch']
    assert second.stop() == 0
    assert to_mysql.progress()['epoch'] == epoch


def test_progress_row_removed(to_mysql):
    """Under a running writer, and before it starts: never a start from somewhere."""
    to_mysql.create(TABLE)
    writer = to_mysql.start()
    for turn in range(3):
        to_mysql.execute(f'INSERT INTO t SELECT generate_series({turn * 10 + 1}, {turn * 10 + 10})')
        to_mysql.wait_equal()
    stream = f'SLUICE_{to_mysql.name}'
    wait_for(lambda: to_mysql.nats.stream_state(stream)['first_seq'] > 1, 30, 'applied messages to be purged')
    to_mysql.at_target('DELETE FROM sluice_progress')
    to_mysql.execute('INSERT INTO t SELECT generate_series(101, 200)')
    assert writer.wait() == REFUSED
    writer.start(ready=False)
    assert writer.wait() == REFUSED
    assert to_mysql.fetch_target('SELECT count(*) FROM t') == 30


def test_two_streams_into_one_database(to_mysql):
    """Each has its own row of progress, and neither ends the other's sessions."""
    to_mysql.create(TABLE + '; CREATE TABLE u (id int PRIMARY KEY)')
    to_mysql.start(tables=['public.t'])
    other = to_mysql.name[:30] + '_b'
    to_mysql.execute("SELECT sluice.create_stream(%s, tables => ARRAY['public.u'])", (other,))
    to_mysql.execute('SELECT sluice.start_stream(%s)', (other,))
    wait_for(lambda: stream_row(to_mysql.source, other, to_mysql.name)['state'] == 'streaming', 30, 'the other stream')
    second = to_mysql.writer(start=False, name='second')
    second.process.argv[second.process.argv.index('--stream') + 1] = other
    second.start()
    to_mysql.execute('INSERT INTO t SELECT generate_series(1, 500); INSERT INTO u SELECT generate_series(1, 500)')
    assert to_mysql.wait_equal() == {'public.t': 500, 'public.u': 500}
    assert to_mysql.fetch_target('SELECT count(*) FROM sluice_progress') == 2
    second.stop()
    to_mysql.execute('SELECT sluice.drop_stream(%s)', (other,))


def test_right_is_missing(to_mysql):
    """What the writer's user may not do is named, and goes on once it is granted."""
    server = to_mysql.target
    to_mysql.create(TABLE)
    server.execute("CREATE USER plain@'%'")
    try:
        server.execute(f"GRANT SELECT, INSERT, UPDATE, CREATE ON `{to_mysql.name}`.* TO plain@'%'")
        to_mysql.stream()
        writer = to_mysql.writer(target=server.uri(to_mysql.name, 'plain'))
        to_mysql.execute("INSERT INTO t SELECT i, 'v', i FROM generate_series(1, 1000) i")
        to_mysql.wait_equal()
        to_mysql.execute('DELETE FROM t WHERE id < 10')
        writer.wait_not_ready('(?i)delete')
        server.execute(f"GRANT DELETE ON `{to_mysql.name}`.* TO plain@'%'")
        to_mysql.wait_equal()
    finally:
        server.execute("DROP USER plain@'%'")


def test_metrics_tell_what_was_done(to_mysql):
    to_mysql.create(TABLE)
    writer = to_mysql.start()
    to_mysql.execute("INSERT INTO t SELECT i, 'v', i FROM generate_series(1, 1000) i")
    to_mysql.execute('UPDATE t SET n = 0 WHERE id <= 100; DELETE FROM t WHERE id > 990')
    to_mysql.wait_equal()
    kinds = {'insert': 1000, 'update': 100, 'delete': 10}

    def counted():
        found = {}
        for (_, labels), value in writer.metrics().items():
            labels = dict(labels)
            if labels.get('table') == 'public.t' and labels.get('action') in kinds:
                found[labels['action']] = found.get(labels['action'], 0) + value
        return found
    wait_for(lambda: counted() == kinds, 10, lambda: f'{kinds} to be counted; there is {counted()}')
