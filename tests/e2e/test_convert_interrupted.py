"""Each of a copy's processes and servers is killed once, at a chosen moment: it goes on by itself, without starting over.

The moments: the source has filled JetStream, so that some chunks are done and some are not; or rows are on their way
into the target, which waits for a lock. Where PostgreSQL does the same after several kills, one of them is tried
here and all with --soak. Kills at random, again and again, are in test_convert_kills.py.
"""
import json
import os
import re
import signal

import pytest

from harness import catalogs, compare, guard, schemas
from harness.wait import wait_for

ROWS = 16000
OPTIONS = {'chunk_bytes': 1 << 20, 'copy_workers': 2, 'compression': 'none'}
FULL = 2 << 20  # bytes of JetStream; the copy has more
LONG = 120  # seconds; the machine may be busy

TABLES = f'''
    CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, v text); CREATE INDEX t_k ON t (k);
    INSERT INTO t SELECT i, i % 1000, repeat(md5(i::text), 8) FROM generate_series(1, {ROWS}) i;
    CREATE TABLE keyless (id int, v text); ALTER TABLE keyless REPLICA IDENTITY FULL;
    INSERT INTO keyless SELECT i / 2, md5(i::text) FROM generate_series(1, 3000) i;
    CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text); ALTER TABLE late REPLICA IDENTITY FULL;
    INSERT INTO late SELECT i, md5(i::text) FROM generate_series(1, 2000) i;
    CREATE TABLE p (id int, at int, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (3000);
    INSERT INTO p SELECT i, i, md5(i::text) FROM generate_series(0, 2999) i;
    ANALYZE'''

# Rows change, come and go in chunks that are done and in others, change their keys and their places.
CHANGES = f'''
    UPDATE t SET k = k + 1 WHERE id % 50 = 0;
    DELETE FROM t WHERE id % 70 = 0;
    UPDATE t SET id = id + {10 * ROWS} WHERE id % 90 = 1;
    BEGIN; UPDATE t SET id = -1 WHERE id = 3; UPDATE t SET id = 3 WHERE id = 4; UPDATE t SET id = 4 WHERE id = -1; COMMIT;
    INSERT INTO t SELECT i, 0, 'new' FROM generate_series({ROWS + 1}, {ROWS + 500}) i;
    UPDATE t SET v = 'short' WHERE id % 110 = 5;
    DELETE FROM keyless WHERE id % 30 = 0; UPDATE keyless SET v = 'changed' WHERE id % 40 = 1; INSERT INTO keyless VALUES (1, 'twice'), (1, 'twice');
    BEGIN; UPDATE late SET id = id + 1 WHERE id > 1000; INSERT INTO late VALUES (1001, 'between'); COMMIT; DELETE FROM late WHERE id % 20 = 0;
    UPDATE p SET at = at + 1000 WHERE id BETWEEN 500 AND 600; DELETE FROM p WHERE id % 100 = 7; UPDATE p SET v = 'changed' WHERE id % 100 = 8'''

LATER = '''UPDATE t SET k = k - 1 WHERE id % 10 = 0; DELETE FROM keyless WHERE v = 'changed'; INSERT INTO late VALUES (0, 'last'); DELETE FROM p WHERE id < 50'''


