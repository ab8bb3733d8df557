"""Trouble with anything the stream stands on: named where one looks, nothing lost, and it goes on."""
import re
import signal
import subprocess
import time

import psycopg2
import pytest

from harness import compare, guard
from harness.pipeline import Load, Pipeline
from harness.stream import stream_row
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v text, n int)'
REFUSED = 3  # exit status of a writer that somebody must look after
QUICKLY = 10  # seconds a takeover may take


def insert(pipeline, first, last):
    pipeline.execute("INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(%s, %s) i", (first, last))


class Steady(Load):
    """One client that inserts and updates rows of t, one transaction each."""

    def __init__(self, pipeline, first=1000000):
        self._next = first
        super().__init__(pipeline.source, pipeline.name, self._change, pause=0.005)

    def _change(self, cursor, _number):
        cursor.execute("INSERT INTO t VALUES (%s, 'load', 0) ON CONFLICT DO NOTHING", (self._next,))
        cursor.execute('UPDATE t SET n = n + 1 WHERE id >= %s', (self._next - 3,))
        self._next += 1


def jetstream_name(pipeline):
    return f'SLUICE_{pipeline.name}'


# -- NATS ---------------------------------------------------------------------

def test_nats_store_wiped_while_stopped(pipeline):
    """What only JetStream had is decoded again from the slot."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 1000)
    pipeline.wait_equal()
    writer.stop()
    insert(pipeline, 1001, 3000)
    wait_for(lambda: pipeline.status()['in_flight'] == 0 and pipeline.status()['rows'] >= 3000, 30,
             'all to be acknowledged by JetStream')
    since = pipeline.source.process.log_size()
    pipeline.nats.kill()
    pipeline.nats.wipe_store()
    pipeline.nats.start()
    writer.start(ready=False)
    insert(pipeline, 3001, 3100)
    assert pipeline.wait_equal() == {'public.t': 3100}
    pipeline.source.process.wait_log(rf'stream "{pipeline.name}".*(emptied|rolled back|lost acknowledged)', 10, since)
    assert writer.is_running()


def test_jetstream_stream_deleted_under_load(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        for _ in range(3):
            load.wait_done(100)
            pipeline.nats.jetstream(f'STREAM.DELETE.{jetstream_name(pipeline)}')
            rows = pipeline.fetch_target('SELECT count(*) FROM t')
            wait_for(lambda: pipeline.fetch_target('SELECT count(*) FROM t') > rows + 50, 60,
                     lambda: f'rows to arrive again; the stream is {pipeline.status()}\n{writer.process.log_tail()}')
    load.check()
    pipeline.wait_equal()
    assert writer.is_running()


def test_nats_store_wiped_under_load(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        load.wait_done(200)
        pipeline.nats.kill()
        pipeline.nats.wipe_store()
        load.wait_done(50)
        pipeline.nats.start()
        load.wait_done(200)
    load.check()
    pipeline.wait_equal()
    assert writer.is_running()


def test_jetstream_purged_by_hand_while_the_writer_is_away(pipeline):
    """The source says what is gone and how to have it again, and that is how."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 100)
    pipeline.wait_equal()
    pipeline.wait_status(lambda row: row['durable_lsn'], 'the writer to say what is durable')
    writer.stop()
    insert(pipeline, 101, 3000)
    pipeline.wait_status(lambda row: row['in_flight'] == 0 and row['rows'] >= 3000, 'all to be published')
    pipeline.nats.jetstream(f'STREAM.PURGE.{jetstream_name(pipeline)}')
    insert(pipeline, 3001, 3010)
    row = pipeline.wait_status(lambda row: 'were removed from JetStream' in (row['last_error'] or ''), 'the loss to be named')
    assert f'nats stream rm {jetstream_name(pipeline)}' in row['last_error_hint']
    writer.start(ready=False)
    assert writer.wait() == REFUSED
    pipeline.nats.jetstream(f'STREAM.DELETE.{jetstream_name(pipeline)}')
    insert(pipeline, 3011, 3020)
    wait_for(lambda: jetstream_name(pipeline) in pipeline.nats.streams(), 30, 'the JetStream stream to be made again')
    writer.start(ready=False)
    assert pipeline.wait_equal() == {'public.t': 3020}
    pipeline.wait_status(lambda row: row['last_error'] is None, 'the error to go')


