"""sluice-worker: jobs of runs that are written straight into the bucket, without a server."""
import contextlib
import json
import os
import signal
import threading

import pytest

from harness import compare, guard
from harness.mysql import USER
from harness.mysql_source import SourceMySQL
from harness.process import private_folder
from harness.stream import stream_row
from harness.wait import wait_for
from harness.worker import Run, State, Worker, connection, now

TABLE = 'CREATE TABLE t (id int PRIMARY KEY, v text)'
WRITER = 'writer-writer-1'


@pytest.fixture(scope='module')
def worker(nats):
    """A worker of both roles, there for all tests."""
    running = Worker(nats)
    try:
        yield running.start()
    finally:
        running.remove()


@pytest.fixture(scope='module')
def state(nats, worker):
    return State(nats)


@pytest.fixture
def more_workers(nats, state, worker):
    """more_workers(...): workers of the test's own, while the module's is drained."""
    started = []
    key = f'drain.{worker.id}'

    def make(**options):
        another = Worker(nats, name=f'worker{len(started) + 2}', **options)
        started.append(another)
        return another.start()
    state.put(key, {'since': now()})
    yield make
    state.delete(key)
    for another in started:
        another.remove()


@pytest.fixture
def make_run(source, target, nats, state):
    """make_run(name, ...): databases at both sides with a table, and a run that is not written yet; dropped at the end."""
    runs = []

    def make(name, mode='cdc', sql=TABLE, extension=True, target_fields=None, target_options=None, writers=1, **spec):
        for server in (source, target):
            if not server.is_running():
                server.start()
            server.create_database(name)
        source.set('sluice.nats_url', nats.url)
        source.execute(sql, dbname=name)
        if extension:
            source.execute('CREATE EXTENSION sluice', dbname=name)
        if mode == 'cdc':
            target.execute(sql, dbname=name)
        made = Run(state, name, {'connection': connection(source, name), **spec},
                   [{'connection': connection(target, name, **(target_fields or {})), 'options': target_options or {},
                     'writers': writers}], mode)
        runs.append(made)
        return made
    yield make
    for made in runs:
        if made.state.get(made.key):
            drop(made)


def drop(run):
    """Drops a run's stream and waits until that is done."""
    run.state.delete(f'job.{run.id}.drop')  # of a run of the same name before
    run.wish('dropped')
    run.wait_state('drop', 'finished')
    run.remove()
    run.wait_free('drop')


def running(run):
    """Writes the run and waits until it runs; the writer's report."""
    run.write()
    run.wait_state('reader', 'streaming')
    return run.wait_state(WRITER, 'applying')


def desired_of(source, name):
    """What the source has as its wish."""
    return source.fetch_one('SELECT desired FROM sluice.streams WHERE name = %s', (name,), name)


def write_rows(server, name, first, count=100):
    server.execute('INSERT INTO t SELECT i, md5(i::text) FROM generate_series(%s, %s) i', (first, first + count - 1), name)


def wait_rows(target, name, count, timeout=30):
    wait_for(lambda: target.fetch_one('SELECT count(*) FROM t', dbname=name) == count, timeout, f'{count} rows at the target')


@contextlib.contextmanager
def messages_of(nats, subject):
    """A list that gets what is published on a subject."""
    found, end = [], threading.Event()
    client = nats.connect()
    client.subscribe(subject)
    client.flush()

    def receive():
        while not end.is_set():
            try:
                found.append(json.loads(client.next_message(0.2)[4]))
            except TimeoutError:
                continue
    thread = threading.Thread(target=receive)
    thread.start()
    try:
        yield found
    finally:
        end.set()
        thread.join()
        client.close()


# ---- the course of a run ----

