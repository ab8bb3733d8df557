"""What is going on comes to every client at once: events, figures, logs, over WebSocket and server-sent events."""
import http.client
import json
import signal
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.control import ControlServer
from harness.control_fakes import Reports, Teller
from harness.control_streams import ControlStreams
from harness.openapi import PREFIX
from harness.wait import wait_for
from harness.websocket import Closed, EventSocket, EventStream, Refused

WORKER = 'wrk_00000000000000000000'


class Site:
    """A server with streams whose readers, writers and workers are the test's."""

    def __init__(self, nats):
        self.nats = nats
        self.server = ControlServer(nats).start()
        self.teller = Teller(nats)
        self.reports = Reports(nats)
        self.reports.worker(WORKER)
        self.connections = {}

    def close(self):
        self.teller.close()
        self.server.remove()

    def stream(self, name, api=None):
        """The id of a stream between databases that nobody asks for anything."""
        api = api or self.server
        if api not in self.connections:
            self.connections[api] = [api.post('/connections', {
                'name': f'live {which}', 'type': 'postgresql', 'host': '192.0.2.1', 'port': 1, 'database': which, 'user': 'u',
                'tls': {'mode': 'disable'}}).must(201)['id'] for which in ('source', 'target')]
        return ControlStreams(api).stream(name, *self.connections[api], tables=['public.*'])

    def run(self, stream_id, api=None):
        return ControlStreams(api or self.server).start(stream_id)

    def report(self, run_id, state, error=None, job='reader'):
        self.reports.worker(WORKER)
        self.reports.job(run_id, job, WORKER, state, error)

    def log(self, run_id, *lines, job='reader'):
        with self.nats.connect() as client:
            for line in lines:
                client.publish(f'sluice_control.log.{run_id}.{job}', json.dumps(line))
            client.flush()

    def tenant(self, name):
        """A client of another tenant's key with all that a tenant may."""
        self.server.post('/tenants', {'id': name, 'name': name})
        key = self.server.post('/api-keys', {'name': f'{name} key', 'tenant': name, 'scopes': ['*']}).must(201)['key']
        return self.server.client(key)


@pytest.fixture(scope='module')
def site(nats):
    servers = Site(nats)
    yield servers
    servers.close()


def collect(events, run_id, last):
    """States of a run as they come, up to this one."""
    seen = []
    while not seen or seen[-1] != last:
        message = events.until('state', lambda frame: frame['run_id'] == run_id)
        seen.append(message['data']['state'])
    return seen


def test_states_and_errors_come_once_each(site):
    stream = site.stream('states')
    events = EventSocket(site.server)
    assert events.hello['type'] == 'hello' and events.hello['data']['tenant'] == 'default'
    events.subscribe(f'state:{stream}', f'error:{stream}')
    snapshot = events.next()
    assert snapshot['type'] == 'snapshot' and not snapshot['data']['missed']
    assert [one['stream_id'] for one in snapshot['data']['streams']] == [stream]
    run = site.run(stream)
    site.report(run, 'streaming')
    assert events.until('state', lambda frame: frame['data']['state'] == 'streaming')['run_id'] == run
    site.report(run, 'starting', 'the source is away')
    error = events.until('error')
    assert (error['stream_id'], error['run_id'], error['data']['job']) == (stream, run, 'reader')
    assert error['data']['message'] == 'the source is away'
    site.report(run, 'starting', 'the source is away')
    site.report(run, 'streaming')
    site.report(run, 'starting', 'the source is away again')
    assert events.until('error')['data']['message'] == 'the source is away again'
    listed = site.server.items(f'/runs/{run}/errors')
    assert [event['data']['message'] for event in listed] == ['the source is away again', 'the source is away']
    events.close()


def test_a_ticket_is_good_once_and_origins_are_checked(site):
    ticket = site.server.post('/events/tickets').must(201)['ticket']
    EventSocket(site.server.client(), ticket).close()
    for query, headers, status in (
            (ticket, {}, 401), ('no such ticket', {}, 401), (None, {}, 401),
            (..., {'Origin': 'http://elsewhere.example'}, 403), (..., {'Origin': 'null'}, 403),
            (..., {'Sec-WebSocket-Version': '8'}, 400), (..., {'Sec-WebSocket-Key': 'short'}, 400), (..., {'Upgrade': None}, 406)):
        with pytest.raises(Refused) as refused:
            EventSocket(site.server.client(), query, headers=headers)
        assert refused.value.status == status, (query, headers)
    own = EventSocket(site.server.client(), headers={'Origin': f'http://127.0.0.1:{site.server.api_port}'})
    own.close()


