"""The live part of the demo: servers, stream, load, kills, comparison. Started by deploy/demo."""
import bisect
import contextlib
import itertools
import os
import pathlib
import shutil
import sys
import threading
import time

import psycopg2

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests' / 'e2e'))

from demo_control import ControlPlane
from harness import process, servers
from harness.compare import Difference, compare, user_tables, wait_caught_up
from harness.installation import installed_bin
from harness.nats import NatsServer
from harness.postgres import Postgres, Source
from harness.process import Process, private_folder, service_user
from harness.stream import create_stream
from harness.writer import Writer

STREAM = 'demo'
CONF = {'shared_buffers': '128MB', 'max_wal_size': '2GB', 'log_min_messages': 'warning'}
DOWN_SECONDS = 1  # how long what was killed stays down
SAMPLE_SECONDS = 0.02
RATE_WINDOW = 3  # seconds; PostgreSQL's own counters come about once a second
LOG_LINES = 15

ROWS_WRITTEN = 'SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables'
APPLIED_LSN = f"SELECT commit_lsn - '0/0'::pg_lsn FROM sluice.progress WHERE stream = '{STREAM}'"
SOURCE_LSN = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
CHECKSUM = 'SELECT coalesce(sum(hashtextextended(t::text, 0) & 4294967295), 0) FROM {} t'


def say(text):
    print(f'demo: {text}', flush=True)


# -- what the live line shows ----------------------------------------------


class Rate:
    """Rows a second, over the last few of them, of a counter that may begin anew."""

    def __init__(self):
        self.total = 0
        self._last = 0
        self._history = [(time.monotonic(), 0)]

    def add(self, count):
        """count is what the counter shows; None when it cannot be read now."""
        if count is not None:
            self.total += count - self._last if count >= self._last else count
            self._last = count
        self._history = [*self._history[-RATE_WINDOW:], (time.monotonic(), self.total)]
        (began, first), (now, last) = self._history[0], self._history[-1]
        return (last - first) / (now - began)


class Lag(threading.Thread):
    """How far the target is behind, in bytes of log and in milliseconds, seen from outside.

    Notes all the time where the source's log ends. The time lag is how long
    ago it ended where the target is now.
    """

    def __init__(self, source, target):
        super().__init__(daemon=True)
        self._source, self._target = source, target
        self._times, self._ends = [], []
        self._applied = 0
        self._lock = threading.Lock()
        self._end = threading.Event()

    def stop(self):
        self._end.set()
        self.join()

    def run(self):
        # A demo that failed ends the servers under this connection.
        with contextlib.suppress(psycopg2.Error), self._source.cursor() as source, self._target.cursor() as target:
            while not self._end.wait(SAMPLE_SECONDS):
                source.execute(SOURCE_LSN)
                end = int(source.fetchone()[0])
                target.execute(APPLIED_LSN)
                row = target.fetchone()
                with self._lock:
                    self._times.append(time.monotonic())
                    self._ends.append(end)
                    self._applied = int(row[0]) if row else 0

    def now(self):
        """(bytes, milliseconds)"""
        with self._lock:
            if not self._ends or self._applied >= self._ends[-1]:
                return 0, 0
            passed = bisect.bisect_right(self._ends, self._applied)
            seconds = self._times[-1] - self._times[passed]
            return self._ends[-1] - self._applied, seconds * 1000


def bytes_text(count):
    for unit in ('B', 'kB', 'MB'):
        if count < 1024:
            return f'{count:.0f} {unit}'
        count /= 1024
    return f'{count:.1f} GB'


# -- the load --------------------------------------------------------------


class Load:
    """pgbench's own transactions on two connections, and the mixed ones on a third."""

    def __init__(self, source, seconds):
        script = private_folder('load') / 'load.sql'
        shutil.copy(HERE / 'demo_load.sql', script)
        os.chmod(script, 0o644)
        common = [servers.client_bin() / 'pgbench', '-n', '-T', str(seconds), source.dsn()]
        self._parts = [Process('pgbench', [*common, '-c', '2']),
                       Process('pgbench-mixed', [*common, '-c', '1', '-R', '200', '-f', script])]

    def start(self):
        for part in self._parts:
            part.start()

    def is_running(self):
        return any(part.is_running() for part in self._parts)

    def check(self):
        for part in self._parts:
            if part.wait() != 0:
                raise RuntimeError(f'{part.name} ended with {part.exit_status()}')


def pgbench_init(server, steps):
    process.run([servers.client_bin() / 'pgbench', '-i', '-q', '-I', steps, server.dsn()])


# -- the control plane -----------------------------------------------------


def hand_over(programs, nats, *stream):
    """Ends the programs that were started by hand; the control plane goes on with their stream, and tells where it is."""
    for program in programs:
        status = program.stop()
        if status != 0:
            raise RuntimeError(f'{program.name} ended with {status}')
    control = ControlPlane(nats)
    control.start()
    say('from here on sluice-control and sluice-worker drive the stream:')
    print(control.take_over(*stream), end='')
    control.show(say)
    control.keep(say)
    control.stop()


# -- the demo --------------------------------------------------------------


