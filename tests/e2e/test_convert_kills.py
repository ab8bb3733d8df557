"""Everything is killed at random moments while tables are copied, under load; both sides end equal without a hand."""
import collections
import os
import random
import signal
import time

import pytest

from harness import bank, catalogs, compare, guard, schemas
from harness.mixed import Mixed
from harness.pipeline import Load
from harness.wait import wait_for

ROWS = 300000  # of the big table
OPTIONS = {'chunk_bytes': 1 << 20, 'copy_workers': 3}
KILLS = 15
LONG = 240  # seconds; the machine may be busy


@pytest.fixture
def seed():
    """SLUICE_SEED repeats a run, as far as the machine lets it."""
    value = int(os.environ.get('SLUICE_SEED') or random.SystemRandom().randrange(1 << 31))
    print(f'SLUICE_SEED={value}')
    return value


class Copy:
    """A copy under load with two writers, the ways to hurt it, and what must hold at the end."""

    def __init__(self, pipeline, seed, mode='convert+cdc', load=True):
        self.pipeline, self.mode = pipeline, mode
        self.random = random.Random(seed)
        self.counts = collections.Counter()
        self.fill(seed)
        mixed = Mixed(pipeline.source, pipeline.name, random.Random(seed + 2))  # of all tables but those that follow
        pipeline.execute(bank.SCHEMA)
        pipeline.execute(bank.FUNCTIONS)
        bank.open_accounts(pipeline.source, pipeline.name)
        pipeline.execute('CREATE TABLE big (id int PRIMARY KEY, k int NOT NULL, v text); CREATE INDEX big_k ON big (k);'
                         'CREATE TABLE big_keyless (id int, v text); ALTER TABLE big_keyless REPLICA IDENTITY FULL;'
                         f'INSERT INTO big SELECT i, i % 1000, repeat(md5(i::text), 4) FROM generate_series(1, {ROWS}) i;'
                         f'INSERT INTO big_keyless SELECT i, md5(i::text) FROM generate_series(1, {ROWS // 10}) i; ANALYZE')
        bodies = ((bank.Client(random.Random(seed + 1)), 2), (mixed, 1), (self.touch_big, 1)) if load else ()
        self.loads = [Load(pipeline.source, pipeline.name, body, clients, pause=0.01) for body, clients in bodies]
        self.kinds = (self.end_worker, self.kill_worker, self.end_copier, self.kill_copier, self.kill_writer, self.kill_nats, self.restart_source)

    def __enter__(self):
        for load in self.loads:
            load.__enter__()
        self.pipeline.convert(mode=self.mode, options=OPTIONS)
        self.pipeline.writer(ready=False, name='second')
        return self

    def __exit__(self, *error):
        for load in self.loads:
            load.stop()

    def fill(self, seed):
        """Tables of all kinds."""
        pipeline = self.pipeline
        schemas.Generated(seed, min(int(pipeline.source.version), int(pipeline.target.version)), tables=90).load(pipeline.source, pipeline.name)

    def compare(self):
        return compare.compare(self.pipeline.source, self.pipeline.target, dbname=self.pipeline.name)

    def check_structure(self):
        catalogs.compare(self.pipeline.source, self.pipeline.target, self.pipeline.name, values=self.mode == 'convert',
                         ignore=lambda kind, name, what: name.startswith('public.scratch') or schemas.not_in_document(name, what))

    def touch_big(self, cursor, number):
        """Rows of the big table change, move to other pages, come and go, all over the table."""
        place = self.random.randint(1, ROWS)
        cursor.execute(f'BEGIN; UPDATE big SET k = k + 1 WHERE id = {place}; DELETE FROM big WHERE id = {place + 1};'
                       f"INSERT INTO big VALUES ({-place}, 0, 'new') ON CONFLICT (id) DO UPDATE SET v = 'again';"
                       f"UPDATE big SET id = {ROWS + place} WHERE id = {place + 2} AND NOT EXISTS (SELECT FROM big WHERE id = {ROWS + place}); COMMIT")

    # -- ways to hurt it -------------------------------------------------

    def hit(self, title, number):
        """A signal to one of our processes at the source whose title begins so; whether there was one."""
        source = self.pipeline.source
        found = guard.titled(source.process.pid, f'postgres: sluice {title} {self.pipeline.name}')
        if not found:
            return False
        pid = self.random.choice(found)
        try:
            if number == signal.SIGKILL:
                source.crash_backend(pid)
            else:
                source.signal_backend(pid, number)
        except RuntimeError:  # it ended by itself meanwhile
            if os.path.exists(f'/proc/{pid}'):
                raise
            return False
        return True

    def end_worker(self):
        return self.hit('stream', signal.SIGTERM)

    def kill_worker(self):
        return self.hit('stream', signal.SIGKILL)

    def end_copier(self):
        return self.hit('copy', signal.SIGTERM)

    def kill_copier(self):
        return self.hit('copy', signal.SIGKILL)

    def kill_writer(self):
        writer = self.random.choice(self.pipeline.writers)
        if not writer.is_running():
            return False
        writer.kill()
        self.random_pause()
        writer.start(ready=False)
        return True

    def kill_nats(self):
        self.pipeline.nats.kill()
        self.random_pause()
        self.pipeline.nats.start()
        return True

    def restart_source(self):
        self.pipeline.source.restart('immediate')
        return True

    def restart_target(self):
        self.pipeline.target.restart('immediate')
        return True

    # -- between them ----------------------------------------------------

    def random_pause(self):
        time.sleep(self.random.uniform(0, 1.5))

    def phase(self):
        row = self.pipeline.load_row()
        return row and row['phase']

    def hurt(self, kind):
        if kind():
            self.counts[kind.__name__] += 1
        self.random_pause()
        self.check()

    def check(self):
        for load in self.loads:
            load.check()
        ended = [writer for writer in self.pipeline.writers if not writer.is_running()]
        if self.mode == 'convert':  # there they end by themselves when all is done
            ended = [writer for writer in ended if writer.process.exit_status() != 0]
        assert not ended, f'a writer ended by itself\n{ended[0].process.log_tail()}'
        assert not self.phase() == 'failed', self.pipeline.load_row()

    def finish(self):
        """The load goes on until the copy is whole, and a while after it; then both sides must become equal."""
        pipeline = self.pipeline
        pipeline.wait_phase(timeout=LONG)
        for load in self.loads:
            load.wait_done(50)
            load.stop()
        self.check()
        if self.mode == 'convert':
            pipeline.wait_state('finished', LONG)
            rows = self.compare()
        else:
            rows = pipeline.wait_equal(timeout=LONG)
        self.check_structure()
        generation = pipeline.load_row()['generation']
        print(f'{[load.done for load in self.loads]} transactions, {generation} generations, {sum(rows.values())} rows, {dict(self.counts)}')
        return rows


