"""A source, its log or NATS give trouble: it is named, nothing is lost, and what can go on goes on."""
import contextlib

import pytest

from harness.mysql_reader import Reader
from harness.mysql_source import SourceMySQL, numbers
from harness.mysql_source_pipeline import MySQLLoad
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, v varchar(100), n int)'
AT_TARGET = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(100), n int)'
QUICK = ('--heartbeat', '1s')


def begin(pipeline, *reader_args):
    """A stream that has brought its first row."""
    pipeline.create(TABLE, AT_TARGET)
    pipeline.start(reader_args=reader_args)
    pipeline.execute("INSERT INTO t (v, n) VALUES ('first', 1)")
    pipeline.wait_caught_up()
    return pipeline.first_reader


def insert(cursor, number):
    cursor.execute(f"INSERT INTO t (v, n) VALUES ('v', {number})")


def load(pipeline, threads=1):
    return MySQLLoad(pipeline.source, pipeline.name, insert, threads)


@pytest.fixture
def own_source(from_mysql):
    """The pipeline with a server of its own, which the test may ruin."""
    shared, own = from_mysql.source, SourceMySQL(from_mysql.source.flavour, name='own-source')
    own.start().create_database(from_mysql.name)
    from_mysql.source = own
    try:
        yield from_mysql
    finally:
        for reader in from_mysql.readers:
            reader.remove()
        own.remove()
        from_mysql.source = shared


# -- the log ---------------------------------------------------------------------

def test_new_files_in_a_burst(from_mysql):
    begin(from_mysql)
    with load(from_mysql, 2) as clients:
        for _ in range(30):
            from_mysql.source.flush_logs()
            clients.wait_done(2)
    from_mysql.wait_equal()


def test_reader_that_was_away_reads_all_files(from_mysql):
    reader = begin(from_mysql)
    assert reader.stop() == 0
    for number in range(10):
        from_mysql.execute(f"INSERT INTO t (v, n) VALUES ('v', {number})")
        from_mysql.source.flush_logs()
    reader.start()
    assert from_mysql.wait_equal() == {'t': 11}


def test_log_that_is_purged(own_source):
    """What the stream still needs is gone: it stands still and says what is missing and what to do."""
    reader = begin(own_source)
    reader.stop()
    own_source.execute("INSERT INTO t (v, n) VALUES ('lost', 2)")
    own_source.source.purge_logs()
    reader.start(ready=False)
    reason = reader.wait_failed('purged')
    assert 'drop' in reason or 'copy' in reason, f'it does not say what to do: {reason}'
    assert own_source.fetch_target('SELECT count(*) FROM t') == 1


def test_log_that_was_reset_while_the_reader_was_away(own_source):
    reader = begin(own_source)
    reader.stop()
    own_source.source.reset_logs()
    own_source.execute("INSERT INTO t (v, n) VALUES ('of another history', 2)")
    reader.start(ready=False)
    reader.wait_failed('.')
    assert own_source.fetch_target('SELECT count(*) FROM t') == 1


def test_log_that_is_reset_under_the_reader(own_source):
    """MySQL does not do so while it is read; MariaDB does, and the reader must not take the new log for the old."""
    reader = begin(own_source)
    own_source.source.kill_dumps()
    try:
        own_source.source.reset_logs()
    except Exception:  # the reader was back already
        return
    own_source.execute("INSERT INTO t (v, n) VALUES ('of another history', 2)")
    reader.wait_failed('.', timeout=60)
    assert own_source.fetch_target('SELECT count(*) FROM t') == 1


def test_checksums_are_switched_while_it_streams(from_mysql):
    begin(from_mysql)
    with load(from_mysql) as clients:
        for checksum in ('NONE', 'CRC32', 'NONE', 'CRC32'):
            from_mysql.source.set('binlog_checksum', checksum)
            clients.wait_done(20)
    from_mysql.wait_equal()


def test_statements_in_the_log_are_refused(own_source):
    """A session logs what it did in words: the rows are not in the log, and the stream does not pass over them."""
    reader = begin(own_source)
    with own_source.source.cursor(own_source.name) as cursor:
        cursor.execute("SET SESSION binlog_format = 'STATEMENT'")
        cursor.execute("UPDATE t SET v = 'by statement'")
    reason = reader.wait_failed('statement')
    assert 'binlog_format' in reason, f'it does not say what to do: {reason}'
    assert own_source.fetch_target('SELECT v FROM t') == 'first'