class Demo:
    def __init__(self, seconds):
        self.seconds = seconds
        self.source = Source(conf=CONF, name='source', programs=installed_bin())
        self.target = Postgres(conf=CONF, name='target')
        self.nats = NatsServer()
        self.writer = Writer(STREAM, self.nats, self.target)
        self.up = []  # what must be running now
        self.standing_by = False
        self.started = None  # when the load was
        self.written, self.applied = Rate(), Rate()

    def start(self):
        for server in (self.source, self.target, self.nats):
            server.start()
            self.up.append(server)
        say(f'source, target and NATS server run below {self.source.folder.parent}')
        for server in (self.source, self.target):
            pgbench_init(server, 'dtp')
            server.execute((HERE / 'demo_tables.sql').read_text())
        create_stream(self.source, self.nats, STREAM, user_tables(self.source))
        self.writer.start()
        self.up.append(self.writer)
        say(f'stream "{STREAM}" of {len(user_tables(self.source))} tables is streaming, the writer applies')

    def run_load(self):
        """The load, a line each second, and the two kills."""
        self.started = started = time.monotonic()
        pgbench_init(self.source, 'g')
        load = Load(self.source, self.seconds)
        lag = Lag(self.source, self.target)
        lag.start()
        load.start()
        kills = self.kills(time.monotonic())
        print('   time   source rows/s   applied rows/s   lag bytes       lag', flush=True)
        for second in itertools.count(1):
            self.wait_until(started + second, kills)
            if not load.is_running():
                break
            self.show(second, lag)
        lag.stop()
        load.check()
        for _, action in kills:
            action()

    def kills(self, began):
        """[(when, what)], in order."""
        def kill(what):
            self.up.remove(what)
            what.kill()
            say(f'killed {what.name} (SIGKILL)')

        def restart(what):
            what.start()
            self.up.append(what)
            say(f'started {what.name} again')
            if what is self.writer:
                self.standing_by = True
                say('the writer waits for the lease of the killed one to run out: a few seconds')
        plan = []
        for part, what in ((1 / 3, self.writer), (2 / 3, self.nats)):
            at = began + self.seconds * part
            plan.append((at, lambda what=what: kill(what)))
            plan.append((at + DOWN_SECONDS, lambda what=what: restart(what)))
        return sorted(plan, key=lambda step: step[0])

    def wait_until(self, moment, kills):
        """Sleeps until a moment, doing on the way what falls due."""
        while kills and kills[0][0] < moment:
            time.sleep(max(0, kills[0][0] - time.monotonic()))
            kills.pop(0)[1]()
        time.sleep(max(0, moment - time.monotonic()))

    def show(self, second, lag):
        for part in self.up:
            if not part.is_running():
                raise RuntimeError(f'{part.name} ended by itself with {part.process.exit_status()}')
        if self.standing_by and self.applies():
            self.standing_by = False
            say('the writer has the lease and applies again')
        written = self.written.add(self.source.fetch_one(ROWS_WRITTEN))
        applied = self.applied.add(self.rows_applied())
        lag_bytes, lag_ms = lag.now()
        lag_text = f'{lag_ms:,.0f} ms' if lag_ms > SAMPLE_SECONDS * 1000 else f'< {SAMPLE_SECONDS * 1000:.0f} ms'
        print(f'  {second:3d} s   {written:13,.0f}   {applied:14,.0f}   {bytes_text(lag_bytes):>9}   {lag_text:>10}',
              flush=True)

    def applies(self):
        with contextlib.suppress(OSError):
            return self.writer.metric('sluice_writer_state', state='applying') == 1
        return False

    def rows_applied(self):
        with contextlib.suppress(OSError):
            return self.writer.metric('sluice_writer_rows_total') or 0
        return None

    def catch_up(self):
        started, ended = self.started, time.monotonic()
        wait_caught_up(self.source, self.target, STREAM, timeout=max(120, 5 * self.seconds))
        done = time.monotonic()
        rows = self.source.fetch_one(ROWS_WRITTEN)
        say(f'{rows:,} row changes in {ended - started:.1f} s; the target had all of them {done - ended:.2f} s later: '
            f'{rows / (done - started):,.0f} rows/s')

    def compare(self):
        """Row by row; the checksums are for people to see."""
        rows = compare(self.source, self.target)
        print(f'  {"table":<28}{"source rows":>12}{"target rows":>12}   {"source checksum":>16} {"target checksum":>16}')
        for table, source_rows in rows.items():
            target_rows = self.target.fetch_one(f'SELECT count(*) FROM {table}')
            sums = [server.fetch_one(CHECKSUM.format(table)) for server in (self.source, self.target)]
            print(f'  {table:<28}{source_rows:>12,}{target_rows:>12,}   {sums[0]:>16} {sums[1]:>16}')

    def take_over(self):
        hand_over((self.writer,), self.nats, STREAM, 'cdc', self.source.uri(), self.target.uri(), user_tables(self.source))

    def stop(self):
        """The guard of the harness would do as well; this says so when something does not end."""
        for server in (self.nats, self.target, self.source):
            server.remove()


def show_logs():
    for started in process.processes:
        tail = started.log_tail(LOG_LINES)
        if tail:
            print(f'--- end of the log of {started.name}\n{tail}', file=sys.stderr)


def run(kind, steps, note):
    """Makes a demo for DEMO_SECONDS and takes each step of it; gives the exit status. note ends the first line."""
    user = service_user()
    say(f'servers run as {user.pw_name if user else "this user"}; {note}')
    try:
        demo = kind(int(os.environ['DEMO_SECONDS']))  # deploy/demo has looked at it
        for step in steps:
            getattr(demo, step)()
    except Difference as difference:
        print(f'{difference}\nsource and target are NOT equal', file=sys.stderr)
        return 1
    except Exception as error:
        show_logs()
        print(f'demo: failed: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say('interrupted; ending the servers')
        return 130
    print('source and target are equal')
    return 0


PRIVATE_EXTENSION = "the extension is in a private copy of PostgreSQL's folders, the system's are not touched"

if __name__ == '__main__':
    sys.exit(run(Demo, ('start', 'run_load', 'catch_up', 'compare', 'take_over', 'stop'), PRIVATE_EXTENSION))