def test_messages_that_make_no_sense_are_answered_and_broken_frames_end_it(site):
    stream = site.stream('nonsense')
    events = EventSocket(site.server)
    for message, code in (
            ('{', 'argument'), ('[]', 'argument'), ({'type': 'subscribe'}, 'argument'), ({'type': 'shout', 'topics': ['state']}, 'argument'),
            ({'type': 'subscribe', 'topics': ['weather']}, 'argument'), ({'type': 'subscribe', 'topics': ['table']}, 'argument'),
            ({'type': 'subscribe', 'topics': ['state'], 'rate_ms': 1}, 'argument'),
            ({'type': 'subscribe', 'topics': ['state'], 'since': -1}, 'argument'),
            ({'type': 'subscribe', 'topics': ['state'], 'more': 1}, 'argument'),
            ({'type': 'subscribe', 'topics': ['state:str_00000000000000000000']}, 'not_found'),
            ({'type': 'subscribe', 'topics': ['log:run_00000000000000000000']}, 'not_found'),
            ({'type': 'subscribe', 'topics': [f'state:{stream}'] * 65}, None)):
        events.send(message)
        if code:
            assert events.until('problem')['data']['code'] == code, message
    events.until('snapshot')
    for first, payload, status in ((0x82, b'x', 1003), (0xc1, b'x', 1002), (0x81, b'\xff', 1007), (0x80, b'x', 1002)):
        broken = EventSocket(site.server)
        broken.send_frame(first, payload)
        with pytest.raises(Closed) as closed:
            broken.until('never')
        assert closed.value.status == status
    long = EventSocket(site.server)
    long.send_frame(0x81, b'x' * 20000)
    with pytest.raises(Closed) as closed:
        long.until('never')
    assert closed.value.status == 1009
    many = EventSocket(site.server)
    with pytest.raises((Closed, ConnectionError)) as closed:
        for _ in range(200):
            many.subscribe('state')
        many.until('never')
    assert not isinstance(closed.value, Closed) or closed.value.status in (1008, None)
    events.send_frame(0x88, b'\x03\xe8')
    with pytest.raises(Closed) as closed:
        events.until('never')
    assert closed.value.status == 1000


def test_a_client_resumes_behind_what_it_had(site):
    stream = site.stream('resume')
    events = EventSocket(site.server)
    events.subscribe(f'state:{stream}')
    run = site.run(stream)
    site.report(run, 'streaming')
    collect(events, run, 'streaming')
    had = events.seq
    site.report(run, 'paused')
    collect(events, run, 'paused')
    events.close()
    site.report(run, 'streaming')
    again = EventSocket(site.server)
    again.subscribe(f'state:{stream}', since=had)
    seen = collect(again, run, 'streaming')
    assert 'paused' in seen
    assert again.seq > had
    # one that never was: all is told anew
    again.subscribe(f'state:{stream}', since=10**15)
    assert again.until('snapshot')['data']['missed']
    again.close()