def test_nats_away_for_a_while(pipeline):
    """Commits do not wait, the reason is shown, and everything arrives later."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        load.wait_done(100)
        pipeline.nats.stop()
        row = pipeline.wait_status(lambda row: not row['connected'] and row['last_error'], 'waited for the error')
        # A server that is going down may say first that JetStream does not answer any more.
        assert any(word in row['last_error'].lower() for word in ('nats', 'connect', 'jetstream')), row
        load.wait_done(500)  # with NATS away: a commit that waited for it would not come back
        insert(pipeline, 1, 50000)
        assert pipeline.status()['pid'] is not None
        assert writer.is_running() and writer.is_live()
        pipeline.nats.start()
        pipeline.wait_status(lambda row: row['connected'] and not row['last_error'], 'waited for NATS to be back')
    load.check()
    pipeline.wait_equal()


def test_jetstream_full(pipeline):
    """The limit is reached while the writer is away: commits do not wait, the state is visible."""
    pipeline.create(TABLE)
    writer = pipeline.start(options={'max_bytes': 1048576})
    insert(pipeline, 1, 100)
    pipeline.wait_equal()
    writer.stop()
    for i in range(20):
        pipeline.execute("INSERT INTO t SELECT i, repeat(md5(i::text), 10), i FROM generate_series(%s, %s) i",
                         (1000 * i + 1000, 1000 * i + 1999))
    row = pipeline.wait_status(lambda row: row['last_error'], 'waited for JetStream to be full')
    assert re.search('full|maximum|limit', row['last_error']), row['last_error']
    assert row['last_error_hint']
    assert row['jetstream_bytes'] <= 1048576
    began = time.monotonic()
    insert(pipeline, 50000, 50999)
    assert time.monotonic() - began < 2
    writer.start()
    assert pipeline.wait_equal() == {'public.t': 100 + 20 * 1000 + 1000}
    pipeline.wait_status(lambda row: not row['last_error'], 'waited for the error to be over')


# -- the stream's states ------------------------------------------------------

def test_slot_dropped(pipeline):
    """Terminal and named; nothing is streamed as if it had been complete."""
    pipeline.create(TABLE)
    pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    pipeline.call('pause_stream')
    pipeline.wait_state('paused')
    slot = pipeline.source.fetch_one('SELECT slot_name FROM sluice.streams', dbname=pipeline.name)
    wait_for(lambda: pipeline.source.fetch_one('SELECT active_pid IS NULL FROM pg_replication_slots '
                                               'WHERE slot_name = %s', (slot,)), 10, 'the slot to be free')
    pipeline.execute('SELECT pg_drop_replication_slot(%s)', (slot,))
    insert(pipeline, 11, 20)
    pipeline.call('resume_stream')
    pipeline.wait_state('failed')
    row = pipeline.status()
    assert 'slot is gone' in row['last_error'] and row['last_error_hint'], row
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 10


def test_slot_invalidated(pipeline):
    """max_slot_wal_keep_size takes the log away from a paused stream."""
    pipeline.create(TABLE)
    pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    pipeline.call('pause_stream')
    pipeline.wait_state('paused')
    pipeline.source.set('max_slot_wal_keep_size', '1MB')
    try:
        for _ in range(4):
            pipeline.execute('SELECT pg_switch_wal()')
            insert(pipeline, 11, 11)
            pipeline.execute('DELETE FROM t WHERE id = 11; CHECKPOINT')
        pipeline.call('resume_stream')
        pipeline.wait_state('failed')
        assert 'invalidated' in pipeline.status()['last_error']
    finally:
        pipeline.source.set('max_slot_wal_keep_size', '-1')


def test_pause_stop_and_start_under_load(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        for ends, starts, state in (('pause_stream', 'resume_stream', 'paused'),
                                    ('stop_stream', 'start_stream', 'stopped')) * 3:
            load.wait_done(50)
            pipeline.call(ends)
            pipeline.wait_state(state)
            wait_for(lambda: pipeline.status()['pid'] is None, 10, 'the worker to end')
            load.wait_done(20)
            assert pipeline.status()['state'] == state
            pipeline.call(starts)
            pipeline.wait_state('streaming')
    load.check()
    pipeline.wait_equal()
    assert writer.is_running()


def test_paused_stream_stays_paused_over_a_restart(pipeline):
    pipeline.create(TABLE)
    pipeline.start()
    pipeline.call('pause_stream')
    pipeline.wait_state('paused')
    pipeline.source.restart('immediate')
    insert(pipeline, 1, 10)
    assert pipeline.status()['state'] == 'paused'
    pipeline.call('resume_stream')
    assert pipeline.wait_equal() == {'public.t': 10}


def test_dropped_and_created_with_the_same_name(pipeline):
    """The writer must not go on with the new stream as if it were the old one."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 100)
    pipeline.wait_equal()
    pipeline.call('drop_stream')
    wait_for(lambda: pipeline.status() is None, 30, 'the stream to be dropped')
    assert jetstream_name(pipeline) not in pipeline.nats.streams()
    assert pipeline.source.fetch_one('SELECT count(*) FROM pg_replication_slots WHERE slot_name ~ %s',
                                     (pipeline.name,)) == 0
    insert(pipeline, 101, 110)  # nobody's
    pipeline.stream(['public.t'])
    insert(pipeline, 111, 120)
    assert writer.wait() == REFUSED
    assert re.search('incarnation|another stream|other stream|anew', writer.log()), writer.process.log_tail()
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 100
    # What the log asks for: the tables made equal by hand, and the row of the old stream removed.
    pipeline.at_target('DELETE FROM sluice.progress; INSERT INTO t SELECT i, \'v\' || i, i FROM generate_series(101, 110) i')
    writer.start()
    assert pipeline.wait_equal() == {'public.t': 120}


