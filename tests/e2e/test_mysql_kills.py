"""Writer, server and NATS are killed at random moments under a load of transfers; nothing may show but time."""
import random
import time

from harness import bank, mysql_bank
from harness.wait import wait_for
from test_kills import Bank, seed  # noqa: F401 (a fixture)

KILLS = 4  # of each kind


class MySQLBank(Bank):
    """As there, with what may happen to this target instead of what may happen to the source."""

    create_bank = staticmethod(mysql_bank.create)
    Auditor = mysql_bank.Auditor

    def kinds(self):
        return self.kill_writer, self.kill_nats, self.kill_target, self.kill_sessions, self.terminate_worker

    def kill_target(self):
        """What was committed is durable: nothing may go back over this."""
        told = self.pipeline.status()['durable_lsn']
        self.pipeline.target.kill()
        self.random_pause()
        self.pipeline.target.start()
        if told:
            high, low = (int(part, 16) for part in told.split('/'))
            assert self.pipeline.progress()['commit_lsn'] >= high << 32 | low, f'{told} was confirmed as durable, but the target has lost it'

    def kill_sessions(self):
        for number in self.pipeline.target.sessions():
            self.pipeline.target.execute(f'KILL {number}')


def test_random_kills(to_mysql, seed, soak):  # noqa: F811
    """KILLS of each kind, in random order; with --soak for so long, in cycles."""
    began = time.monotonic()
    with MySQLBank(to_mysql, seed) as world:
        while True:
            order = [kind for kind in world.kinds() for _ in range(KILLS)]
            world.random.shuffle(order)
            for kind in order:
                world.hurt(kind)
            if time.monotonic() - began >= soak:
                break
        world.moves()
        assert world.finish()['public.account'] == bank.ACCOUNTS


def test_stopped_writer_is_replaced_and_refused(to_mysql, seed):  # noqa: F811
    """While the writer is stopped by SIGSTOP another takes over; when it wakes it must not write."""
    with MySQLBank(to_mysql, seed) as world:
        to_mysql.writer(name='standby')
        world.load.wait_done(100)
        epoch = to_mysql.progress()['epoch']
        world.writer.pause()
        try:
            wait_for(lambda: to_mysql.progress()['epoch'] > epoch, 30, 'the standby to take over')
            world.moves()
        finally:
            world.writer.resume()
        world.load.wait_done(200)
        world.moves()
        world.check()
        assert to_mysql.progress()['epoch'] == epoch + 1, 'the writer that was stopped came back as the owner'
        world.finish()