class Interrupted:
    """A copy that stands still at a moment, and what is known of it then."""

    def __init__(self, pipeline, mode):
        self.pipeline, self.mode = pipeline, mode
        pipeline.execute(TABLES)

    # -- the moments -----------------------------------------------------

    def fill(self):
        """No writer reads: some chunks are done, others are not."""
        pipeline = self.pipeline
        pipeline.stream(schemas.roots(pipeline.source, pipeline.name), options={**OPTIONS, 'max_bytes': FULL}, mode=self.mode)
        pipeline.wait_status(lambda row: 'refuses to store more' in str(row['last_error']), 'waited for a full stream')
        self.note_done()
        assert 0 < len(self.done) < self.chunks(1)

    def hold(self):
        """Two writers, whose rows wait for a lock at the target."""
        pipeline = self.pipeline
        pipeline.at_target('CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, v text)')
        self.holder = pipeline.target.connect(pipeline.name, autocommit=False)
        self.holder.cursor().execute('LOCK TABLE t IN SHARE MODE')
        pipeline.convert('--schema-policy', 'create_missing', '--load-connections', '1', mode=self.mode, options=OPTIONS)
        pipeline.writer('--schema-policy', 'create_missing', '--load-connections', '1', ready=False, name='second')
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'COPY'"
        wait_for(lambda: pipeline.fetch_target(waiting) > 0, LONG, 'a writer to wait for the table')
        self.note_done()

    def release(self):
        self.holder.close()

    # -- what is there ---------------------------------------------------

    def fetch(self, query, *arguments):
        return self.pipeline.source.fetch(query, arguments, self.pipeline.name)

    def chunks(self, generation):
        return self.fetch('SELECT chunks FROM sluice.copy WHERE generation = %s', generation)[0][0]

    def generations(self):
        return self.fetch('SELECT max(generation) FROM sluice.copy')[0][0]

    def note_done(self):
        """(chunk, when it was done) of the first generation."""
        self.done = self.fetch('SELECT chunk, done_at FROM sluice.copy_done WHERE generation = 1 ORDER BY chunk')

    # -- who is killed ---------------------------------------------------

    def process(self, kind):
        """The stream's worker, its copy's leader, or one that copies."""
        name = self.pipeline.name
        title = {'worker': f'stream {name}', 'leader': f'copy {name}', 'copier': f'copy {name} [0-9]+'}[kind]

        def found():
            pids = guard.titled(self.pipeline.source.process.pid, f'postgres: sluice {title.split()[0]} {name}')
            return [pid for pid in pids if re.fullmatch(f'postgres: sluice {title}', guard.title(pid).strip())]
        return wait_for(found, 30, f'a {kind}')[0]

    def end(self, kind):
        """It is asked to end, and does."""
        pid = self.process(kind)
        self.pipeline.source.signal_backend(pid, signal.SIGTERM)
        wait_for(lambda: not os.path.exists(f'/proc/{pid}'), 30, f'the {kind} to end')

    def kill(self, kind):
        """SIGKILL, after which PostgreSQL starts all its processes anew."""
        self.pipeline.source.crash_backend(self.process(kind))

    # -- the end ---------------------------------------------------------

    def start_writer(self):
        self.pipeline.writer(ready=False)

    def finish(self):
        """Both sides become equal, as do the tables; and stay so."""
        pipeline = self.pipeline
        pipeline.wait_phase(timeout=LONG)
        if self.mode == 'convert':
            pipeline.wait_state('finished', LONG)
            rows = compare.compare(pipeline.source, pipeline.target, dbname=pipeline.name)
        else:
            pipeline.wait_state('streaming', LONG)
            pipeline.wait_equal(timeout=LONG)
            pipeline.execute(LATER)
            rows = pipeline.wait_equal(timeout=LONG)
        catalogs.compare(pipeline.source, pipeline.target, pipeline.name,
                         ignore=lambda kind, name, what: schemas.not_in_document(name, what) or (kind, name) == ('schema', 'public'))
        assert rows['public.t'] > ROWS * 0.9

    def require_one_generation(self):
        """The snapshot was not lost: what was done then was done once."""
        assert self.generations() == 1
        assert self.fetch('SELECT chunk, done_at FROM sluice.copy_done WHERE chunk = ANY(%s) ORDER BY chunk', [chunk for chunk, _ in self.done]) == self.done

    def require_nothing_read_twice(self):
        """Another snapshot read the rest of a table with a key, and what had moved; others once more."""
        assert self.generations() == 2
        twice = self.fetch("SELECT c.relid::regclass::text, c.first_block FROM sluice.copy_chunk c JOIN sluice.copy_table t USING (stream, generation, relid) "
                           "WHERE c.generation = 2 AND c.kind = 'blocks' AND t.mode <> 'restart' AND EXISTS (SELECT FROM sluice.copy_chunk e "
                           'JOIN sluice.copy_done d USING (stream, generation, chunk) WHERE (e.generation, e.relid, e.first_block) = (1, c.relid, c.first_block))')
        assert not twice
        modes = dict(self.fetch('SELECT relid::regclass::text, mode FROM sluice.copy_table WHERE generation = 2'))
        assert modes['t'] == 'catch_up' and modes['keyless'] in ('restart', 'exact')
        kinds = dict(self.fetch("SELECT kind, count(*) FROM sluice.copy_chunk WHERE generation = 2 AND relid = 't'::regclass GROUP BY 1"))
        first = self.fetch("SELECT count(*) FROM sluice.copy_chunk WHERE generation = 1 AND relid = 't'::regclass")[0][0]
        assert kinds['moved'] == 1 and kinds.get('blocks', 0) < first


@pytest.fixture
def copy(pipeline):
    return Interrupted(pipeline, 'convert+cdc')


# -- the source's side ---------------------------------------------------------

@pytest.mark.parametrize('kind', ('worker', 'copier'))
def test_process_ends(copy, kind):
    """The stream's worker or one that copies is started again, under the same snapshot."""
    copy.fill()
    copy.pipeline.execute(CHANGES)
    copy.end(kind)
    copy.start_writer()
    copy.finish()
    copy.require_one_generation()


