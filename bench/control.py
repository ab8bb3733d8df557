"""control: what sluice-control takes with 1,000 streams: requests, clients that stay, memory. It has no peer."""
import json
import select
import statistics
import subprocess
import threading
import time

from harness import servers
from harness.control import ControlServer
from harness.installation import make
from harness.nats import NatsServer
from harness.wait import wait_for
from harness.websocket import EventSocket

from meter import PROFILES, TICKS, memory_kib

STREAMS = 1000
RUNNING = 100  # of them have a run, and readers and writers that tell figures
CONNECTIONS = 8
SECONDS = 5
CLIENTS = 300
CLIENT_SECONDS = 10


def control(options):
    make('programs')
    load = compile_load()
    nats = NatsServer(options.nats)
    nats.start()
    server = ControlServer(nats, ['--max-connections', '2000'])
    try:
        server.start()
        print(f'memory   with nothing in it {resident(server):.1f} MiB')
        streams, runs = fill(server)
        print(f'memory   with {STREAMS} streams, {RUNNING} runs {resident(server):.1f} MiB')
        with Figures(nats):
            wait_for(lambda: server.get(f'/runs/{runs[0]}/metrics', {'step': 1}).must(200)['series']['lag_seconds'][-3:],
                     30, 'figures')
            for what, path in (('list of 50', '/streams?limit=50'), ('list of 200', '/streams?limit=200'),
                               ('a stream', f'/streams/{streams[-1]}'), ('a run', f'/runs/{runs[-1]}'), ('status', '/system/status')):
                ask(server, load, options, what, path)
            clients(server, streams)
        print(f'memory   at the end {resident(server):.1f} MiB')
    finally:
        server.remove()
        nats.remove()


def compile_load():
    """Python would add its own time to what is measured."""
    program = PROFILES / 'http_load'
    PROFILES.mkdir(parents=True, exist_ok=True)
    subprocess.run(['gcc', '-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program,
                    servers.ROOT / 'bench' / 'http_load.c'], check=True)
    return program


def fill(server):
    connection = [server.post('/connections', {
        'name': which, 'type': 'postgresql', 'host': '192.0.2.1', 'port': 5432, 'database': which, 'user': 'u',
        'tls': {'mode': 'disable'}}).must(201)['id'] for which in ('source', 'target')]
    began = time.monotonic()
    streams = [server.post('/streams', {
        'name': f's{number}', 'mode': 'cdc', 'source': {'connection_id': connection[0], 'tables': ['public.*']},
        'targets': [{'connection_id': connection[1]}]}).must(201)['id'] for number in range(STREAMS)]
    print(f'made     {STREAMS} streams, {STREAMS / (time.monotonic() - began):.0f} a second')
    return streams, [server.post(f'/streams/{stream}/runs').must(201)['id'] for stream in streams[:RUNNING]]


class Figures:
    """What the readers and writers of the running streams tell, once a second."""

    def __init__(self, nats):
        self.nats = nats
        self.end = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()

    def _run(self):
        rows = 0
        with self.nats.connect() as client:
            while not self.end.wait(1):
                rows += 1000
                told = {'time_ms': int(time.time() * 1000), 'rows': rows, 'bytes': 100 * rows, 'lag_seconds': 0.1}
                reader = json.dumps({**told, 'role': 'reader', 'state': 'streaming', 'lag_bytes': 0, 'kept_bytes': 0})
                writer = json.dumps({**told, 'role': 'writer', 'state': 'applying', 'consumer': 'writer', 'pending_messages': 0})
                for number in range(RUNNING):
                    client.publish(f'sluice.s{number}.stats.reader.r', reader)
                    client.publish(f'sluice.s{number}.stats.writer.w', writer)
                client.flush()


def resident(server):
    return memory_kib(server.process.pid, 'VmRSS') / 1024


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def ask(server, load, options, what, path):
    """The median of the runs, by requests a second."""
    done = []
    for _ in range(options.runs):
        began = cpu_seconds(server.process.pid)
        out = subprocess.run([load, str(server.api_port), str(CONNECTIONS), str(SECONDS), f'/api/v1{path}', server.key],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        took = sorted(int(line) / 1000 for line in out.split())
        done.append((len(took) / SECONDS, took[len(took) // 2], took[len(took) * 99 // 100], cpu_seconds(server.process.pid) - began))
    rate, middle, late, cpu = sorted(done)[len(done) // 2]
    print(f'{what:<12} {rate:8.0f} requests/s over {CONNECTIONS} connections, p50 {middle:.2f} ms, p99 {late:.2f} ms, '
          f'server {cpu / SECONDS * 100:.0f} % of a core', flush=True)


def clients(server, streams):
    """Clients that are told of one stream each second, and of the states of all."""
    api = server.client()
    before, cpu_before = resident(server), cpu_seconds(server.process.pid)
    began = time.monotonic()
    sockets = []
    for number in range(CLIENTS):
        one = EventSocket(api)
        one.subscribe(f'metrics:{streams[number % RUNNING]}', 'state', rate_ms=1000)
        sockets.append(one)
    print(f'clients  {CLIENTS} WebSockets opened in {time.monotonic() - began:.1f} s, '
          f'{resident(server) - before:.1f} MiB more, {cpu_seconds(server.process.pid) - cpu_before:.2f} s of processor time')
    frames, late = count_frames(sockets, server)
    print(f'clients  {CLIENTS} at 1 Hz: {frames / CLIENT_SECONDS:.0f} frames/s; age of figures when they came: p50 '
          f'{statistics.median(late):.0f} ms, p99 {sorted(late)[len(late) * 99 // 100]:.0f} ms; resident {resident(server):.1f} MiB')
    for one in sockets:
        one.close()


def count_frames(sockets, server):
    """Frames of figures in CLIENT_SECONDS, and milliseconds from the server's making them to their coming."""
    poll = select.poll()
    by_fd = {}
    for one in sockets:
        poll.register(one.socket, select.POLLIN)
        by_fd[one.socket.fileno()] = one
    frames, late = 0, []
    cpu, end = cpu_seconds(server.process.pid), time.monotonic() + CLIENT_SECONDS
    while time.monotonic() < end:
        for fd, _ in poll.poll(200):
            one = by_fd[fd]
            message = one.next()
            while True:
                if message['type'] == 'metrics':
                    frames += 1
                    late.append(age_ms(message['ts']))
                if not one.buffer:
                    break
                message = one.next()
    print(f'clients  server {(cpu_seconds(server.process.pid) - cpu) / CLIENT_SECONDS * 100:.0f} % of a core')
    return frames, late


def age_ms(text):
    whole, _, fraction = text.rstrip('Z').partition('.')
    return (time.time() - time.mktime(time.strptime(whole, '%Y-%m-%dT%H:%M:%S')) + time.timezone) * 1000 - int(fraction)
