"""Reader, writer, NATS and source are killed at random moments under a bank's load; nothing may show but time."""
import collections
import random
import shutil
import time

from harness import bank, mysql_source_bank
from harness.mysql_source_pipeline import MySQLLoad
from harness.wait import wait_for
from test_kills import seed  # noqa: F401 (a fixture)

KILLS = 10  # of each kind, with --soak
CLIENTS = 4
LONG = 240  # seconds; the machine may be busy


class Bank:
    """A pipeline under the bank's load, the ways to hurt it, and what must hold after each."""

    def __init__(self, pipeline, number, copies=False):
        self.pipeline = pipeline
        self.random = random.Random(number)
        self.counts = collections.Counter()
        client = mysql_source_bank.Client(random.Random(number + 1))
        self.load = MySQLLoad(pipeline.source, pipeline.name, client, CLIENTS, pause=0.005)
        if copies:
            pipeline.source.execute(mysql_source_bank.SCHEMA, dbname=pipeline.name)
            mysql_source_bank.open_accounts(pipeline.source, pipeline.name)
        else:
            mysql_source_bank.create(pipeline)
            self.writer = pipeline.start()
            mysql_source_bank.open_accounts(pipeline.source, pipeline.name)
            pipeline.wait_caught_up()
        self.auditor = mysql_source_bank.auditor(pipeline)

    def __enter__(self):
        self.load.__enter__()
        return self

    def __exit__(self, *error):
        self.load.stop()

    # -- ways to hurt it -------------------------------------------------

    def kinds(self):
        return self.kill_reader, self.kill_writer, self.kill_nats, self.kill_source

    def kill_reader(self):
        self.pipeline.first_reader.kill()
        self.pause()
        self.pipeline.first_reader.start(ready=False)

    def kill_writer(self):
        self.writer.kill()
        self.pause()
        self.writer.start(ready=False)

    def kill_nats(self):
        self.pipeline.nats.kill()
        self.pause()
        self.pipeline.nats.start()

    def kill_source(self):
        """XA transactions it had prepared are ended by hand, as a coordinator does."""
        self.pipeline.source.kill()
        self.pause()
        self.pipeline.source.start()
        self.pipeline.source.end_prepared(self.commit_or_not)

    def commit_or_not(self):
        return self.random.choice(('COMMIT', 'ROLLBACK'))

    def pause(self):
        time.sleep(self.random.uniform(0, 0.3))

    # -- between them ----------------------------------------------------

    def moves(self):
        """Waits until the target is somewhere else than now: everything works again."""
        before = self.pipeline.progress()
        wait_for(lambda: self.pipeline.progress()['commit_lsn'] != before['commit_lsn'], 60,
                 lambda: f'the target to move on from {before}; the readers say {self.pipeline.status()}\n'
                         f'{self.pipeline.first_reader.process.log_tail()}\n{self.writer.process.log_tail()}')

    def check(self):
        assert not self.auditor.faults, self.auditor.faults
        self.load.check()
        for started in (*self.pipeline.readers, *self.pipeline.writers):
            started.process.check_running()

    def hurt_all(self, times):
        """Each kind so often, in any order; the next may come before everything has recovered from it."""
        order = [kind for kind in self.kinds() for _ in range(times)]
        self.random.shuffle(order)
        for kind in order:
            kind()
            self.counts[kind.__name__] += 1
            if self.random.random() < 0.6:
                self.moves()
            self.pause()
            self.check()

    def finish(self):
        """The load ends; what is there must become equal without a hand."""
        self.load.stop()
        self.load.check()
        self.pipeline.source.end_prepared(self.commit_or_not)
        rows = self.pipeline.wait_equal(timeout=LONG)
        print(f'{self.load.done} transactions, {self.auditor.snapshots} snapshots, {rows}, {dict(self.counts)}')
        assert rows['account'] == bank.ACCOUNTS
        wait_for(lambda: self.auditor.snapshots > 20, 30, 'the auditor to see more than 20 snapshots')
        self.check()
        return rows


def test_random_kills(from_mysql_to_any, seed, soak):  # noqa: F811
    """Each process once; with --soak KILLS of each and for so long, in cycles."""
    began = time.monotonic()
    with Bank(from_mysql_to_any, seed) as world, world.auditor:
        while True:
            world.hurt_all(KILLS if soak else 1)
            if time.monotonic() - began >= soak:
                break
        world.moves()
        world.finish()


def test_random_kills_from_the_copy_on(from_mysql_to_any, seed, soak):  # noqa: F811
    """A copy and what follows it: the books agree from the moment that the target says the copy is done."""
    began = time.monotonic()
    pipeline = from_mysql_to_any
    with Bank(pipeline, seed, copies=True) as world:
        world.load.wait_done(100)
        world.writer = pipeline.convert('--on-ddl', 'apply', reader_args=('--chunk-bytes', '1MB'))
        for kind in world.kinds():
            kind()
            world.pause()
        pipeline.wait_phase(timeout=LONG)
        pipeline.wait_caught_up(LONG)
        with world.auditor:
            while soak:
                world.hurt_all(KILLS)
                if time.monotonic() - began >= soak:
                    break
            world.load.wait_done(200)
            world.moves()
            world.finish()


def test_everything_is_killed_at_once(from_mysql, seed):  # noqa: F811
    with Bank(from_mysql, seed) as world, world.auditor:
        for _ in range(2):
            world.load.wait_done(100)
            for started in (from_mysql.first_reader, world.writer, from_mysql.nats, from_mysql.target, from_mysql.source):
                started.kill()
            world.auditor.crashed()
            for server in (from_mysql.target, from_mysql.nats, from_mysql.source):
                server.start()
            from_mysql.source.end_prepared(world.commit_or_not)
            for program in (world.writer, from_mysql.first_reader):
                program.start(ready=False)
            world.moves()
            world.check()
        world.finish()


def test_store_is_rolled_back(from_mysql, seed, tmp_path):  # noqa: F811
    """JetStream forgets what it has acknowledged: the source's log has it still."""
    with Bank(from_mysql, seed) as world, world.auditor:
        kept = tmp_path / 'store'
        for _ in range(2):
            from_mysql.nats.kill()
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(from_mysql.nats.store, kept)
            from_mysql.nats.start()
            world.load.wait_done(world.random.randrange(1, 200))
            from_mysql.nats.kill()
            from_mysql.nats.wipe_store()
            from_mysql.nats.take_store(kept)
            from_mysql.nats.start()
            world.moves()
            world.check()
        world.finish()
