"""What the writer says: the current cause and no other, work only when there is some, options that cannot be right."""
import math
import re

import pytest

from harness import nkeys
from harness.wait import wait_for

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v text)'
USAGE, REFUSED = 2, 3
NATS_AWAY = 'cannot connect to nats://'
TARGET_AWAY = 'connect to the target'


def count(writer, message):
    return len(re.findall(rf'msg="?{message}\b', writer.log()))


# -- the current cause --------------------------------------------------------

def test_the_current_cause_is_shown(pipeline):
    """One thing goes away, then the other; the second is shown although the first was told before."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    pipeline.wait_equal()
    pipeline.target.stop()
    writer.wait_not_ready(TARGET_AWAY)
    pipeline.nats.kill()
    assert not re.search(TARGET_AWAY, writer.wait_not_ready(NATS_AWAY))
    since = writer.process.log_size()
    pipeline.nats.start()
    writer.wait_not_ready(TARGET_AWAY)
    writer.process.wait_log(f'level=warning.*{TARGET_AWAY}', since=since)
    pipeline.target.start()
    writer.wait_ready()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    assert pipeline.wait_equal() == {'public.t': 1}


def test_nats_away_then_the_target(pipeline):
    """Also for one that is started while NATS is away and never had the lease."""
    pipeline.create(TABLE)
    pipeline.stream()
    pipeline.nats.kill()
    writer = pipeline.writer(ready=False)
    writer.wait_not_ready(NATS_AWAY)
    pipeline.target.stop()
    pipeline.nats.start()
    writer.wait_not_ready(TARGET_AWAY)
    pipeline.target.start()
    writer.wait_ready()
    assert count(writer, 'standing by') == 0  # nobody else is there


def test_no_ready_and_no_standing_by_between_attempts(pipeline):
    """A lone writer that gives up its lease for a moment stands by for nobody."""
    pipeline.create(TABLE)
    pipeline.stream()
    pipeline.target.stop()
    writer = pipeline.writer(ready=False)
    writer.wait_not_ready(TARGET_AWAY)
    wait_for(lambda: writer.is_ready() or writer.metric('sluice_writer_reconnects_total') > 8, 60, 'some attempts')
    assert not writer.is_ready()
    assert count(writer, 'standing by') == count(writer, 'applying') == 0
    pipeline.target.start()
    writer.wait_ready()
    assert count(writer, 'applying') == 1


def test_applying_is_told_when_it_works(pipeline):
    """Not before each failure of one and the same change."""
    pipeline.execute(TABLE)
    writer = pipeline.start()
    assert count(writer, 'applying') == 1  # there was nothing to do
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    wait_for(lambda: (writer.metric('sluice_writer_errors_total', code='not_found') or 0) >= 3, 60, 'some attempts')
    assert count(writer, 'applying') == 1
    assert count(writer, 'stopped by an error') == 1
    pipeline.at_target(TABLE)
    assert pipeline.wait_equal() == {'public.t': 1}
    writer.wait_ready()
    assert count(writer, 'applying') == 2


def test_second_writer_stands_by(pipeline):
    pipeline.create(TABLE)
    first = pipeline.start()
    second = pipeline.writer(name='second')
    assert (count(first, 'standing by'), count(second, 'standing by')) == (0, 1)
    assert math.isnan(second.metric('sluice_writer_lag_seconds'))
    first.stop()
    wait_for(lambda: count(second, 'applying') == 1, 30, 'the second to take over')
    wait_for(lambda: second.metric('sluice_writer_lag_seconds') == 0, 30, 'no lag')


def test_not_ready_without_a_stream(pipeline):
    """A writer that has never seen its stream says what it waits for, and works when it is made."""
    pipeline.create(TABLE)
    writer = pipeline.writer(ready=False)
    assert pipeline.name in writer.wait_not_ready('waiting for stream')
    pipeline.stream()
    writer.wait_ready()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    assert pipeline.wait_equal() == {'public.t': 1}


def test_nats_does_not_answer(pipeline):
    """A store that is full or broken is not told to clients: what to look at is said."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    pipeline.nats.pause()
    writer.wait_not_ready('JetStream store')
    pipeline.nats.resume()
    writer.wait_ready()


# -- metrics ------------------------------------------------------------------

