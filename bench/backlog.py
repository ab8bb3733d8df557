"""capture, cdc-insert, cdc-tpcb: how long it takes to work off what is already in the log.

Every run has a slot of its own, made before the backlog is written, so all of
them read the very same log. The runs of the sides alternate.
"""
import subprocess
import time

from harness import servers
from harness.stream import stream_row
from harness.writer import Writer

from meter import Profiler, Run, summary
from rig import Rig, polling
from workloads import MARKER, Inserts, Tpcb

OURS = 'sluice'
PUBLICATION = 'bench'


def our_stream(number):
    return f'bench_{number}'


def peer_slot(kind, number):
    return f'peer_{kind}_{number}'


# -- both ------------------------------------------------------------------


def prepare(rig, workload, runs, peers):
    """Tables, slots of all runs, then the backlog. peers are functions of a run's number that make slots."""
    rig.both(f'CREATE TABLE {MARKER} (id int PRIMARY KEY)')
    workload.prepare(rig)
    tables = [f'public.{MARKER}', *workload.tables]
    rig.source.execute(f'CREATE PUBLICATION {PUBLICATION} FOR TABLE {", ".join(tables)}')
    for number in range(1, runs + 1):
        rig.make_stream(our_stream(number), tables)
        for make_slot in peers:
            make_slot(number)
    started = time.monotonic()
    first = rig.source.fetch_one('SELECT pg_current_wal_insert_lsn()')
    workload.write(rig)
    before_end = rig.source.fetch_one('SELECT pg_current_wal_insert_lsn()')
    rig.source.execute(f'INSERT INTO {MARKER} VALUES (1)')
    end = rig.source.fetch_one('SELECT pg_current_wal_insert_lsn()')
    rig.source.execute('CHECKPOINT')
    size = rig.source.fetch_one('SELECT pg_wal_lsn_diff(%s, %s)', (end, first))
    print(f'backlog   {workload.what}: {size / 2**20:.0f} MiB of log, written in {time.monotonic() - started:.1f} s',
          flush=True)
    return before_end, end


def charge_servers(run, rig, **more):
    """Processor time of the servers, the worker as a part of the source's."""
    for name, pid in {'source': rig.source.process.pid, 'target': rig.target.process.pid, **more}.items():
        run.charge(name, pid)


def profiler(options, number):
    return Profiler(options.profile if number == 1 else (), f'run{number}')


# -- capture ---------------------------------------------------------------


def capture(options):
    """From the log to JetStream, acknowledged; the peer only decodes and sends to a pipe into nothing."""
    with Rig(options, writer=False) as rig:
        slot = lambda number: rig.source.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')",
                                                 (peer_slot('recvlogical', number),))
        before_end, end = prepare(rig, Inserts(), options.runs, [slot])
        runs = []
        for number in range(1, options.runs + 1):
            runs.append(capture_ours(rig, options, number, before_end))
            runs.append(capture_peer(rig, number, end))
        medians = summary(runs)
    return medians[OURS], medians['pg_recvlogical']


def capture_ours(rig, options, number, before_end):
    """The last transaction is one row: once JetStream has acknowledged anything of it, it has all."""
    stream = our_stream(number)
    with Run(OURS, number, profiler(options, number)) as run, polling(rig.source) as until_true:
        charge_servers(run, rig, nats=rig.nats.process.pid)
        run.watch('nats', rig.nats.process.pid)
        run.started = time.monotonic()
        rig.source.execute('SELECT sluice.start_stream(%s)', (stream,))
        run.watch('worker', rig.worker_pid(stream))
        streaming = until_true(f"SELECT state = 'streaming' AND connected FROM sluice.stat_streams "
                               f"WHERE name = '{stream}'")
        done = until_true(f"SELECT published_lsn > '{before_end}' FROM sluice.stat_streams WHERE name = '{stream}'")
        run.finish(done)
        row = stream_row(rig.source, stream)
        run.notes.insert(0, f'streaming after {streaming - run.started:.3f} s')
        run.notes.insert(1, f'{row["messages"]} messages, {row["bytes"] / 2**20:.0f} MiB')
    rig.drop_stream(stream)
    return run