def test_figures_come_each_second_and_stay(site):
    stream = site.stream('figures')
    run = site.run(stream)
    site.report(run, 'streaming')
    count = {'rows': 0}

    def tell():
        count['rows'] += 100
        site.teller.reader('figures', rows=count['rows'], bytes=10 * count['rows'], lag_bytes=7, kept_bytes=9, tables=[
            {'table': 'public.a', 'state': 'streaming', 'estimated_rows': 5, 'copied_rows': count['rows'], 'copied_bytes': 1, 'chunks': 1,
             'chunks_done': 0, 'inserts': 1, 'updates': 0, 'deletes': 0, 'error': None}])
        site.teller.writer('figures', rows=count['rows'], lag_seconds=2.5, pending_messages=3)

    events = EventSocket(site.server)
    events.subscribe(f'metrics:{stream}', 'metrics', f'table:{stream}', rate_ms=200)

    def told(kind, good):
        while True:
            tell()
            message = events.until(kind)
            if good(message):
                return message
    one = told('metrics', lambda frame: frame['stream_id'] == stream and (frame['data']['rows_applied_per_second'] or 0) > 0)
    data = one['data']
    assert one['run_id'] == run and data['rows_read_per_second'] > 0
    assert (data['lag_seconds'], data['lag_bytes'], data['kept_bytes'], data['pending_messages']) == (2.5, 7, 9, 3)
    assert [(target['name'], target['state']) for target in data['targets']] == [('writer', 'applying')]
    everything = told('metrics', lambda frame: frame['stream_id'] is None)
    assert stream in [one['stream_id'] for one in everything['data']['streams']]
    table = told('table', lambda frame: frame['data']['tables'][0]['copied_rows'] > 100)
    assert table['data']['tables'][0]['table'] == 'public.a'
    assert site.server.items(f'/runs/{run}/tables')[0]['table'] == 'public.a'
    events.close()

    def points():
        tell()
        return [value for value in site.server.get(f'/runs/{run}/metrics', {'series': 'lag_seconds,rows_read_per_second', 'step': 1})
                .must(200)['series']['lag_seconds'] if value is not None]
    assert wait_for(lambda: len(points()) >= 3 and points(), 20, 'points of three seconds')[0] == 2.5
    # another server has them too, and so has one that was started again
    second = ControlServer(site.nats, name='control-2', peer=site.server).start()
    try:
        wait_for(lambda: [value for value in second.get(f'/runs/{run}/metrics', {'step': 1}).must(200)['series']['lag_seconds'] if value],
                 20, 'the points at another server')
    finally:
        second.remove()
    for query in ({'series': 'weather'}, {'from': 'yesterday'}, {'step': 7}):
        assert site.server.get(f'/runs/{run}/metrics', query).status == 400, query


def test_logs_come_and_can_be_read(site):
    stream = site.stream('logs')
    run = site.run(stream)
    events = EventSocket(site.server)
    events.subscribe(f'log:{run}')
    site.log(run, *({'time': 't', 'level': 'info', 'msg': f'line {i}'} for i in range(700)))
    site.log(run, {'time': 't', 'level': 'error', 'msg': 'it broke'}, {'level': 'info', 'msg': 'x' * 20000}, job='writer-writer-1')
    seen = []
    while not seen or seen[-1]['msg'][:1] != 'x':
        seen += events.until('log')['data']['lines']
    assert [line['number'] for line in seen] == sorted(line['number'] for line in seen)
    assert seen[-2]['msg'] == 'it broke' and seen[-2]['job'] == 'writer-writer-1'
    assert seen[-1]['truncated'] and len(seen[-1]['msg']) < 5000
    page = site.server.get(f'/runs/{run}/logs', {'limit': 200}).must(200)
    lines = page['items']
    while page['next_cursor']:
        page = site.server.get(f'/runs/{run}/logs', {'limit': 200, 'cursor': page['next_cursor']}).must(200)
        lines += page['items']
    assert len(lines) == 500 and lines[-3]['msg'] == 'line 699'
    tail = page['tail_cursor']
    assert site.server.get(f'/runs/{run}/logs', {'cursor': tail}).must(200)['items'] == []
    errors = site.server.get(f'/runs/{run}/logs', {'level': 'error'}).must(200)['items']
    assert [line['msg'] for line in errors] == ['it broke']
    site.log(run, {'level': 'warning', 'msg': 'one more'})
    wait_for(lambda: site.server.get(f'/runs/{run}/logs', {'cursor': tail}).must(200)['items'], 10, 'the line behind the cursor')
    assert site.server.get(f'/runs/{run}/logs', {'cursor': 'nonsense'}).status == 400
    events.close()