# -- the server ------------------------------------------------------------------

def test_server_restarts(from_mysql):
    reader = begin(from_mysql)
    for end in (from_mysql.source.stop, from_mysql.source.kill):
        end()
        reader.wait_not_ready('.')
        from_mysql.source.start()
        from_mysql.execute("INSERT INTO t (v, n) VALUES ('after', 2)")
        from_mysql.wait_equal()
    assert reader.is_running()


def test_server_that_does_not_answer(from_mysql):
    """Stopped by SIGSTOP, its connections stay open: silence is noticed, and over when it wakes."""
    reader = begin(from_mysql, *QUICK)
    from_mysql.source.pause()
    try:
        reader.wait_not_ready('.', timeout=60)
    finally:
        from_mysql.source.resume()
    reader.wait_ready(60)
    from_mysql.execute("INSERT INTO t (v, n) VALUES ('after', 2)")
    assert from_mysql.wait_equal() == {'t': 2}


def test_nothing_to_say_is_no_trouble(from_mysql):
    """Heartbeats come instead: the reader keeps its session, however long nothing happens."""
    reader = begin(from_mysql, *QUICK)
    session = from_mysql.source.dumps()
    beats = reader.metric('sluice_reader_heartbeats_total') or 0
    wait_for(lambda: (reader.metric('sluice_reader_heartbeats_total') or 0) >= beats + 4, 30, 'four heartbeats')
    assert from_mysql.source.dumps() == session and reader.is_ready()


def test_sessions_are_killed_among_rows(from_mysql):
    """Also in the middle of big transactions."""
    begin(from_mysql)
    with load(from_mysql) as clients:
        for turn in range(5):
            from_mysql.execute(f"INSERT INTO t (v, n) SELECT repeat('v', 90), i FROM {numbers(20000)}")
            from_mysql.source.kill_dumps()
            clients.wait_done(5)
    from_mysql.wait_equal()


def test_two_readers_of_one_server_id(from_mysql, nats):
    """The server ends one of them whenever the other comes: that is noticed and named, not fought out without end."""
    first = begin(from_mysql, '--server-id', '4242')
    second = Reader(f'{from_mysql.name}_2', nats, from_mysql.source, [f'{from_mysql.name}.*'], args=('--server-id', '4242'), name='second')
    try:
        second.start(ready=False)
        wait_for(lambda: any('server_id' in reader.page('readyz')[1] + reader.log() for reader in (first, second)), 60, 'a word about the server_id')
    finally:
        second.remove()
    from_mysql.execute("INSERT INTO t (v, n) VALUES ('after', 2)")
    assert from_mysql.wait_equal() == {'t': 2}


def test_readers_without_server_id_do_not_meet(from_mysql, nats):
    """Each stream chooses one of its own."""
    begin(from_mysql)
    others = [Reader(f'{from_mysql.name}_{number}', nats, from_mysql.source, [f'{from_mysql.name}.*'], name=f'other-{number}') for number in range(2)]
    try:
        for other in others:
            other.start()
        wait_for(lambda: len(from_mysql.source.dumps()) == 3, 30, 'three sessions that read the log')
        from_mysql.execute("INSERT INTO t (v, n) VALUES ('after', 2)")
        assert from_mysql.wait_equal() == {'t': 2}
        assert all(reader.is_ready() for reader in (*others, from_mysql.first_reader))
    finally:
        for other in others:
            other.remove()


def test_standby_takes_over(from_mysql):
    """A second reader of the same stream waits for the lease; nothing is lost or doubled when the first is killed."""
    reader = begin(from_mysql)
    standby = from_mysql.reader(name='standby')
    standby.wait_state('standby')
    with load(from_mysql) as clients:
        clients.wait_done(20)
        reader.kill()
        standby.wait_state('streaming', timeout=60)
        clients.wait_done(20)
        reader.start()
        reader.wait_state('standby')
        standby.stop()
        reader.wait_state('streaming', timeout=60)
        clients.wait_done(20)
    from_mysql.readers.remove(standby)
    from_mysql.wait_equal()


def test_paused_reader_is_replaced(from_mysql):
    """What it still sends when it wakes is refused."""
    reader = begin(from_mysql)
    standby = from_mysql.reader(name='standby')
    standby.wait_state('standby')
    with load(from_mysql) as clients:
        clients.wait_done(20)
        reader.pause()
        try:
            standby.wait_state('streaming', timeout=60)
            clients.wait_done(20)
        finally:
            reader.resume()
        clients.wait_done(50)
        reader.wait_state('standby', timeout=60)
    from_mysql.wait_equal()


