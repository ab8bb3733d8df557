"""copy-pg, copy-many: how long it takes until an empty database has all of another: tables, rows, indexes, keys.

The runs of the sides alternate, each into a database of its own that is dropped
afterwards. The peer reads a copy of our source's database, made before the extension
was created in it.
"""
import shutil
import subprocess

from harness import catalogs
from harness.process import private_folder
from harness.schemas import roots
from harness.stream import create_stream
from harness.wait import wait_for
from harness.writer import Writer

from meter import Profiler, Run, summary
from rig import Rig
from workloads import CHECKSUM, ManyTables, Sysbench

OURS, PEER = 'sluice', 'pgcopydb'
SOURCE, PEER_SOURCE = 'bench', 'bench_peer'  # databases
JOBS = 2
TIMEOUT = 3600  # seconds


def copy_pg(options):
    """The peer may cut the table into parts as we do, or not: the faster one counts."""
    return copied(options, Sysbench(options.rows), {PEER: (), f'{PEER} split': ('--split-tables-larger-than', '64MB')})


def copy_many(options):
    return copied(options, ManyTables(options.tables), {PEER: ()})


def copied(options, workload, peers):
    if shutil.which(PEER) is None:
        raise SystemExit(f'{PEER} is missing: apt-get install {PEER}')
    print(f'peer      {subprocess.run([PEER, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout.splitlines()[0]}')
    with Rig(options, writer=True) as rig:
        prepare(rig, workload)
        sides = [lambda number: run_ours(rig, options, workload, number)]
        sides += [lambda number, name=name, more=more: run_peer(rig, workload, number, name, more) for name, more in peers.items()]
        runs = []
        for number in range(1, options.runs + 1):
            runs += [side(number) for side in sides]
            sides.append(sides.pop(0))  # nobody always follows the same other
        medians = summary(runs)
    ours = medians.pop(OURS)
    return ours, min(medians.values())


def prepare(rig, workload):
    rig.source.create_database(SOURCE)
    workload.write(rig.source, SOURCE)
    rig.source.execute('VACUUM ANALYZE', dbname=SOURCE)
    rig.source.execute(f'CREATE DATABASE {PEER_SOURCE} TEMPLATE {SOURCE}')
    rig.source.execute('CHECKPOINT')
    size = rig.source.fetch_one('SELECT pg_database_size(%s)', (SOURCE,))
    print(f'database  {workload.what}: {size / 2**20:.0f} MiB', flush=True)


def fresh_target(rig, name):
    rig.target.create_database(name)
    rig.target.execute('CHECKPOINT')


def finish(rig, workload, name, run):
    """All must be there; then it goes."""
    ignored = lambda kind, thing, what: thing.split('.')[0] in ('sluice', 'pgcopydb')
    differences = catalogs.differences(rig.source, rig.target, PEER_SOURCE, target_dbname=name, ignore=ignored)
    for table in roots(rig.source, PEER_SOURCE) if not differences else ():
        source, target = (server.fetch_one(CHECKSUM.format(table), dbname=dbname) for server, dbname in ((rig.source, PEER_SOURCE), (rig.target, name)))
        if source != target:
            differences.append(f'{table}: rows and checksum are {source} at the source, {target} at the target')
    if differences:
        raise RuntimeError(f'run {run.number} of {run.side} is not a copy:\n' + '\n'.join(differences[:10]))
    rig.target.execute(f'DROP DATABASE {name}')


def run_ours(rig, options, workload, number):
    """From start_stream until the writer has ended: it does so when the target is whole."""
    stream = f'copy_{number}'
    fresh_target(rig, stream)
    create_stream(rig.source, rig.nats, stream, roots(rig.source, PEER_SOURCE), SOURCE, start=False, mode='convert',
                  options={'copy_workers': JOBS})
    writer = Writer(stream, rig.nats, rig.target, dbname=stream)
    profiler = Profiler(options.profile if number == 1 else (), f'run{number}')
    with Run(OURS, number, profiler) as run:
        charge(run, rig)
        run.watch('nats', rig.nats.process.pid)
        run.memory.watch_below('copy workers', rig.source.process.pid, 'sluice copy')
        rig.source.execute('SELECT sluice.start_stream(%s)', (stream,), SOURCE)
        writer.start(ready=False)
        run.watch('writer', writer.process.pid)
        if writer.wait(TIMEOUT) != 0:
            raise RuntimeError(f'the writer ended with {writer.process.exit_status()}\n{writer.process.log_tail()}')
        run.finish()
    finish(rig, workload, stream, run)
    rig.source.execute('SELECT sluice.drop_stream(%s)', (stream,), SOURCE)
    wait_for(lambda: not rig.source.fetch('SELECT FROM sluice.streams', dbname=SOURCE), 30, 'the stream to be dropped')
    return run


def charge(run, rig):
    """Processor time of the servers. Copies run in sessions that end: it is counted when they have."""
    for name, pid in {'source': rig.source.process.pid, 'target': rig.target.process.pid, 'nats': rig.nats.process.pid}.items():
        run.charge(name, pid)


def run_peer(rig, workload, number, side, more):
    name = f'peer_{number}'
    fresh_target(rig, name)
    folder = private_folder('pgcopydb')
    command = [PEER, 'clone', '--source', rig.source.uri(PEER_SOURCE), '--target', rig.target.uri(name), '--dir', folder / 'work',
               '--table-jobs', str(JOBS), '--index-jobs', str(JOBS), '--no-owner', '--no-acl', '--no-comments', '--skip-large-objects',
               '--skip-extensions', *more]
    with Run(side, number) as run, open(folder / 'log', 'w') as log:
        charge(run, rig)
        peer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        run.memory.watch_below(PEER, peer.pid, PEER)
        if peer.wait(TIMEOUT) != 0:
            raise RuntimeError(f'{PEER} ended with {peer.returncode}\n{(folder / "log").read_text()[-3000:]}')
        run.finish()
    finish(rig, workload, name, run)
    return run