def test_server_sent_events(site):
    stream = site.stream('sse')
    run = site.run(stream)
    events = EventStream(site.server.client(), {'topics': f'state:{stream}'})
    assert events.next()[1] == 'hello'
    assert events.next()[1] == 'snapshot'
    site.report(run, 'streaming')
    first = events.until('state', lambda frame: frame['data']['state'] == 'streaming')
    assert first[0] == str(first[2]['seq'])
    events.close()
    site.report(run, 'paused')
    again = EventStream(site.server.client(), {'topics': f'state:{stream}'}, Last_Event_ID=first[0])
    assert again.next()[1] == 'hello'
    assert again.next()[2]['data']['state'] == 'paused'
    again.close()
    for query, client, status in (({}, site.server.client(), 400), ({'topics': 'weather'}, site.server.client(), 400),
                                  ({'topics': 'state'}, site.server.client(None), 401),
                                  ({'topics': 'state'}, site.server.client('slc_nonsense'), 401),
                                  ({'topics': 'state:str_00000000000000000000'}, site.server.client(), 404)):
        with pytest.raises(Refused) as refused:
            EventStream(client, query)
        assert refused.value.status == status, query
    ticket = site.server.post('/events/tickets').must(201)['ticket']
    EventStream(site.server.client(None), {'topics': 'state', 'ticket': ticket}).close()


def test_a_tenant_hears_of_its_own_only(site):
    other = site.tenant('others')
    mine, theirs = site.stream('mine'), site.stream('theirs', other)
    events = EventSocket(other)
    events.subscribe('state', 'metrics')
    snapshot = events.until('snapshot')
    assert [one['stream_id'] for one in snapshot['data']['streams']] == [theirs]
    for topic in (f'state:{mine}', f'metrics:{mine}', f'table:{mine}'):
        events.subscribe(topic)
        assert events.until('problem')['data']['code'] == 'not_found'
    run = site.run(mine)
    their_run = site.run(theirs, other)
    assert events.until('state')['run_id'] == their_run
    for path in (f'/runs/{run}/logs', f'/runs/{run}/metrics'):
        assert other.get(path).status == 404
    events.close()
    few = site.server.client(site.server.post('/api-keys', {'name': 'few', 'scopes': ['runs:read']}).must(201)['key'])
    events = EventSocket(few)
    events.subscribe('worker')
    assert events.until('problem')['data']['code'] == 'denied'
    events.close()


def test_a_key_that_is_revoked_ends_its_sockets(site):
    made = site.server.post('/api-keys', {'name': 'short', 'scopes': ['runs:read']}).must(201)
    client = site.server.client(made['key'])
    events, stream = EventSocket(client), EventStream(client, {'topics': 'state'})
    events.subscribe('state')
    events.until('snapshot')
    site.server.delete(f"/api-keys/{made['id']}", if_match='*').must(204)
    with pytest.raises(Closed) as closed:
        events.until('never')
    assert closed.value.status == 1008 and 'revoked' in closed.value.reason
    with pytest.raises((Closed, http.client.HTTPException)):
        stream.until('never')


def test_a_socket_outlives_the_deadline_of_requests(site):
    """Which bounds how long a request may take to come in, and nothing else."""
    server = ControlServer(site.nats, ['--request-timeout', '1s'], name='control-2', peer=site.server).start()
    events, stream = EventSocket(server), EventStream(server.client(), {'topics': 'worker'})
    events.subscribe('worker')
    for name in range(5):
        site.reports.worker(f'wrk_0000000000000000000{name + 1}')
        events.until('worker', lambda frame: frame['data']['worker_id'][-1] == str(name + 1))
        stream.until('worker', lambda frame: frame['data']['worker_id'][-1] == str(name + 1))
        time.sleep(0.4)  # the deadline itself is what is waited for
    events.close()
    stream.close()
    server.remove()


def test_a_server_that_ends_says_so_to_its_clients(site):
    server = ControlServer(site.nats, name='control-2', peer=site.server).start()
    sockets = [EventSocket(server) for _ in range(8)]
    for events in sockets:
        events.subscribe('state', 'metrics')
    stream = EventStream(server.client(), {'topics': 'state'})
    assert server.stop() == 0
    for events in sockets:
        with pytest.raises(Closed) as closed:
            events.until('never')
        assert closed.value.status == 1001
    with pytest.raises((Closed, http.client.HTTPException)):
        stream.until('never')
    server.remove()