# -- NATS, the target ------------------------------------------------------------

def test_nats_goes_away(from_mysql):
    reader = begin(from_mysql)
    with load(from_mysql) as clients:
        for end in (from_mysql.nats.kill, from_mysql.nats.stop):
            end()
            reader.wait_not_ready('.')
            clients.wait_done(50)
            from_mysql.nats.start()
            reader.wait_ready(60)
    from_mysql.wait_equal()


def test_reader_waits_for_everybody(from_mysql):
    """Started first of all, it waits for NATS and source and says so."""
    from_mysql.create(TABLE, AT_TARGET)
    reader = from_mysql.reader(start=False)
    from_mysql.nats.stop()
    from_mysql.source.stop()
    reader.start(ready=False)
    reader.wait_not_ready('.')
    from_mysql.nats.start()
    reader.wait_not_ready('.')
    from_mysql.source.start()
    reader.wait_ready(60)
    from_mysql.writer()
    from_mysql.execute("INSERT INTO t (v, n) VALUES ('first', 1)")
    assert from_mysql.wait_equal() == {'t': 1}


def test_store_that_is_full(from_mysql):
    """JetStream takes no more: the reader holds little and waits, and goes on when a writer has made room."""
    from_mysql.create(TABLE, AT_TARGET)
    reader = from_mysql.reader('--max-bytes', '2MB', '--window-bytes', '1MB')
    for _ in range(60):
        from_mysql.execute(f'INSERT INTO t (v, n) SELECT sha2(i, 256), i FROM {numbers(1000)}')
    wait_for(lambda: 'full' in (reader.page('readyz')[1] + reader.log()) or 'maximum bytes' in reader.log(), 60,
             lambda: f'a word about the full stream; it says {reader.page("readyz")}')
    from_mysql.writer()
    assert from_mysql.wait_equal(timeout=120) == {'t': 60000}


# -- one of another set ----------------------------------------------------------

def test_failover_to_a_replica(own_source):
    """By GTID the stream goes on at another server that has the same transactions, behind the last one it has."""
    pipeline = own_source
    with contextlib.ExitStack() as started:
        replica = SourceMySQL(pipeline.source.flavour, name='replica')
        started.callback(replica.remove)
        replica.start().follow(pipeline.source)
        reader = begin(pipeline)
        with load(pipeline) as clients:
            clients.wait_done(50)
        pipeline.wait_caught_up()
        executed = pipeline.source.executed()
        replica.wait_has(executed)
        pipeline.source.kill()
        replica.leave()
        first, pipeline.source = pipeline.source, replica
        started.callback(first.remove)
        replica.flush_logs(2)
        replica.execute("INSERT INTO t (v, n) VALUES ('at the replica', 3)", dbname=pipeline.name)
        reader.stop()
        pipeline.readers.remove(reader)
        other = pipeline.reader(name='reader-of-replica')
        assert pipeline.wait_equal()['t'] == clients.done + 2
        other.stop()


def test_server_that_lacks_what_the_stream_has(own_source):
    """Transactions are at the target that the new server never had: it is not gone on from as if nothing were."""
    pipeline = own_source
    reader = begin(pipeline)
    reader.stop()
    with contextlib.ExitStack() as started:
        stranger = SourceMySQL(pipeline.source.flavour, name='stranger')
        started.callback(stranger.remove)
        stranger.start().create_database(pipeline.name)
        stranger.execute(TABLE + "; INSERT INTO t (v, n) VALUES ('stranger', 1)", dbname=pipeline.name)
        other = pipeline.reader(source=stranger, start=False, name='reader-of-stranger')
        other.start(ready=False)
        other.wait_failed('.')
        assert pipeline.fetch_target('SELECT v FROM t') == 'first'


def test_another_server_by_file(own_source):
    """A file and an offset mean nothing at another server: refused, by whose log it is."""
    pipeline = own_source
    reader = begin(pipeline, '--position', 'file')
    reader.stop()
    with contextlib.ExitStack() as started:
        other_server = SourceMySQL(pipeline.source.flavour, name='other-server')
        started.callback(other_server.remove)
        other_server.start().create_database(pipeline.name)
        other = pipeline.reader('--position', 'file', source=other_server, start=False, name='reader-of-other')
        other.start(ready=False)
        other.wait_failed('server')
