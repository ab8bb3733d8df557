"""Memory and processor time of what runs, from /proc."""
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time

from harness import guard, servers

SAMPLE_SECONDS = 0.02
TICKS = os.sysconf('SC_CLK_TCK')
PROFILES = servers.ROOT / 'build' / 'bench'


def memory_kib(pid, field):
    """A field of /proc/PID/status in KiB; 0 once the process has gone."""
    try:
        text = pathlib.Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return 0
    match = re.search(rf'^{field}:\s+(\d+) kB', text, re.MULTILINE)
    return int(match.group(1)) if match else 0


class MemoryMeter:
    """The most each watched process has had: of its own (RssAnon, sampled), and in all (VmHWM).

    A PostgreSQL process maps the shared buffers; their pages count in VmHWM
    as it touches them, and are not its own.
    """

    def __init__(self):
        self.own, self.all = {}, {}
        self._pids = {}
        self._families = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def watch(self, name, pid):
        self._pids[name] = pid

    def watch_below(self, name, pid, word):
        """All processes from this one down that have a word in their title, together, as they come and go."""
        self._families[name] = (pid, word)

    def _sample(self):
        while True:
            last = self._end.wait(SAMPLE_SECONDS)
            for name, pids in [*((name, [pid]) for name, pid in list(self._pids.items())),
                               *((name, guard.titled(*family)) for name, family in list(self._families.items()))]:
                for most, field in ((self.own, 'RssAnon'), (self.all, 'VmHWM')):
                    most[name] = max(most.get(name, 0), sum(memory_kib(pid, field) for pid in pids))
            if last:
                return


def processor_seconds(pid):
    """What a process, those below it and those below it that have ended have used."""
    def used(process, fields):
        try:
            stat = pathlib.Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()
        except OSError:
            return 0
        return sum(int(stat[field]) for field in fields) / TICKS
    return used(pid, (11, 12, 13, 14)) + sum(used(child, (11, 12)) for child in guard.descendants(pid))


class Profiler:
    """perf records of some processes of one run, by the names PROFILE gives."""

    def __init__(self, names, label):
        self._names = names
        self._label = label
        self._perfs = []
        if names and shutil.which('perf') is None:
            raise SystemExit('PROFILE needs perf: install linux-perf')

    def attach(self, name, pid):
        if name not in self._names:
            return
        PROFILES.mkdir(parents=True, exist_ok=True)
        path = PROFILES / f'{self._label}-{name}.perf'
        perf = subprocess.Popen(['perf', 'record', '-q', '-F', '2000', '--call-graph', 'dwarf,16384', '-o', path, '-p',
                                 str(pid)], stdin=subprocess.DEVNULL)
        self._perfs.append((perf, path))

    def finish(self):
        for perf, path in self._perfs:
            perf.send_signal(signal.SIGINT)
            perf.wait()
            print(f'  profile {path}')
        self._perfs = []


class Run:
    """One measured run: seconds, and what it took of memory and processors."""

    def __init__(self, side, number, profiler=None):
        self.side = side
        self.number = number
        self.seconds = None
        self.notes = []
        self.memory = MemoryMeter()
        self._profiler = profiler
        self._processes = {}

    def charge(self, name, pid):
        """Processor time of this process from now on belongs to the run."""
        self._processes[name] = (pid, processor_seconds(pid))

    def watch(self, name, pid):
        """Memory of this process, and its profile when one is wanted."""
        self.memory.watch(name, pid)
        if self._profiler:
            self._profiler.attach(name, pid)

    def __enter__(self):
        self.memory.__enter__()
        self.started = time.monotonic()
        return self

    def finish(self, at=None):
        """The moment the work was done; what is charged is read now."""
        self.seconds = (at or time.monotonic()) - self.started
        used = {name: processor_seconds(pid) - before for name, (pid, before) in self._processes.items()}
        self.notes.append('cpu ' + ', '.join(f'{name} {seconds:.2f} s' for name, seconds in used.items()))
        if self._profiler:
            self._profiler.finish()

    def __exit__(self, *error):
        self.memory.__exit__()
        if error[0] is None:
            self.notes += [f'{name} {kib / 1024:.1f} MiB' for name, kib in self.memory.own.items()]
            print(f'run {self.number}  {self.side:<22} {self.seconds:8.3f} s   {"; ".join(self.notes)}', flush=True)


def summary(runs):
    """Prints the median of each side and gives {side: median}; then the peak memory of the processes watched."""
    sides = {}
    for run in runs:
        sides.setdefault(run.side, []).append(run)
    medians = {side: statistics.median(run.seconds for run in of_side) for side, of_side in sides.items()}
    for side, median in medians.items():
        seconds = ' '.join(f'{run.seconds:.3f}' for run in sides[side])
        print(f'median  {side:<20} {median:8.3f} s   of {seconds}, best {min(run.seconds for run in sides[side]):.3f}')
    for name in dict.fromkeys(name for run in runs for name in run.memory.own):
        own = max(run.memory.own.get(name, 0) for run in runs)
        whole = max(run.memory.all.get(name, 0) for run in runs)
        print(f'memory  {name:<20} {own / 1024:8.1f} MiB of its own (RssAnon), {whole / 1024:.1f} MiB resident (VmHWM)')
    return medians
