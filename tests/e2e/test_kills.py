"""Everything is killed at random moments under a load of transfers; nothing may show but time."""
import collections
import os
import random
import shutil
import signal
import time

import pytest

from harness import bank
from harness.pipeline import Load
from harness.wait import wait_for

KILLS = 10  # of each kind
CLIENTS = 6
PAUSE = 20  # seconds a stopped process stays stopped


class Bank:
    """The pipeline under load, the ways to hurt it, and what must hold after each."""

    create_bank = staticmethod(bank.create)
    Auditor = bank.Auditor

    def __init__(self, pipeline, seed):
        self.pipeline = pipeline
        self.random = random.Random(seed)
        self.counts = collections.Counter()
        self.create_bank(pipeline.source, pipeline.target, pipeline.name)
        self.writer = pipeline.start(tables=bank.TABLES)
        bank.open_accounts(pipeline.source, pipeline.name)
        pipeline.wait_caught_up()
        self.auditor = self.Auditor(pipeline.target, pipeline.name, pipeline.name)
        client = bank.Client(random.Random(seed + 1))
        self.load = Load(pipeline.source, pipeline.name, client, CLIENTS, pause=0.005)

    def __enter__(self):
        self.auditor.__enter__()
        self.load.__enter__()
        return self

    def __exit__(self, *error):
        self.load.stop()
        self.auditor.__exit__()

    # -- ways to hurt it -------------------------------------------------

    def kinds(self):
        return (self.terminate_worker, self.kill_worker, self.kill_backend, self.kill_writer, self.kill_nats, self.restart_source,
                self.restart_target)

    def worker_pid(self):
        """The decoding worker; it may have been killed just now, and comes back by itself."""
        return self.pipeline.wait_status(lambda row: row['pid'], 'waited for the worker')['pid']

    def terminate_worker(self):
        pid = self.worker_pid()
        assert self.pipeline.source.fetch_one('SELECT pg_terminate_backend(%s)', (pid,))
        wait_for(lambda: self.pipeline.status()['pid'] != pid, 30, 'the worker to end')

    def kill_worker(self):
        """The postmaster takes a killed worker as a crash and restarts everything."""
        self.pipeline.source.crash_backend(self.worker_pid())

    def kill_backend(self):
        backend = self.pipeline.source.connect(self.pipeline.name)
        self.pipeline.source.crash_backend(backend.info.backend_pid)

    def kill_writer(self):
        self.writer.kill()
        self.random_pause()
        self.writer.start(ready=False)

    def kill_nats(self):
        self.pipeline.nats.kill()
        self.random_pause()
        self.pipeline.nats.start()

    def restart_source(self):
        self.pipeline.source.restart('immediate')

    def restart_target(self):
        """Asynchronous commits may be gone after it, but none of those the source was told of."""
        told = self.pipeline.status()['durable_lsn']
        self.pipeline.target.stop('immediate')
        self.auditor.crashed()
        self.pipeline.target.start()
        if told:
            behind = self.pipeline.fetch_target('SELECT commit_lsn < %s FROM sluice.progress WHERE stream = %s',
                                                (told, self.pipeline.name))
            assert not behind, f'{told} was confirmed as durable, but the target has lost it'

    # -- between them ----------------------------------------------------

    def random_pause(self):
        time.sleep(self.random.uniform(0, 0.3))

    def moves(self):
        """Waits until the target is somewhere else than now: everything works again."""
        before = self.pipeline.progress()
        wait_for(lambda: self.pipeline.progress()['commit_lsn'] != before['commit_lsn'], 60,
                 lambda: f'the target to move on from {before}; the stream is {self.pipeline.status()}\n'
                         f'{self.writer.process.log_tail()}')

    def check(self):
        assert not self.auditor.faults, self.auditor.faults
        self.load.check()
        assert all(writer.is_running() for writer in self.pipeline.writers), 'a writer ended by itself'

    def hurt(self, kind):
        """One kill; the next may come before everything has recovered from it."""
        kind()
        self.counts[kind.__name__] += 1
        if self.random.random() < 0.6:
            self.moves()
        self.random_pause()
        self.check()

    def finish(self):
        """The load ends; what is there must become equal without a hand."""
        self.load.stop()
        self.load.check()
        rows = self.pipeline.wait_equal(timeout=120)
        self.check()
        print(f'{self.load.done} transactions, {self.auditor.snapshots} snapshots, {rows}, {dict(self.counts)}')
        assert self.auditor.snapshots > 20
        return rows