def test_nats_is_killed_while_the_source_reads(copy):
    copy.fill()
    copy.pipeline.execute(CHANGES)
    copy.pipeline.nats.kill()
    copy.pipeline.nats.start()
    copy.start_writer()
    copy.finish()
    copy.require_one_generation()


def lose_snapshot(copy, how):
    if how in ('fast', 'immediate'):
        copy.pipeline.source.restart(how)
    elif how == 'leader ends':
        copy.end('leader')
    else:
        copy.kill(how)


@pytest.mark.parametrize('how', ('leader ends', 'copier', 'immediate', 'worker', 'leader', 'fast'))
def test_snapshot_is_lost(copy, soak, how):
    """The leader ends, a process of the source is killed, or the source restarts: another snapshot reads what is left."""
    if how in ('worker', 'leader', 'fast') and not soak:
        pytest.skip('only with --soak: the server starts all its processes anew, as after another kill')
    copy.fill()
    copy.pipeline.execute(CHANGES)
    lose_snapshot(copy, how)
    copy.start_writer()
    copy.finish()
    copy.require_nothing_read_twice()


@pytest.mark.parametrize('how', ('immediate', 'leader ends'))
def test_snapshot_of_a_copy_alone_is_lost(pipeline, soak, how):
    """Nothing brings two snapshots together there: the second one reads all again, and that is what the target has."""
    if how == 'leader ends' and not soak:
        pytest.skip('only with --soak: the snapshot is lost in the same way')
    copy = Interrupted(pipeline, 'convert')
    copy.fill()
    pipeline.execute(CHANGES)
    lose_snapshot(copy, how)
    copy.start_writer()
    copy.finish()
    assert copy.generations() == 2


# -- the target's side ----------------------------------------------------------

def test_writer_is_killed(copy):
    """Its rows are given to the other one, which goes on; so it is with the next."""
    copy.hold()
    first, second = copy.pipeline.writers
    copy.pipeline.execute(CHANGES)
    first.kill()
    second.kill()
    copy.release()
    first.start(ready=False)
    copy.finish()
    copy.require_one_generation()


def test_target_is_killed(copy):
    copy.hold()
    copy.pipeline.execute(CHANGES)
    copy.pipeline.target.restart('immediate')
    copy.finish()
    copy.require_one_generation()


def test_nats_is_killed_while_the_target_loads(copy):
    copy.hold()
    copy.pipeline.execute(CHANGES)
    copy.pipeline.nats.kill()
    copy.pipeline.nats.start()
    copy.release()
    copy.finish()
    copy.require_one_generation()


# -- odd moments -----------------------------------------------------------------

def test_snapshot_is_lost_while_nothing_changes(copy):
    """The second snapshot's position is passed though no change comes by."""
    copy.fill()
    copy.end('leader')
    copy.start_writer()
    copy.pipeline.wait_phase(timeout=LONG)
    copy.finish()
    copy.require_nothing_read_twice()


def test_long_bundles_of_a_lost_snapshot_make_room(pipeline):
    """Parts of what the first snapshot read fill JetStream, and go when all consumers have taken what they belong to."""
    value = "(SELECT string_agg(md5(i::text || n::text), '') FROM generate_series(1, 40000) n)"
    pipeline.execute(f'CREATE TABLE t (id int PRIMARY KEY, v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL;'
                     f'INSERT INTO t SELECT i, {value} FROM generate_series(1, 8) i; ANALYZE t')
    copy = Interrupted.__new__(Interrupted)
    copy.pipeline, copy.mode = pipeline, 'convert+cdc'
    pipeline.stream(options={**OPTIONS, 'copy_workers': 1, 'max_bytes': 3 << 20}, mode='convert+cdc')
    pipeline.wait_status(lambda row: 'refuses to store more' in str(row['last_error']), 'waited for a full stream')
    for generation in (2, 3):
        copy.end('leader')
        wait_for(lambda: copy.generations() == generation, 30, 'the next generation')  # pylint: disable=cell-var-from-loop
    copy.start_writer()
    pipeline.wait_phase(timeout=LONG)
    assert pipeline.wait_equal(timeout=LONG) == {'public.t': 8}


def grow(pipeline):
    """Gives the copy's stream room, as no leader does it."""
    name = f'SLUICE_{pipeline.name}_LOAD'
    config = pipeline.nats.stream_info(name)['config']
    pipeline.nats.jetstream(f'STREAM.UPDATE.{name}', {**config, 'max_bytes': 1 << 30})