def test_many_clients_and_one_that_does_not_read(site):
    stream = site.stream('many')
    run = site.run(stream)
    slow = EventSocket(site.server, receive_bytes=32768)
    slow.subscribe('metrics', f'metrics:{stream}', f'log:{run}', 'state', rate_ms=200)
    clients = [EventSocket(site.server) for _ in range(30)]
    for client in clients:
        client.subscribe(f'state:{stream}', f'metrics:{stream}')
        client.until('snapshot')
    site.log(run, *({'level': 'info', 'msg': f'{i} ' + 'x' * 4000} for i in range(200)))
    site.teller.reader('many', rows=1)
    site.report(run, 'streaming')
    for client in clients:
        assert client.until('state', lambda frame: frame['data']['state'] == 'streaming')['run_id'] == run
        assert client.until('metrics')['stream_id'] == stream
        client.close()
    # it was not told everything about figures, but every state
    assert 'streaming' in collect(slow, run, 'streaming')
    slow.close()


def test_the_next_server_goes_on_where_the_leader_was_killed(site):
    """Also history: the points of the second server are those of before and after."""
    stream = site.stream('leader')
    run = site.run(stream)
    site.teller.reader('leader', lag_seconds=1)
    second = ControlServer(site.nats, name='control-2', peer=site.server).start()
    events = EventSocket(second)
    events.subscribe(f'state:{stream}', since=0)
    site.report(run, 'streaming')
    collect(events, run, 'streaming')
    wait_for(lambda: [value for value in second.get(f'/runs/{run}/metrics', {'step': 1}).must(200)['series']['lag_seconds'] if value],
             20, 'points of the first leader')
    site.server.kill()
    site.report(run, 'paused')
    collect(events, run, 'paused')
    site.server.start()
    site.report(run, 'streaming')
    collect(events, run, 'streaming')
    # every server reads the same events, each once
    everything = []
    for server in (site.server, second):
        reader = EventSocket(server)
        reader.subscribe(f'state:{stream}', since=0)
        frames = []
        while not frames or (frames[-1]['data']['state'], len(frames)) < ('streaming', 3) or frames[-1]['seq'] < events.seq:
            frames.append(reader.until('state'))
        everything.append([(frame['seq'], frame['data']['state']) for frame in frames])
        reader.close()
    assert everything[0] == everything[1]
    pairs = list(zip(everything[0], everything[0][1:]))
    assert all(before[1] != after[1] for before, after in pairs), 'a state was told twice'
    events.close()
    second.remove()


def open_and_close(server, count):
    """WebSockets opened one by one, and closed together."""
    client = server.client()
    events = [EventSocket(client) for _ in range(count)]
    for one in events:
        one.close()
    client.close()


def test_many_that_come_and_go_at_once_break_nothing(site):
    """ulfius' own list of open WebSockets is not guarded against threads that change it together."""
    server = ControlServer(site.nats, name='control-2', peer=site.server).start()
    try:
        for _ in range(5):
            with ThreadPoolExecutor(5) as threads:
                for done in [threads.submit(open_and_close, server, 20) for _ in range(5)]:
                    done.result()
            server.process.check_running()
        wait_for(lambda: server.metric('sluice_control_http_connections') <= 1, 20, 'all to be gone')
    finally:
        status = server.stop()
        server.remove()
    assert status == 0


def test_a_server_that_is_stopped_says_so_to_its_sockets(site):
    server = ControlServer(site.nats, name='control-2', peer=site.server)
    for _ in range(3):
        server.start()
        client = server.client()
        events = [EventSocket(client) for _ in range(20)]
        server.process.send_signal(signal.SIGTERM)
        for one in events:
            with pytest.raises(Closed) as closed:
                one.until('never')
            assert closed.value.status == 1001
            one.close()
        assert server.wait() == 0
        client.close()
    server.remove()


def test_clients_gone_before_the_handshake_is_answered_leave_nothing(site):
    server = ControlServer(site.nats, name='control-2', peer=site.server).start()
    client = server.client()
    for _ in range(30):
        ticket = client.post('/events/tickets').must(201)['ticket']
        with socket.create_connection((client.host, client.port)) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            gone.sendall(f'GET {PREFIX}/events?ticket={ticket} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'
                         f'Connection: Upgrade\r\nSec-WebSocket-Key: {"A" * 22}==\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode())
    client.close()
    assert server.stop() == 0
    server.remove()