def capture_peer(rig, number, end):
    slot = peer_slot('recvlogical', number)
    with Run('pg_recvlogical', number) as run:
        charge_servers(run, rig)
        run.started = time.monotonic()
        command = [servers.client_bin() / 'pg_recvlogical', '-d', rig.source.dsn(), '-S', slot, '--start', '-P',
                   'pgoutput', '-o', 'proto_version=1', '-o', f'publication_names={PUBLICATION}', '--endpos', end,
                   '--no-loop', '-f', '/dev/null']
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        done = time.monotonic()
        rig.wait_inactive(slot)  # its walsender's processor time counts when that has ended
        run.finish(done)
    rig.source.execute('SELECT pg_drop_replication_slot(%s)', (slot,))
    return run


# -- to a target -----------------------------------------------------------


def cdc_insert(options):
    return to_target(options, Inserts())


def cdc_tpcb(options):
    return to_target(options, Tpcb())


# How built-in replication may send its values: the faster one is the peer.
TRANSFERS = {'binary': 'true', 'text': 'false'}


def to_target(options, workload):
    with Rig(options, writer=True) as rig:
        make = lambda kind: lambda number: rig.make_subscription(peer_slot(kind, number), PUBLICATION, TRANSFERS[kind])
        prepare(rig, workload, options.runs, [make(kind) for kind in TRANSFERS])
        sides = [lambda number: apply_ours(rig, options, workload, number)]
        sides += [lambda number, kind=kind: apply_peer(rig, workload, number, kind) for kind in TRANSFERS]
        runs = []
        for number in range(1, options.runs + 1):
            runs += [side(number) for side in sides]
            sides.append(sides.pop(0))  # nobody always follows the same other
        medians = summary(runs)
    ours = medians.pop(OURS)
    return ours, min(medians.values())


def reset(rig, workload):
    rig.target.execute(f'TRUNCATE {MARKER}')
    workload.reset(rig)
    rig.target.execute('CHECKPOINT')


def wait_visible(rig, run):
    """The last row of the backlog at the target ends the run, and everything must be there."""
    with polling(rig.target) as until_true:
        run.finish(until_true(f'SELECT EXISTS (SELECT FROM {MARKER})'))


def apply_ours(rig, options, workload, number):
    reset(rig, workload)
    stream = our_stream(number)
    writer = Writer(stream, rig.nats, rig.target)
    with Run(OURS, number, profiler(options, number)) as run:
        charge_servers(run, rig, nats=rig.nats.process.pid)
        run.watch('nats', rig.nats.process.pid)
        run.started = time.monotonic()
        writer.start(ready=False)
        rig.source.execute('SELECT sluice.start_stream(%s)', (stream,))
        run.charge('writer', writer.process.pid)
        run.watch('writer', writer.process.pid)
        run.watch('worker', rig.worker_pid(stream))
        watch_backend(rig, run)
        wait_visible(rig, run)
    workload.check(rig)
    writer.stop()
    rig.drop_stream(stream)
    return run


def watch_backend(rig, run):
    """The session of the writer, for a profile only."""
    found = rig.target.fetch("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sluice-writer%'")
    if found:
        run.watch('target', found[0][0])


def apply_peer(rig, workload, number, kind):
    reset(rig, workload)
    name = peer_slot(kind, number)
    with Run(f'subscription {kind}', number) as run:
        charge_servers(run, rig)
        run.started = time.monotonic()
        rig.target.execute(f'ALTER SUBSCRIPTION {name} ENABLE')
        wait_visible(rig, run)
    workload.check(rig)
    rig.drop_subscription(name)
    return run