@pytest.fixture
def seed():
    """SLUICE_SEED repeats a run, as far as the machine lets it."""
    value = int(os.environ.get('SLUICE_SEED') or random.SystemRandom().randrange(1 << 31))
    print(f'SLUICE_SEED={value}')
    return value


def test_random_kills(pipeline, seed, soak):
    """At least KILLS of each kind, in random order; with --soak for so long, in cycles."""
    began = time.monotonic()
    with Bank(pipeline, seed) as world:
        while True:
            order = [kind for kind in world.kinds() for _ in range(KILLS)]
            world.random.shuffle(order)
            for kind in order:
                world.hurt(kind)
            if time.monotonic() - began >= soak:
                break
        world.moves()
        assert world.finish()['public.account'] == bank.ACCOUNTS


def test_everything_is_killed_at_once(pipeline, seed):
    with Bank(pipeline, seed) as world:
        for _ in range(3):
            world.load.wait_done(200)
            world.writer.kill()
            for server in (pipeline.nats, pipeline.target, pipeline.source):
                server.kill()
            world.auditor.crashed()
            for server in (pipeline.target, pipeline.nats, pipeline.source):
                server.start()
            world.writer.start(ready=False)
            world.moves()
            world.check()
        world.finish()


def test_store_is_rolled_back(pipeline, seed, soak, tmp_path):
    """JetStream forgets what it has acknowledged, or all of it: what is missing comes from the slot again."""
    kept = tmp_path / 'store'
    with Bank(pipeline, seed) as world:
        for turn in range(8 if soak else 4):
            pipeline.nats.kill()
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(pipeline.nats.store, kept)
            pipeline.nats.start()
            world.load.wait_done(world.random.randrange(1, 400))
            writer_is_away = world.random.random() < 0.5
            if writer_is_away:
                world.writer.kill()
                world.load.wait_done(100)
            pipeline.nats.kill()
            pipeline.nats.wipe_store()
            if turn % 3 != 2:
                pipeline.nats.take_store(kept)
            pipeline.nats.start()
            if writer_is_away:
                world.writer.start(ready=False)
            world.moves()
            world.check()
        world.finish()


def test_stopped_writer_is_replaced_and_refused(pipeline, seed):
    """While the writer is stopped by SIGSTOP another takes over; when it wakes it must not write."""
    with Bank(pipeline, seed) as world:
        standby = pipeline.writer(name='standby')
        world.load.wait_done(100)
        epoch = pipeline.progress()['epoch']
        began = time.monotonic()
        world.writer.pause()
        try:
            wait_for(lambda: pipeline.progress()['epoch'] > epoch, 30, 'the standby to take over')
            took = time.monotonic() - began
            world.moves()
            wait_for(lambda: time.monotonic() - began >= PAUSE, PAUSE + 5, 'the pause to be over', 0.5)
        finally:
            world.writer.resume()
        assert took < 15, f'taking over took {took:.1f} s'
        world.load.wait_done(200)
        world.moves()
        world.check()
        assert pipeline.progress()['epoch'] == epoch + 1, 'the writer that was stopped came back as the owner'
        world.writer.wait_ready()
        standby.kill()  # and now the other way round
        wait_for(lambda: pipeline.progress()['epoch'] > epoch + 1, 30, 'the first writer to take over again')
        pipeline.writers.remove(standby)
        world.finish()


def test_stopped_worker_holds_nobody_up(pipeline, seed):
    """The decoding worker is stopped by SIGSTOP: transactions go on, and arrive when it wakes."""
    with Bank(pipeline, seed) as world:
        world.load.wait_done(100)
        pid = world.worker_pid()
        pipeline.source.signal_backend(pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            world.load.slowest = 0
            world.load.wait_done(500)
            wait_for(lambda: time.monotonic() - began >= PAUSE, PAUSE + 5, 'the pause to be over', 0.5)
            assert world.load.slowest < PAUSE / 2  # nobody waited for it to wake
        finally:
            pipeline.source.signal_backend(pid, signal.SIGCONT)
        world.moves()
        assert world.worker_pid() == pid
        world.finish()
