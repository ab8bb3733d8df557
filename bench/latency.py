"""latency: one change at a time, from its commit at the source until the target shows it."""
import math
import statistics
import subprocess

from harness import servers
from harness.compare import wait_caught_up
from harness.stream import start_stream, stream_row, wait_state
from harness.wait import wait_for
from harness.writer import Writer

from meter import PROFILES, MemoryMeter, Profiler
from rig import Rig

STREAM = 'bench'
SUBSCRIPTION = 'peer'
WARM_UP = 200
PERCENTILES = (50, 95, 99)


def latency(options):
    """Each side has a table of its own, and runs alone."""
    program = compile_probe()
    with Rig(options, writer=True) as rig, MemoryMeter() as memory:
        rig.both('CREATE TABLE ours (id bigint PRIMARY KEY, payload text);'
                 'CREATE TABLE peer (id bigint PRIMARY KEY, payload text)')
        rig.make_stream(STREAM, ['public.ours'])
        rig.source.execute('CREATE PUBLICATION peer FOR TABLE peer')
        rig.make_subscription(SUBSCRIPTION, 'peer', 'true')
        writer = Writer(STREAM, rig.nats, rig.target)
        samples = {'sluice': [], 'subscription': []}
        for number in range(1, options.runs + 1):
            profiler = Profiler(options.profile if number == 1 else (), 'latency')
            samples['sluice'].append(run_ours(rig, options, number, program, writer, memory, profiler))
            samples['subscription'].append(run_peer(rig, options, number, program))
        ours, peer = (report(side, runs) for side, runs in samples.items())
        for name, kib in memory.own.items():
            print(f'memory  {name:<20} {kib / 1024:8.1f} MiB of its own (RssAnon), '
                  f'{memory.all[name] / 1024:.1f} MiB resident (VmHWM)')
    return ours, peer


def compile_probe():
    """Python would add its own time to what is measured."""
    program = PROFILES / 'latency'
    PROFILES.mkdir(parents=True, exist_ok=True)
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libpq'], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.split()
    subprocess.run(['gcc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program,
                    servers.ROOT / 'bench' / 'latency.c', *flags], check=True)
    return program


def probe(rig, program, table, number, count):
    """Seconds each change took; ids do not meet those of other runs."""
    def run(first, count):
        done = subprocess.run([program, rig.source.dsn(), rig.target.dsn(), table, str(first), str(count)],
                              check=True, stdout=subprocess.PIPE, text=True)
        return [int(line) / 1e6 for line in done.stdout.split()]
    first = number * 10_000_000
    run(first, WARM_UP)
    return run(first + WARM_UP, count)


def run_ours(rig, options, number, program, writer, memory, profiler):
    writer.start()
    start_stream(rig.source, STREAM)
    for name, pid in (('worker', rig.worker_pid(STREAM)), ('writer', writer.process.pid),
                      ('nats', rig.nats.process.pid)):
        memory.watch(name, pid)
        profiler.attach(name, pid)
    seconds = probe(rig, program, 'ours', number, options.samples)
    profiler.finish()
    wait_caught_up(rig.source, rig.target, STREAM)
    rig.source.execute('SELECT sluice.stop_stream(%s)', (STREAM,))
    wait_state(rig.source, STREAM, 'stopped')
    wait_for(lambda: stream_row(rig.source, STREAM)['pid'] is None, 10, 'the worker to end')
    writer.stop()
    show(f'run {number}', 'sluice', seconds)
    return seconds


def run_peer(rig, options, number, program):
    rig.target.execute(f'ALTER SUBSCRIPTION {SUBSCRIPTION} ENABLE')
    seconds = probe(rig, program, 'peer', number, options.samples)
    rig.target.execute(f'ALTER SUBSCRIPTION {SUBSCRIPTION} DISABLE')
    wait_for(lambda: not rig.target.fetch("SELECT FROM pg_stat_activity WHERE backend_type = "
                                          "'logical replication worker'"), 30, 'the apply worker to end')
    show(f'run {number}', 'subscription', seconds)
    return seconds


def percentile(seconds, percent):
    """The value that so many percent of the samples do not exceed."""
    return sorted(seconds)[math.ceil(len(seconds) * percent / 100) - 1]


def show(what, side, seconds):
    figures = '  '.join(f'p{percent} {percentile(seconds, percent) * 1000:7.3f} ms' for percent in PERCENTILES)
    print(f'{what:<8}{side:<14} {figures}  max {max(seconds) * 1000:7.3f} ms  ({len(seconds)} changes)', flush=True)


def report(side, runs):
    """Prints the median over the runs of each percentile, and gives that of p50."""
    medians = {percent: statistics.median(percentile(run, percent) for run in runs) for percent in PERCENTILES}
    figures = '  '.join(f'p{percent} {seconds * 1000:7.3f} ms' for percent, seconds in medians.items())
    print(f'median  {side:<14} {figures}')
    return medians[50]