def test_source_crashes_right_after_the_first_start(pipeline):
    """A slot that JetStream has seen is noted for good, whatever the server does with commits."""
    pipeline.create(TABLE)
    for setting, value in (('synchronous_commit', 'off'), ('wal_writer_delay', '10s')):
        pipeline.source.set(setting, value)
    pipeline.stream(start=False)
    pipeline.source.execute('CHECKPOINT')
    pipeline.call('start_stream')
    wait_for(lambda: (pipeline.status() or {}).get('messages'), 30, 'the start to be published', interval=0.005)
    pipeline.source.kill_everything()
    pipeline.source.start()
    for setting in ('synchronous_commit', 'wal_writer_delay'):
        pipeline.source.execute(f'ALTER SYSTEM RESET {setting}')
    pipeline.source.execute('SELECT pg_reload_conf()')
    pipeline.call('start_stream')  # the wish is the user's own commit, and may be lost
    pipeline.wait_state('streaming')
    pipeline.writer()
    insert(pipeline, 1, 10)
    assert pipeline.wait_equal() == {'public.t': 10}


# -- the writer's place -------------------------------------------------------

def purge(pipeline):
    """Everything is applied, and JetStream does not have its beginning any more."""
    for i in range(3):
        insert(pipeline, 10 * i + 1, 10 * i + 10)
        pipeline.wait_equal()
    wait_for(lambda: pipeline.nats.stream_state(jetstream_name(pipeline))['first_seq'] > 1, 30,
             'applied messages to be purged')