def test_random_kills(pipeline, seed):
    """Kill after kill; when the copy is whole sooner, its end and the changes after it get the rest."""
    with Copy(pipeline, seed) as copy:
        for _ in range(KILLS):
            copy.hurt(copy.random.choice(copy.kinds))
        copy.finish()
    assert sum(copy.counts.values()) > KILLS / 2


@pytest.fixture(autouse=True)
def only_with_soak(soak):
    """A run of these takes minutes."""
    if not soak:
        pytest.skip('only with --soak')


@pytest.mark.parametrize('kind', ('end_worker', 'kill_worker', 'end_copier', 'kill_copier', 'kill_writer', 'kill_nats', 'restart_source', 'restart_target'))
def test_kill_in_the_middle(pipeline, seed, kind):
    """Each kill once, when some chunks are in and some are not: what was finished is not read again."""
    with Copy(pipeline, seed) as copy:
        wait_some_chunks(pipeline)
        copy.hurt(getattr(copy, kind))
        assert copy.counts[kind], 'nothing was there to be killed: the copy was over'
        copy.finish()


@pytest.mark.parametrize('kind', ('kill_copier', 'kill_writer', 'kill_nats', 'restart_source', 'restart_target'))
def test_kill_of_a_copy_alone(pipeline, seed, kind):
    """In convert mode another generation reads all again, as no change stream brings two snapshots together."""
    with Copy(pipeline, seed, mode='convert', load=False) as copy:
        wait_some_chunks(pipeline)
        copy.hurt(getattr(copy, kind))
        copy.finish()


def wait_some_chunks(pipeline):
    """Waits until some chunks of the big table are in JetStream."""
    def copied():
        return pipeline.source.fetch_one("SELECT count(*) FILTER (WHERE relid = 'big'::regclass) > 3 FROM sluice.copy_done WHERE stream = %s",
                                         (pipeline.name,), pipeline.name)
    wait_for(copied, 60, 'chunks to be copied', 0.005)


def test_store_is_lost_in_the_middle(pipeline, seed):
    """JetStream forgets the load: it is said or made good, never passed over."""
    with Copy(pipeline, seed) as copy:
        wait_some_chunks(pipeline)
        pipeline.nats.kill()
        pipeline.nats.wipe_store()
        pipeline.nats.start()
        copy.finish()


def test_soak(pipeline, seed, soak):
    """With --soak: kills at random for so long, in copies one after the other."""
    if not soak:
        pytest.skip('only with --soak')
    began = time.monotonic()
    with Copy(pipeline, seed) as copy:
        while time.monotonic() - began < soak:
            copy.hurt(copy.random.choice(copy.kinds))
        copy.finish()