def test_lag_grows_while_nats_is_away(pipeline):
    pipeline.create(TABLE)
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    pipeline.wait_equal()
    wait_for(lambda: writer.metric('sluice_writer_lag_seconds') == 0, 30, 'no lag')
    pipeline.nats.kill()
    wait_for(lambda: writer.metric('sluice_writer_lag_seconds') > 1, 30, 'the lag to grow')
    lag = writer.metric('sluice_writer_lag_seconds')
    wait_for(lambda: writer.metric('sluice_writer_lag_seconds') > lag + 1, 30, 'the lag to grow on')
    pipeline.nats.start()
    wait_for(lambda: writer.metric('sluice_writer_lag_seconds') == 0, 30, 'no lag again')


@pytest.mark.parametrize('sync', ['target-sync', 'no-target-sync'])
def test_apply_seconds_count_every_batch(pipeline, sync):
    """By every way to a commit: statements, COPY, a transaction in pieces, and the slow ways."""
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE)')
    writer = pipeline.start('--batch-rows', '1000', f'--{sync}')
    changes = ('INSERT INTO t VALUES (1, 1)',
               'INSERT INTO t SELECT i, i FROM generate_series(2, 500) i',
               'INSERT INTO t SELECT i, i FROM generate_series(501, 9000) i',
               'BEGIN; UPDATE t SET u = -1 WHERE id = 1; UPDATE t SET u = 1 WHERE id = 2; UPDATE t SET u = 2 WHERE id = 1; COMMIT',
               'DELETE FROM t WHERE id > 10')
    for change in changes:
        before = writer.metric('sluice_writer_apply_seconds_sum')
        pipeline.execute(change)
        pipeline.wait_equal()
        assert writer.metric('sluice_writer_apply_seconds_sum') > before, change
    assert writer.metric('sluice_writer_redone_total') > 0
    assert writer.metric('sluice_writer_apply_seconds_count') == writer.metric('sluice_writer_batches_total') >= len(changes)


# -- what cannot be right -----------------------------------------------------

WRONG_OPTIONS = {
    '--nats': ('http://h:4222', 'nats://h:port', 'nats://:4222', 'nats://h:70000'),
    '--target': ('shop', 'mysql://u@h', 'mysql://u@h/d?ssl=x', 'postgresql://u@h:port/d', 'hosst=h', 'postgresql://u@h/d?sslmod=x'),
}


@pytest.mark.parametrize('option', WRONG_OPTIONS)
def test_options_that_cannot_be_right(pipeline, option):
    """Refused at once, with one message that names the option."""
    for value in WRONG_OPTIONS[option]:
        writer = pipeline.writer(option, value, start=False)
        writer.start(ready=False)
        assert writer.wait() == USAGE, value
        errors = [line for line in writer.log().splitlines() if 'level=error' in line]
        assert len(errors) == 1 and f'error="{option}: ' in errors[0] and 'hint=' in errors[0], writer.log()
        assert 'level=warning' not in writer.log()


@pytest.mark.parametrize('option', ['--stream', '--consumer', '--target', '--nats', '--nats-user', '--nats-tls-ca'])
def test_empty_option(pipeline, option):
    """As from a variable of a script that is not set."""
    writer = pipeline.writer(f'{option}=', start=False)
    writer.start(ready=False)
    assert writer.wait() == USAGE
    assert f'{option}: it is empty' in writer.log()


def test_wrong_secret_in_a_target_is_not_shown(pipeline):
    for target in ('postgresql://u:hunter2%zzs3cr3t@h/d', 'host=h user=u hunter2s3cr3t'):
        writer = pipeline.writer('--target-file', str(nkeys.secret_file('target', target)), start=False)
        writer.process.argv = drop_option(writer.process.argv, '--target')
        writer.start(ready=False)
        assert writer.wait() == USAGE
        assert '--target' in writer.log() and 's3cr3t' not in writer.log()


def drop_option(argv, option):
    at = argv.index(option)
    return argv[:at] + argv[at + 2:]


@pytest.mark.parametrize('what,change,pattern', [
    ('user', 'user=nobody_here', 'nobody_here'),
    ('database', 'dbname=nothing_here', 'nothing_here'),
])
def test_refused_by_the_target(pipeline, what, change, pattern):
    """What will be refused again is an error with a hint, is shown, and is tried again."""
    pipeline.create(TABLE)
    pipeline.stream()
    writer = pipeline.writer('--target', f'{pipeline.target.dsn(pipeline.name)} {change}', ready=False)
    assert re.search(pattern, writer.wait_not_ready(TARGET_AWAY))
    writer.process.wait_log(rf'level=error msg="stopped by an error".*{pattern}.*hint=')
    if what == 'user':
        pipeline.at_target('CREATE ROLE nobody_here SUPERUSER LOGIN')
    else:
        pipeline.target.create_database('nothing_here')
    writer.wait_ready()