def test_from_start_to_drop(make_run, source, target, nats):
    """Started, paused, resumed, drained, dropped: rows arrive whenever it runs, and nothing is left behind."""
    name = 'w_course'
    run = make_run(name)
    running(run)
    write_rows(source, name, 1)
    wait_rows(target, name, 100)

    run.wish('paused')
    run.wait_state('reader', 'paused')
    write_rows(source, name, 101)
    run.wish('running')
    run.wait_state('reader', 'streaming')
    wait_rows(target, name, 200)

    write_rows(source, name, 201)
    run.wish('stopped', drain=True)
    run.wait_state('reader', 'stopped')
    report = run.wait_state(WRITER, 'stopped')
    assert report['error'] is None and report['pid'] is None
    wait_rows(target, name, 300)
    assert compare.wait_equal(source, target, ['t'], dbname=name) is not None

    drop(run)
    assert stream_row(source, name, name) is None
    assert f'SLUICE_{name}' not in nats.streams()
    assert target.fetch_one('SELECT count(*) FROM sluice.progress', dbname=name) == 0


def test_a_copy_and_what_comes_after(make_run, source, target):
    """Mode convert+cdc into an empty database, tables by pattern; then the same name again."""
    name = 'w_copy'
    sql = f'{TABLE}; CREATE SCHEMA s; CREATE TABLE s."Odd ""name" (id int PRIMARY KEY); CREATE TABLE s.tmp_x (id int PRIMARY KEY); ' \
          'CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000)'
    run = make_run(name, 'convert+cdc', sql, tables=['public.*', 's.*', '!s.tmp_*'])
    write_rows(source, name, 1)
    source.execute('INSERT INTO s."Odd ""name" VALUES (1); INSERT INTO parted VALUES (1)', dbname=name)
    run.write()
    run.wait_state('reader', 'streaming')
    run.wait_state(WRITER, 'applying')
    write_rows(source, name, 101)
    wait_rows(target, name, 200)
    tables = target.fetch("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                          "WHERE relkind IN ('r', 'p') AND nspname IN ('public', 's') ORDER BY 1", dbname=name)
    assert [table for (table,) in tables] == ['Odd "name', 'parted', 'parted_1', 't']
    assert {table for (table,) in source.fetch('SELECT prrelid::regclass::text FROM pg_publication_rel', dbname=name)} == {
        'parted', 's."Odd ""name"', 't'}


def test_done_by_hand(make_run, source, target, nats):
    """What somebody does by SQL is reported, and stays until there is another wish."""
    name = 'w_hand'
    run = make_run(name)
    running(run)
    source.execute('SELECT sluice.pause_stream(%s)', (name,), name)
    run.wait_state('reader', 'paused')
    run.write(phase='another word that is no wish')
    with messages_of(nats, f'sluice.{name}.stats.reader.>') as figures:
        wait_for(lambda: len(figures) >= 3, 30, 'more looks at the source')
    assert figures[-1]['state'] == 'paused'
    run.wish('running')
    run.wait_state('reader', 'streaming')

    source.execute('SELECT sluice.drop_stream(%s)', (name,), name)
    report = run.wait_state('reader', 'failed')
    assert 'somebody dropped it' in report['error']['message'] and report['error']['hint']
    run.wish('stopped')
    run.wait_state('reader', 'stopped')


@pytest.mark.parametrize('rest', ['paused', 'stopped'])
def test_a_wish_right_after_another(make_run, source, rest):
    """What is wished as soon as the source has taken the wish before, while its state is still that of before."""
    name = f'w_soon_{rest}'
    run = make_run(name)
    running(run)
    for _ in range(5):
        run.wish(rest, drain=True)
        run.wait_report('reader', lambda report: (report['state'], report['desired_at']) == (rest, run.document['desired_at']), rest)
        assert desired_of(source, name) == rest
        run.wish('running')
        wait_for(lambda: desired_of(source, name) == 'running', 30, 'the source to take the wish')
    run.wish(rest)
    run.wait_report('reader', lambda report: (report['state'], report['desired_at']) == (rest, run.document['desired_at']), rest)
    assert desired_of(source, name) == rest


def test_a_run_that_vanishes(make_run, source):
    """Its stream does not go on at the source."""
    name = 'w_vanishes'
    run = make_run(name)
    running(run)
    run.remove()
    run.wait_free('reader')
    assert desired_of(source, name) == 'stopped'
    drop(run)


def test_tables_that_join_and_leave(make_run, source, target):
    """The next run of a stream with other tables takes them over."""
    name = 'w_tables'
    run = make_run(name, sql=f'{TABLE}; CREATE TABLE u (id int PRIMARY KEY)', tables=['public.t'])
    running(run)
    run.wish('stopped')
    run.wait_state('reader', 'stopped')
    run.remove()
    run.wait_free('reader')
    run.wait_free(WRITER)
    run.document['spec']['source']['tables'] = ['public.u']
    run.wish('running')
    run.wait_state('reader', 'streaming')
    assert source.fetch('SELECT prrelid::regclass::text FROM pg_publication_rel', dbname=name) == [('u',)]


def test_what_stays_as_it_was_made(make_run, source):
    """Another option or publication fails the run with its name; what was put back or is not named goes on."""
    name = 'w_fixed'
    run = make_run(name, tables=['public.t'], options={'bundle_rows': 100})
    running(run)
    source.execute('CREATE PUBLICATION other FOR TABLE t', dbname=name)

    def again(**changes):
        """The next run, which has its specification from its start."""
        run.wish('stopped')
        run.wait_state('reader', 'stopped')
        run.remove()
        run.wait_free('reader')
        run.document['spec']['source'].update(changes)
        run.wish('running')

    def refused(what, **changes):
        again(**changes)
        error = run.wait_state('reader', 'failed')['error']
        assert error['code'] == 'state' and what in error['message'] and 'anew' in error['hint']
    refused('option bundle_rows', options={'bundle_rows': 200})
    refused('option compression', options={'compression': 'lz4'})
    refused('publication', tables=[], publication='other', options={})
    again(tables=['public.t'], publication=None, options={'bundle_rows': 100, 'compression': 'none'})
    run.wait_state('reader', 'streaming')
    again(options={})
    assert run.wait_state('reader', 'streaming')['error'] is None


def test_a_copy_alone_finishes(make_run, source, target):
    name = 'w_convert'
    run = make_run(name, 'convert')
    write_rows(source, name, 1)
    run.write()
    run.wait_state('reader', 'finished')
    report = run.wait_state(WRITER, 'finished')
    assert report['pid'] is None and report['error'] is None
    wait_rows(target, name, 100)


def test_a_verification(make_run, source, target):
    """Its result is the program's; it is not run twice."""
    name = 'w_verify'
    run = make_run(name)
    running(run)
    write_rows(source, name, 1)
    wait_rows(target, name, 100)
    target.execute("UPDATE t SET v = 'other' WHERE id = 7", dbname=name)
    run.write(verifications=[{'id': 'v1', 'target': 'writer', 'tables': ['public.t'], 'created_at': now()}])
    report = run.wait_state('verify-v1', ('finished', 'failed'))
    assert report['state'] == 'finished', report
    assert [table['result'] for table in report['result']['tables']] == ['differs'], report['result']
    run.wait_free('verify-v1')
    run.write(verifications=run.document['verifications'] + [{'id': 'v2', 'target': 'writer', 'tables': ['public.none'], 'created_at': now()}])
    report = run.wait_state('verify-v2', 'failed')
    assert 'public.none' in report['error']['message']
    assert run.report('verify-v1')['at'] < report['at']


def test_from_mariadb_to_mariadb_and_the_name_again(state, nats, worker):
    """Copied, paused, resumed, dropped; a new stream of that name finds nothing of the old one at source, target or NATS."""
    name = 'w_maria'
    server = SourceMySQL('mariadb-10.11')
    try:
        server.start()
        for database in ('shop', 'copy'):
            server.create_database(database)
        server.execute(f'{TABLE.replace("text", "varchar(40)")}; INSERT INTO t VALUES (1, "one")', dbname='shop')
        ends = [{'connection': connection(server, database, 'mariadb', user=USER)} for database in ('shop', 'copy')]
        for number in (1, 2):
            run = Run(state, name, {**ends[0], 'tables': ['shop.t'], 'options': {'max_bytes': '256MB'}},
                      [{**ends[1], 'options': {'schemas': 'shop=copy', 'schema_policy': 'drop_and_recreate'}}], 'convert+cdc').write()
            run.wait_state('reader', 'streaming')
            run.wait_state(WRITER, 'applying')
            run.wish('paused')
            run.wait_state('reader', 'paused')
            server.execute(f'INSERT INTO t VALUES ({number + 1}, "more")', dbname='shop')
            run.wish('running')
            wait_for(lambda: server.fetch_one('SELECT count(*) FROM t', dbname='copy') == number + 1, 60, 'the rows')
            drop(run)
            assert server.fetch('SELECT * FROM sluice_progress', dbname='copy') == []
            assert not [stream for stream in nats.streams() if name in stream]
    finally:
        server.remove()


# ---- what is published ----

def test_figures_and_log(make_run, source, target, nats):
    """Figures of a source come from the worker; a child's log lines as JSON."""
    name = 'w_figures'
    run = make_run(name)
    with messages_of(nats, f'sluice.{name}.stats.reader.>') as figures, messages_of(nats, f'sluice_control.log.{run.id}.>') as lines:
        running(run)
        write_rows(source, name, 1)
        wait_for(lambda: figures and figures[-1]['rows'] >= 100, 30, 'figures of the reader')
        wait_for(lambda: any(line['msg'] == 'applying' for line in lines), 30, 'the log')
    last = figures[-1]
    assert (last['role'], last['stream'], last['state']) == ('reader', name, 'streaming')
    assert [(table['table'], table['inserts']) for table in last['tables']] == [('public.t', 100)]
    assert all({'time', 'level', 'msg'} <= line.keys() for line in lines)
    assert {line['stream'] for line in lines} == {name}


def test_registration(worker, state, more_workers):
    document = state.get(f'worker.{worker.id}')
    assert document['roles'] == ['reader', 'writer'] and document['slots'] == 16 and document['resident_bytes'] > 1 << 20
    another = more_workers(roles='writer', slots=3)
    wait_for(lambda: state.get(f'worker.{another.id}'), 10, 'a registration')
    assert state.get(f'worker.{another.id}')['roles'] == ['writer']
    assert another.stop() == 0
    assert state.get(f'worker.{another.id}') is None


# ---- kills ----

def test_a_child_that_dies_is_started_again(make_run, source, target):
    name = 'w_child'
    run = make_run(name)
    pid = running(run)['pid']
    os.kill(pid, signal.SIGKILL)
    report = run.wait_report(WRITER, lambda report: report['pid'] not in (None, pid) and report['state'] == 'applying', 'another child')
    assert report['restarts'] == 1 and report['error'] is None
    write_rows(source, name, 1)
    wait_rows(target, name, 100)


def test_a_worker_that_dies_is_replaced(make_run, source, target, more_workers, state):
    """Its children die with it; another worker goes on with its jobs."""
    name = 'w_dies'
    first = more_workers()
    run = make_run(name)
    pid = running(run)['pid']
    assert state.lease(run.id, WRITER) == first.id
    second = more_workers()
    first.kill()
    wait_for(lambda: not guard.is_alive(pid), 5, 'the child to die with its worker')
    run.wait_report(WRITER, lambda report: report['worker_id'] == second.id and report['state'] == 'applying', 'another worker')
    run.wait_report('reader', lambda report: report['worker_id'] == second.id and report['state'] == 'streaming', 'another worker')
    write_rows(source, name, 1)
    wait_rows(target, name, 100)


def test_a_drained_worker_hands_its_jobs_over(make_run, source, target, more_workers, state):
    name = 'w_drain'
    first = more_workers()
    run = make_run(name)
    pid = running(run)['pid']
    second = more_workers()
    key = f'drain.{first.id}'
    state.put(key, {'since': now()})
    run.wait_report(WRITER, lambda report: report['worker_id'] == second.id and report['state'] == 'applying', 'another worker')
    run.wait_report('reader', lambda report: report['worker_id'] == second.id, 'another worker')
    assert not guard.is_alive(pid)
    wait_for(lambda: state.get(f'worker.{first.id}')['state'] == 'draining', 15, 'the worker to say so')
    write_rows(source, name, 1)
    wait_rows(target, name, 100)
    state.delete(key)
    assert second.stop() == 0
    run.wait_report(WRITER, lambda report: report['worker_id'] == first.id and report['state'] == 'applying', 'the first worker again')


def test_a_worker_that_slept_gives_way(make_run, source, target, more_workers, state):
    """Frozen for longer than its lease, it finds that another has its job, and ends its child."""
    name = 'w_slept'
    first = more_workers()
    run = make_run(name)
    pid = running(run)['pid']
    second = more_workers()
    first.pause()
    run.wait_report(WRITER, lambda report: report['worker_id'] == second.id, 'another worker')
    first.resume()
    wait_for(lambda: not guard.is_alive(pid), 30, 'the first child to end')
    run.wait_report(WRITER, lambda report: report['worker_id'] == second.id and report['state'] == 'applying', 'the second to apply')
    assert first.metric('sluice_worker_jobs_lost_total') >= 1
    write_rows(source, name, 1)
    wait_rows(target, name, 100)


def test_nats_away(make_run, source, target, nats, worker):
    """Children go on through a restart of NATS; wishes count as soon as it is back."""
    name = 'w_nats'
    run = make_run(name)
    pid = running(run)['pid']
    nats.stop()
    write_rows(source, name, 1)
    worker.wait_not_ready('')
    nats.start()
    wait_rows(target, name, 100)
    worker.wait_ready()
    run.wish('paused')
    run.wait_state('reader', 'paused')
    assert run.wait_state(WRITER, 'applying')['pid'] == pid


# ---- what cannot be ----

def last_asked(source, name):
    """When the worker asked a source for something last."""
    return source.fetch_one('SELECT max(query_start) FROM pg_stat_activity WHERE application_name = %s', (f'sluice-worker {name}',))


def test_an_extension_that_is_missing(make_run, source):
    name = 'w_extension'
    run = make_run(name, extension=False).write()
    report = run.wait_state('reader', 'failed')
    assert report['error']['code'] == 'not_found' and 'CREATE EXTENSION sluice' in report['error']['hint']
    for _ in range(2):  # the same at each look
        asked = last_asked(source, name)
        wait_for(lambda: last_asked(source, name) not in (asked, None), 30, 'another look at the source')
    assert 'CREATE EXTENSION sluice' in run.report('reader')['error']['hint']
    source.execute('CREATE EXTENSION sluice', dbname=name)
    run.wait_state('reader', 'streaming')


def test_a_table_that_is_missing(make_run, source):
    name = 'w_missing'
    run = make_run(name, tables=['public.t', 'public.absent']).write()
    report = run.wait_state('reader', 'failed')
    assert 'public.absent' in report['error']['message']
    source.execute('CREATE TABLE absent (id int PRIMARY KEY)', dbname=name)
    run.wait_state('reader', 'streaming')


def test_a_source_that_is_away(make_run, source, target):
    name = 'w_away'
    run = make_run(name)
    running(run)
    source.stop()
    report = run.wait_report('reader', lambda report: report['error'], 'an error')
    assert 'source' in report['error']['message']
    source.start()
    run.wait_report('reader', lambda report: report['state'] == 'streaming' and report['error'] is None, 'the source to be back')


def test_a_target_that_refuses(make_run, target):
    """What the writer waits for shows as its failure, with its own words; when it is mended the failure is over."""
    name = 'w_refuses'
    run = make_run(name)
    target.execute(f'ALTER DATABASE {name} ALLOW_CONNECTIONS false')
    run.write()
    report = run.wait_report(WRITER, lambda report: report['error'] and report['state'] in ('failed', 'retrying'), 'an error')
    assert 'target' in report['error']['message']
    target.execute(f'ALTER DATABASE {name} ALLOW_CONNECTIONS true')
    report = run.wait_state(WRITER, 'applying')
    assert report['error'] is None


def test_a_failure_stands_while_the_writer_tries_again(make_run, source, target):
    """What it cannot apply: one failure with one reason, however often it tries, until it is mended."""
    name = 'w_tries'
    run = make_run(name)
    target.execute("CREATE SEQUENCE tries; ALTER TABLE t ADD CONSTRAINT never CHECK (nextval('tries') < 0)", dbname=name)
    running(run)
    write_rows(source, name, 1)
    first = run.wait_state(WRITER, 'failed')
    assert 'never' in first['error']['message']
    tried = target.fetch_one('SELECT last_value FROM tries', dbname=name)
    wait_for(lambda: target.fetch_one('SELECT last_value FROM tries', dbname=name) >= tried + 3, 60, 'three more tries')
    report = run.report(WRITER)
    assert (report['state'], report['since'], report['error']) == ('failed', first['since'], first['error'])
    target.execute('ALTER TABLE t DROP CONSTRAINT never', dbname=name)
    wait_rows(target, name, 100)
    run.wait_report(WRITER, lambda report: report['state'] == 'applying' and report['error'] is None, 'the failure to be over')


def test_options_that_make_no_sense(make_run):
    """The program's own message; it is not tried again until there is another wish."""
    name = 'w_options'
    run = make_run(name, target_options={'types': 'date:explode'}).write()
    report = run.wait_state(WRITER, 'failed')
    assert '--types' in report['error']['message'] and report['restarts'] == 0
    run.wish('running')
    report = run.wait_report(WRITER, lambda report: report['restarts'] == 1, 'a second try')
    assert report['state'] in ('starting', 'failed')


def test_a_program_that_is_missing_or_none(make_run, more_workers, state):
    name = 'w_program'
    folder = private_folder('nothing')
    more_workers(programs=folder, env={'PATH': '/nonexistent'})
    run = make_run(name).write()
    report = run.wait_report(WRITER, lambda report: report['error'], 'an error')
    assert report['error']['code'] == 'not_found' and 'sluice-writer' in report['error']['message']
    assert '--programs' in report['error']['hint']
    (folder / 'sluice-writer').write_bytes(b'\x7fELF nonsense')
    (folder / 'sluice-writer').chmod(0o755)
    os.chmod(folder, 0o755)
    report = run.wait_report(WRITER, lambda report: 'cannot execute' in report['error']['message'], 'another error')
    assert 'Exec format error' in report['error']['message']


def test_slots(make_run, more_workers, state):
    """A full worker leaves the rest to another."""
    name = 'w_slots'
    first = more_workers(slots=1)
    run = make_run(name).write()
    wait_for(lambda: first.metric('sluice_worker_jobs') == 1, 10, 'one job')
    assert sum(state.lease(run.id, job) == first.id for job in ('reader', WRITER)) == 1
    more_workers(slots=1)
    run.wait_state('reader', 'streaming')
    run.wait_state(WRITER, 'applying')


def test_two_writers_stand_by_at_two_workers(make_run, source, target, more_workers, state):
    name = 'w_standby'
    workers = [more_workers(), more_workers()]
    run = make_run(name, writers=2).write()
    jobs = (WRITER, 'writer-writer-2')
    for job in jobs:
        run.wait_state(job, ('applying', 'standby'))
    assert {state.lease(run.id, job) for job in jobs} == {worker.id for worker in workers}
    wait_for(lambda: {run.report(job)['state'] for job in jobs} == {'applying', 'standby'}, 30, 'one to stand by')


def test_a_document_that_is_none(state, worker):
    """What cannot be a run takes nothing down."""
    for number, text in enumerate((b'', b'[]', b'{"id": 5}', b'\xff\xfe', b'{"id": "run_bad4", "spec": {"targets": [[]]}}')):
        with state.nats.connect() as client:
            client.request(f'$KV.SLUICE_STATE.run.default.run_bad{number}', text)
    wait_for(worker.is_ready, 10, 'the worker to be ready')
    for number in range(5):
        state.delete(f'run.default.run_bad{number}')
    assert worker.is_running()


def test_no_token(make_run, source):
    """A connection with a password needs a token; the message says how to get one."""
    name = 'w_token'
    run = make_run(name, target_fields={'has_password': True}).write()
    report = run.wait_report(WRITER, lambda report: report['error'], 'an error')
    assert report['error']['code'] == 'denied' and '--token-file' in report['error']['hint']