def test_leader_misses_that_all_is_read(pipeline):
    """The target has all rows, and the source does not know: its next leader finds that no other snapshot is wanted."""
    copy = Interrupted(pipeline, 'convert')
    copy.fill()
    leader = copy.process('leader')
    pipeline.source.signal_backend(leader, signal.SIGSTOP)
    grow(pipeline)
    writer = pipeline.writer(ready=False)
    assert writer.wait(LONG) == 0, writer.process.log_tail()
    assert not copy.fetch('SELECT FROM sluice.copy WHERE copied_at IS NOT NULL')
    pipeline.source.signal_backend(leader, signal.SIGTERM)
    pipeline.source.signal_backend(leader, signal.SIGCONT)
    copy.finish()


def test_worker_misses_that_all_is_done(pipeline):
    """The stream is finished also when the server goes down between the copy's end and the worker's."""
    copy = Interrupted(pipeline, 'convert')
    copy.fill()
    worker = copy.process('worker')
    pipeline.source.signal_backend(worker, signal.SIGSTOP)
    copy.start_writer()
    wait_for(lambda: copy.fetch('SELECT FROM sluice.copy WHERE finished_at IS NOT NULL'), LONG, 'the copy to be finished')
    pipeline.source.crash_backend(worker)
    copy.finish()
    assert copy.generations() == 1


def test_report_of_another_copy(pipeline):
    """What a consumer said of an earlier stream of this name does not end this one's copy."""
    with pipeline.nats.connect() as client:
        client.request('$JS.API.STREAM.CREATE.KV_SLUICE', json.dumps({
            'name': 'KV_SLUICE', 'subjects': ['$KV.SLUICE.>'], 'storage': 'file', 'discard': 'new', 'max_msgs_per_subject': 1,
            'allow_rollup_hdrs': True, 'deny_delete': True, 'allow_direct': True, 'num_replicas': 1}).encode())
        client.request(f'$KV.SLUICE.load.{pipeline.name}.writer', b'incarnation=1f generation=1 phase=done chunks=9 of=9 complete=')
    copy = Interrupted(pipeline, 'convert')
    pipeline.stream(schemas.roots(pipeline.source, pipeline.name), options=OPTIONS, mode='convert')
    wait_for(lambda: copy.fetch('SELECT FROM sluice.copy WHERE copied_at IS NOT NULL'), LONG, 'the rows to be read')
    copy.start_writer()
    copy.finish()


@pytest.mark.parametrize('wish', ('pause', 'drop'))
def test_wish_is_heard_while_the_slot_waits(pipeline, wish):
    """A transaction that runs keeps the leader from its snapshot, and nobody from pausing or dropping the stream."""
    copy = Interrupted(pipeline, 'convert+cdc')
    with pipeline.source.connect(pipeline.name, autocommit=False) as running:
        running.cursor().execute('INSERT INTO keyless VALUES (-1)')
        pipeline.stream(schemas.roots(pipeline.source, pipeline.name), options=OPTIONS, mode='convert+cdc')
        pipeline.wait_status(lambda row: 'transactions that were running' in str(row['last_error']), 'waited for the slot to wait')
        pipeline.call(f'{wish}_stream')
        if wish == 'drop':
            wait_for(lambda: pipeline.status() is None, 30, 'the stream to be dropped')
            return
        pipeline.wait_state('paused')
        pipeline.call('resume_stream')
        pipeline.wait_status(lambda row: 'transactions that were running' in str(row['last_error']), 'waited for the slot to wait again')
        running.commit()
    copy.start_writer()
    copy.finish()


@pytest.mark.parametrize('mode', ('convert+cdc', 'convert'))
def test_rows_that_jetstream_lost(pipeline, mode):
    """Somebody purges some of a copy's messages before a writer has them: their tables are read again, and it is told."""
    pipeline.execute(TABLES)
    pipeline.stream(schemas.roots(pipeline.source, pipeline.name), options=OPTIONS, mode=mode)
    stored = 'SELECT count(*) > 0 FROM sluice.copy WHERE stream = %s AND copied_at IS NOT NULL'
    wait_for(lambda: pipeline.source.fetch_one(stored, (pipeline.name,), pipeline.name), LONG, 'all chunks to be in JetStream')
    subject = f'sluice.{pipeline.name}.load'
    answer = pipeline.nats.jetstream(f'STREAM.PURGE.SLUICE_{pipeline.name}_LOAD', {'filter': subject, 'keep': 5})
    assert answer['purged'] > 0, answer
    pipeline.writer(ready=False)
    wait_for(lambda: f'"{pipeline.name}": rows of' in pipeline.source.log(), LONG, 'it to be told')
    if mode == 'convert+cdc':
        pipeline.execute(CHANGES)
    pipeline.wait_phase(timeout=LONG)
    assert pipeline.load_row()['generation'] == 2, pipeline.load_row()
    compare.wait_equal(pipeline.source, pipeline.target, timeout=LONG, dbname=pipeline.name)