# -- constraints that wait for the commit -------------------------------------

def test_unique_constraint_that_cannot_wait(pipeline):
    """The source checks it at the commit, the target at once: the message says which and what to do."""
    pipeline.execute('CREATE TABLE t (id int PRIMARY KEY, u int CONSTRAINT only_u UNIQUE DEFERRABLE INITIALLY DEFERRED)')
    pipeline.at_target('CREATE TABLE t (id int PRIMARY KEY, u int CONSTRAINT only_u UNIQUE)')
    writer = pipeline.start()
    pipeline.execute('INSERT INTO t VALUES (1, 1), (2, 2)')
    pipeline.wait_equal()
    pipeline.execute('BEGIN; UPDATE t SET u = 2 WHERE id = 1; UPDATE t SET u = 1 WHERE id = 2; COMMIT')
    text = writer.wait_not_ready('only_u')
    assert 'public.t' in text and 'DEFERRABLE' in text, text
    pipeline.at_target('ALTER TABLE t DROP CONSTRAINT only_u, ADD CONSTRAINT only_u UNIQUE (u) DEFERRABLE')
    assert pipeline.wait_equal() == {'public.t': 2}
    writer.wait_ready()


# -- what must be mended ------------------------------------------------------

def test_target_publishes_without_identity(pipeline):
    """The target itself refuses updates of a table that it publishes."""
    pipeline.create(TABLE)
    pipeline.at_target('ALTER TABLE t REPLICA IDENTITY NOTHING; CREATE PUBLICATION onward FOR TABLE t')
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    pipeline.wait_equal()
    pipeline.execute("UPDATE t SET v = 'w'")
    text = writer.wait_not_ready('replica identity')
    assert 'public.t' in text and 'REPLICA IDENTITY FULL' in text, text
    assert writer.metric('sluice_writer_errors_total', code='data') > 0
    pipeline.at_target('ALTER TABLE t REPLICA IDENTITY FULL')
    assert pipeline.wait_equal() == {'public.t': 1}
    writer.wait_ready()


def test_view_in_the_place_of_a_table(pipeline):
    pipeline.execute(TABLE)
    pipeline.at_target("CREATE VIEW t AS SELECT 1 AS id, 'v'::text AS v")
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    writer.wait_not_ready('public.t at the target is a view')
    pipeline.at_target(f'ALTER VIEW t RENAME TO former; {TABLE}')
    assert pipeline.wait_equal() == {'public.t': 1}
    writer.wait_ready()


def test_progress_table_of_another_shape(pipeline):
    pipeline.create(TABLE)
    pipeline.at_target('CREATE SCHEMA sluice; CREATE TABLE sluice.progress (stream text)')
    pipeline.stream()
    writer = pipeline.writer(ready=False)
    writer.wait_not_ready('the table sluice.progress: .*made by hand or for another version')
    pipeline.at_target('DROP TABLE sluice.progress')
    writer.wait_ready()


def test_messages_removed_by_hand(pipeline):
    """A gap names the way out, and it is one: the source sends again what no target has."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t VALUES (1, 'v')")
    pipeline.wait_equal()
    writer.stop()
    name = f'SLUICE_{pipeline.name}'
    last = pipeline.nats.stream_state(name)['last_seq']
    pipeline.execute("INSERT INTO t VALUES (2, 'lost')")
    wait_for(lambda: pipeline.nats.stream_state(name)['last_seq'] > last, 30, 'the change in JetStream')
    pipeline.nats.jetstream(f'STREAM.PURGE.{name}')
    pipeline.execute("INSERT INTO t VALUES (3, 'behind the gap')")
    writer.start(ready=False)
    assert writer.wait() == REFUSED
    assert 'gap in the stream' in writer.log() and f'delete JetStream stream {name}' in writer.log()
    pipeline.nats.jetstream(f'STREAM.DELETE.{name}')
    pipeline.execute("INSERT INTO t VALUES (4, 'again')")
    wait_for(lambda: name in pipeline.nats.streams(), 30, 'the source to make the stream')
    writer.start(ready=False)
    assert pipeline.wait_equal() == {'public.t': 4}
    writer.wait_ready()