def test_fresh_target_on_a_purged_stream(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    purge(pipeline)
    writer.stop()
    pipeline.target.create_database(pipeline.name + '_fresh')
    fresh = pipeline.writer(target=pipeline.target.uri(pipeline.name + '_fresh'), ready=False)
    assert fresh.wait() == REFUSED
    assert re.search('level=error', fresh.log()) and re.search('hint=', fresh.log()), fresh.log()
    writer.start()
    insert(pipeline, 1001, 1010)
    assert pipeline.wait_equal() == {'public.t': 40}


def test_progress_row_removed(pipeline):
    """Under a running writer, and before it starts: never a start from somewhere."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    purge(pipeline)
    pipeline.at_target('DELETE FROM sluice.progress')
    insert(pipeline, 1001, 1010)
    assert writer.wait() == REFUSED
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 30
    writer.start(ready=False)
    assert writer.wait() == REFUSED


def test_progress_of_another_incarnation(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    purge(pipeline)
    writer.stop()
    pipeline.at_target('UPDATE sluice.progress SET incarnation = incarnation - 1')
    writer.start(ready=False)
    insert(pipeline, 1001, 1010)
    assert writer.wait() == REFUSED
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 30


def test_target_ahead_of_the_source(pipeline):
    """A source restored to an earlier state gives positions again that the target has seen already."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    purge(pipeline)
    writer.stop()
    confirmed = pipeline.status()['confirmed_lsn']
    pipeline.at_target("UPDATE sluice.progress SET commit_lsn = 'FFFF/0'")
    writer.start(ready=False)
    pipeline.wait_state('failed')
    row = pipeline.status()
    assert 'ahead of this server' in row['last_error'] and row['last_error_hint'], row
    assert pipeline.source.fetch_one('SELECT confirmed_flush_lsn < %s::pg_lsn + 1000000 FROM pg_replication_slots '
                                     'WHERE slot_name ~ %s', (confirmed, pipeline.name))


def test_standby_takes_over(pipeline):
    pipeline.create(TABLE)
    first = pipeline.start()
    second = pipeline.writer(name='second')
    assert second.is_ready()
    with Steady(pipeline) as load:
        for end in (first.kill, second.stop):
            load.wait_done(50)
            epoch = pipeline.progress()['epoch']
            end()
            began = time.monotonic()
            wait_for(lambda: pipeline.progress()['epoch'] > epoch, 30, 'the other to take over')
            assert time.monotonic() - began < QUICKLY
            if end == first.kill:
                first.start()
    load.check()
    pipeline.wait_equal()
    # One that is not needed ends at once when asked to.
    second.start()
    epoch = pipeline.progress()['epoch']
    assert second.stop() == 0
    assert pipeline.progress()['epoch'] == epoch


# -- the target ---------------------------------------------------------------

def test_missing_table_and_column(pipeline):
    pipeline.execute(TABLE + '; CREATE TABLE u (id int PRIMARY KEY, v text)')
    pipeline.at_target('CREATE TABLE t (id int PRIMARY KEY, v text)')
    writer = pipeline.start()
    insert(pipeline, 1, 10)
    text = writer.wait_not_ready(r'public\.t')
    assert re.search(r'\bn\b', text), text
    assert re.search(r'level=error.*public\.t', writer.log())
    pipeline.at_target('ALTER TABLE t ADD n int')
    pipeline.wait_equal(['public.t'])
    pipeline.execute("INSERT INTO u VALUES (1, 'a')")
    insert(pipeline, 11, 20)
    writer.wait_not_ready(r'public\.u')
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 10  # what came later waits
    pipeline.at_target('CREATE TABLE u (id int PRIMARY KEY, v text)')
    assert pipeline.wait_equal() == {'public.t': 20, 'public.u': 1}
    writer.wait_ready()


def test_value_the_target_refuses(pipeline):
    """Stops with table, key, column and the target's words; goes on after it is mended."""
    pipeline.execute(TABLE + '; CREATE TABLE s (id int PRIMARY KEY, v text, w text)')
    pipeline.at_target('CREATE TABLE t (id int PRIMARY KEY, v text, n int CONSTRAINT small CHECK (n < 1000));'
                       'CREATE TABLE s (id int PRIMARY KEY, v varchar(5), w text NOT NULL)')
    writer = pipeline.start()
    insert(pipeline, 1, 50)
    pipeline.wait_equal()
    insert(pipeline, 990, 1010)
    text = writer.wait_not_ready(r'public\.t')
    assert 'small' in text and re.search(r'\b1000\b', text), text
    assert re.search(r'level=error.*public\.t.*small', writer.log()), writer.process.log_tail()
    assert pipeline.fetch_target('SELECT count(*) FROM t') == 50
    pipeline.at_target('ALTER TABLE t DROP CONSTRAINT small')
    pipeline.wait_equal()
    pipeline.execute("INSERT INTO s VALUES (1, 'short', 'w')")
    pipeline.wait_equal()
    pipeline.execute("UPDATE s SET v = 'far too long' WHERE id = 1")
    text = writer.wait_not_ready(r'public\.s')
    assert re.search(r'\bv\b|varying\(5\)', text) and re.search(r'\bid\b.*\b1\b', text), text
    pipeline.at_target('ALTER TABLE s ALTER v TYPE text')
    pipeline.wait_equal()
    pipeline.execute("INSERT INTO s VALUES (7, 'v', NULL)")
    text = writer.wait_not_ready(r'public\.s')
    assert re.search(r'\bw\b', text) and re.search(r'\b7\b', text), text
    pipeline.at_target('ALTER TABLE s ALTER w DROP NOT NULL')
    pipeline.wait_equal()
    writer.wait_ready()


def disturb(pipeline):
    """Changes that will meet something else at the target than at the source."""
    pipeline.execute("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
    pipeline.wait_equal()
    pipeline.at_target("INSERT INTO t VALUES (10, 'foreign', 0); DELETE FROM t WHERE id IN (2, 3)")


def conflicts(writer):
    """{(table, kind): rows} of the writer's counters of conflicts."""
    return {(dict(labels)['table'], dict(labels)['kind']): value for (name, labels), value in
            writer.metrics().items() if name == 'sluice_writer_conflicts_total' and value}


def test_conflicts_are_upserts(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    disturb(pipeline)
    pipeline.execute("INSERT INTO t VALUES (10, 'ours', 1)")
    pipeline.execute("UPDATE t SET v = 'changed' WHERE id = 2")
    pipeline.execute('DELETE FROM t WHERE id = 3')
    assert pipeline.wait_equal() == {'public.t': 3}
    wait_for(lambda: len(conflicts(writer)) == 3, 10, lambda: f'three kinds of conflicts: {conflicts(writer)}')


def test_conflicts_are_skipped(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start('--on-conflict', 'skip')
    disturb(pipeline)
    pipeline.execute("INSERT INTO t VALUES (10, 'ours', 1), (11, 'new', 1)")
    pipeline.execute("UPDATE t SET v = 'changed' WHERE id <= 2")
    pipeline.execute('DELETE FROM t WHERE id = 3')
    pipeline.wait_caught_up()
    assert pipeline.target.fetch('SELECT * FROM t ORDER BY id', dbname=pipeline.name) == [
        (1, 'changed', 1), (10, 'foreign', 0), (11, 'new', 1)]
    wait_for(lambda: len(conflicts(writer)) == 3, 10, lambda: f'three kinds of conflicts: {conflicts(writer)}')


@pytest.mark.parametrize('change, mend', (
    ("INSERT INTO t VALUES (10, 'ours', 1)", 'DELETE FROM t WHERE id = 10'),
    ("UPDATE t SET v = 'changed' WHERE id = 2", "INSERT INTO t VALUES (2, 'b', 2)"),
    ('DELETE FROM t WHERE id = 3', "INSERT INTO t VALUES (3, 'c', 3)")), ids=('insert', 'update', 'delete'))
def test_conflict_is_an_error(pipeline, change, mend):
    pipeline.create(TABLE)
    writer = pipeline.start('--on-conflict', 'error')
    disturb(pipeline)
    pipeline.execute(change)
    text = writer.wait_not_ready(r'public\.t')
    assert re.search(r'\b(10|2|3)\b', text), text
    pipeline.at_target(mend)
    writer.wait_ready()
    pipeline.wait_caught_up()


def test_target_role_without_superuser(pipeline):
    """Triggers and foreign keys run then; the writer says so."""
    pipeline.create('CREATE TABLE parent (id int PRIMARY KEY);'
                    'CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES parent, v text)')
    pipeline.at_target(f'''
        DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; GRANT CREATE ON DATABASE "{pipeline.name}" TO plain;
        GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO plain''')
    pipeline.stream(['public.parent', 'public.t'])
    writer = pipeline.writer(target=pipeline.target.uri(pipeline.name, 'plain'))
    pipeline.execute('INSERT INTO parent SELECT generate_series(1, 10)')
    pipeline.execute("INSERT INTO t SELECT i, 1 + i % 10, 'v' FROM generate_series(1, 500) i")
    pipeline.execute("BEGIN; INSERT INTO parent VALUES (11); INSERT INTO t VALUES (501, 11, 'x'); COMMIT")
    pipeline.execute('BEGIN; DELETE FROM t WHERE parent = 3; DELETE FROM parent WHERE id = 3; COMMIT')
    pipeline.execute("UPDATE t SET v = 'w' WHERE id < 100")
    pipeline.wait_equal()
    assert 'session_replication_role' in writer.log(), writer.process.log_tail()


def test_target_triggers_stay_silent(pipeline):
    pipeline.create(TABLE)
    pipeline.at_target('CREATE TABLE seen (id int); '
                       'CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS '
                       '$$ BEGIN INSERT INTO seen VALUES (NEW.id); NEW.v = \'spoiled\'; RETURN NEW; END $$;'
                       'CREATE TRIGGER note BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE PROCEDURE note()')
    pipeline.start()
    insert(pipeline, 1, 100)
    pipeline.execute("UPDATE t SET v = 'u' WHERE id < 10")
    pipeline.wait_equal(['public.t'])
    assert pipeline.fetch_target('SELECT count(*) FROM seen') == 0


def test_target_session_is_ended(pipeline):
    """An administrator ends the writer's session again and again."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        for _ in range(10):
            load.wait_done(20)
            pipeline.at_target("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                               "AND pid <> pg_backend_pid() AND application_name ~ 'sluice'")
    load.check()
    pipeline.wait_equal()
    assert writer.is_running()


def test_target_is_locked_for_a_while(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    with pipeline.target.cursor(pipeline.name) as cursor:
        cursor.execute('BEGIN; LOCK TABLE t')
        insert(pipeline, 11, 20)
        wait_for(lambda: pipeline.fetch_target('SELECT count(*) FROM pg_locks WHERE NOT granted') > 0, 30,
                 'the writer to wait for the lock')
        cursor.execute('COMMIT')
    assert pipeline.wait_equal() == {'public.t': 20}
    assert writer.is_running()


# -- the source's tables ------------------------------------------------------

def test_tables_are_rewritten_and_indexed_under_load(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        load.wait_done(50)
        pipeline.execute('VACUUM FULL t')
        load.wait_done(20)
        pipeline.execute('CREATE INDEX CONCURRENTLY t_n ON t (n)')
        load.wait_done(20)
        pipeline.execute('REINDEX TABLE CONCURRENTLY t' if int(pipeline.source.version) >= 12 else 'REINDEX TABLE t')
        pipeline.execute('CLUSTER t USING t_n')
        load.wait_done(20)
        pipeline.at_target('ALTER TABLE t ADD extra text, ADD filled int DEFAULT 7')
        pipeline.execute('ALTER TABLE t ADD extra text')
        pipeline.execute("UPDATE t SET extra = 'e' || id WHERE id % 2 = 0")
        load.wait_done(20)
        pipeline.execute('BEGIN; ALTER TABLE t ADD filled int DEFAULT 7; UPDATE t SET filled = id; COMMIT')
        load.wait_done(20)
    load.check()
    pipeline.at_target('ALTER TABLE t ALTER n TYPE bigint')
    pipeline.execute('ALTER TABLE t DROP v')  # which the target may keep
    pipeline.execute('ALTER TABLE t ALTER n TYPE bigint')
    pipeline.execute('INSERT INTO t (id, n, extra, filled) VALUES (1, 5000000000, NULL, 1)')
    pipeline.wait_equal()
    assert writer.is_running()


def test_prepared_transactions(pipeline):
    """Two-phase commits arrive when they are committed, also over a restart."""
    pipeline.create(TABLE)
    if pipeline.source.fetch_one('SHOW max_prepared_transactions') == '0':
        pipeline.execute("ALTER SYSTEM SET max_prepared_transactions = 10")
        pipeline.source.restart()
    pipeline.start()
    pipeline.execute("BEGIN; INSERT INTO t VALUES (1, 'p', 1); PREPARE TRANSACTION 'one'")
    pipeline.execute("BEGIN; INSERT INTO t VALUES (2, 'p', 1); PREPARE TRANSACTION 'two'")
    insert(pipeline, 10, 20)
    pipeline.source.restart('immediate')
    wait_for(lambda: pipeline.fetch_target('SELECT count(*) FROM t') == 11, 30, 'what is committed')
    pipeline.execute("COMMIT PREPARED 'one'")
    pipeline.execute("ROLLBACK PREPARED 'two'")
    assert pipeline.wait_equal() == {'public.t': 12}


def test_drop_extension_and_database(pipeline):
    """The stream's worker makes way, and takes its slot with it."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    slots = "SELECT count(*) FROM pg_replication_slots WHERE database = %s"
    pipeline.execute('DROP EXTENSION sluice CASCADE')
    wait_for(lambda: pipeline.source.fetch_one(slots, (pipeline.name,)) == 0, 30, 'the slot to go')
    pipeline.created = False
    writer.remove()
    other = pipeline.name + '_2'
    second = Pipeline(pipeline.source, pipeline.target, pipeline.nats, other)
    try:
        second.create(TABLE)
        second.start()
        insert(second, 1, 10)
        second.wait_equal()
        second.created = False
        pipeline.source.execute(f'DROP DATABASE "{other}"')
        assert pipeline.source.fetch_one(slots, (other,)) == 0
    finally:
        second.close()


# -- the writer as a daemon ---------------------------------------------------

def test_writer_drains_on_sigterm(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    with Steady(pipeline) as load:
        for _ in range(3):
            load.wait_done(50)
            assert writer.stop() == 0
            writer.start()
    insert(pipeline, 1, 50000)
    assert writer.stop() == 0
    writer.start()
    pipeline.wait_equal()


def test_writer_ends_on_sigterm_whatever_is_away(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    pipeline.nats.stop()
    assert writer.stop(timeout=20) == 0
    since = writer.process.log_size()
    writer.start(ready=False)  # and when it never was connected
    writer.process.wait_log('level=(warn|error)', since=since)
    assert writer.is_running()
    assert writer.stop(timeout=20) == 0
    pipeline.nats.start()
    writer.start()
    insert(pipeline, 11, 20)
    pipeline.wait_equal()


def test_writer_reloads_on_sighup(pipeline):
    pipeline.create(TABLE)
    conf = compare.private_folder('conf') / 'writer.conf'
    conf.write_text('log-level = info\n')
    conf.chmod(0o644)
    pipeline.stream(['public.t'])
    writer = pipeline.writer('--config', str(conf))
    conf.write_text('log-level = debug\n')
    since = writer.process.log_size()
    writer.process.send_signal(signal.SIGHUP)
    writer.process.wait_log('log-level', 10, since)
    conf.write_text('log-level = nonsense\n')
    since = writer.process.log_size()
    writer.process.send_signal(signal.SIGHUP)
    writer.process.wait_log('nonsense', 10, since)  # told, and it goes on with what it had
    insert(pipeline, 1, 10)
    assert pipeline.wait_equal() == {'public.t': 10}
    assert writer.is_running()


def test_metrics_tell_what_was_done(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    insert(pipeline, 1, 100)
    pipeline.execute('UPDATE t SET n = 0 WHERE id <= 30; DELETE FROM t WHERE id > 90')
    pipeline.wait_equal()
    kinds = {'insert': 100, 'update': 30, 'delete': 10}

    def counted():
        found = {}
        for (_, labels), value in writer.metrics().items():
            labels = dict(labels)
            if labels.get('table') == 'public.t' and labels.get('action') in kinds:
                found[labels['action']] = found.get(labels['action'], 0) + value
        return found
    wait_for(lambda: counted() == kinds, 10, lambda: f'{kinds} to be counted; there is {counted()}')
    status, text = writer.page('metrics')
    assert status == 200 and '# HELP' in text and '# TYPE' in text
    rows = pipeline.source.fetch('SELECT inserts, updates, deletes FROM sluice.stat_tables WHERE table_name = %s',
                                 ('t',), pipeline.name) or pipeline.source.fetch(
        'SELECT inserts, updates, deletes FROM sluice.stat_tables WHERE table_name = %s', ('public.t',), pipeline.name)
    assert rows == [(100, 30, 10)]


def test_two_streams_into_one_target(pipeline):
    pipeline.create(TABLE + '; CREATE TABLE u (id int PRIMARY KEY, v text)')
    pipeline.stream(['public.t'])
    pipeline.writer()
    other = pipeline.name[:30] + '_b'
    pipeline.execute("SELECT sluice.create_stream(%s, tables => ARRAY['public.u'])", (other,))
    pipeline.execute('SELECT sluice.start_stream(%s)', (other,))
    wait_for(lambda: stream_row(pipeline.source, other, pipeline.name)['state'] == 'streaming', 30, 'the other stream')
    second = pipeline.writer(start=False, name='second')
    second.process.argv[second.process.argv.index('--stream') + 1] = other
    second.start()
    insert(pipeline, 1, 500)
    pipeline.execute("INSERT INTO u SELECT i, 'u' FROM generate_series(1, 500) i")
    assert pipeline.wait_equal() == {'public.t': 500, 'public.u': 500}
    second.stop()
    pipeline.execute('SELECT sluice.drop_stream(%s)', (other,))


def test_nothing_is_left_running(pipeline):
    """The worker ends with its server, whatever the way."""
    pipeline.create(TABLE)
    pipeline.start()
    for mode in ('fast', 'immediate'):
        insert(pipeline, *((1, 10) if mode == 'fast' else (11, 20)))
        backends = guard.descendants(pipeline.source.process.pid)
        began = time.monotonic()
        assert pipeline.source.stop(mode) == 0
        assert time.monotonic() - began < 20
        wait_for(lambda: not any(map(guard.is_alive, backends)), 10, 'every process of the source to end')
        pipeline.source.start()
    assert pipeline.wait_equal() == {'public.t': 20}


def test_fast_stop_while_nats_is_away(pipeline):
    pipeline.create(TABLE)
    pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    pipeline.nats.pause()
    try:
        insert(pipeline, 11, 5000)
        began = time.monotonic()
        pipeline.source.restart('fast')
        assert time.monotonic() - began < 30
    finally:
        pipeline.nats.resume()
    assert pipeline.wait_equal() == {'public.t': 5000}


def test_idle_worker_takes_no_processor_time(pipeline):
    """Less than 0.5 % of one processor over five seconds."""
    pipeline.create(TABLE)
    pipeline.start()
    insert(pipeline, 1, 10)
    pipeline.wait_equal()
    pid = pipeline.status()['pid']

    def ticks():
        with open(f'/proc/{pid}/stat') as file:
            fields = file.read().rpartition(')')[2].split()
        return int(fields[11]) + int(fields[12])
    before, until = ticks(), time.monotonic() + 5
    wait_for(lambda: time.monotonic() > until, 10, 'five seconds', 0.5)
    used = ticks() - before
    clock = int(subprocess.run(['getconf', 'CLK_TCK'], check=True, stdout=subprocess.PIPE).stdout)
    assert used / clock < 0.025, f'{used} ticks in 5 s'
