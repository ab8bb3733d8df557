"""Alerts are raised once and resolved once, and their webhooks are told, whatever is away meanwhile."""
import base64
import hashlib
import hmac
import http.server
import json
import threading

import pytest

from harness.control import ControlServer
from harness.control_fakes import Reports, Teller
from harness.control_streams import ControlStreams
from harness.wait import wait_for

WORKER = 'wrk_11111111111111111111'
LOST = 'wrk_22222222222222222222'
SECRET = 'whsec_' + base64.b64encode(b'a key of at least sixteen bytes').decode()
MESSAGE = {'id', 'type', 'alert', 'tenant', 'subject', 'stream', 'run', 'detail', 'since', 'value', 'bound', 'at'}


class Receiver:
    """A webhook's other end. What it answers is set; what came is in `came`, those it took in `taken`."""

    def __init__(self):
        self.came, self.taken, self.status, self.location = [], [], 204, None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                outer.came.append((self.path, dict(self.headers), body))
                if outer.status // 100 == 2:
                    outer.taken.append((self.path, json.loads(body)))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header('Location', outer.location)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f'http://127.0.0.1:{self.server.server_port}/{path}'

    def messages(self, path):
        """Bodies of what it took at a path."""
        return [body for at, body in self.taken if at == f'/{path}']

    def types(self, path):
        return [body['type'] for body in self.messages(path)]

    def wait(self, path, *types, timeout=30):
        wait_for(lambda: self.types(path) == list(types), timeout, lambda: f'{path} to be told {types}: {self.came[-10:]}')
        return self.messages(path)[-1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Site:
    def __init__(self, nats):
        self.nats = nats
        self.receiver = Receiver()
        self.control = ControlServer(nats, ['--webhook-http', '--allow-addresses', '127.0.0.0/8', '--deny-addresses', '127.0.0.9/32']).start()
        self.teller = Teller(nats)
        self.reports = Reports(nats)
        self.reports.worker(LOST)  # which is not heard of again
        self.streams = ControlStreams(self.control)
        self.connections = [self.control.post('/connections', {
            'name': f'alerts {which}', 'type': 'postgresql', 'host': '127.0.0.1', 'port': 1, 'database': which, 'user': 'u',
            'tls': {'mode': 'disable'}}).must(201)['id'] for which in ('source', 'target')]

    def close(self):
        self.teller.close()
        self.control.remove()
        self.receiver.close()

    def running(self, name):
        """Ids of a stream and its run, which a reader that is not there streams."""
        stream_id = self.streams.stream(name, *self.connections, tables=['public.*'])
        run_id = self.streams.start(stream_id)
        self.reports.worker(WORKER)
        self.reports.job(run_id, 'reader', WORKER, 'streaming')
        self.streams.wait_run(run_id, 'streaming')
        return stream_id, run_id

    def alert(self, path, kind, secret=None, **more):
        channel = {'type': 'webhook', 'url': self.receiver.url(path), **({'secret': secret} if secret else {})}
        return self.control.post('/alerts', {'name': path, 'kind': kind, 'channel': channel, **more}).must(201)['id']


@pytest.fixture(scope='module')
def site(nats):
    servers = Site(nats)
    yield servers
    servers.close()


def check_signature(headers, body, secret=SECRET):
    key = base64.b64decode(secret[len('whsec_'):])
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers['webhook-signature'] == f'v1,{expected}'
    assert headers['content-type'] == 'application/json' and json.loads(body)['id'] == headers['webhook-id']


def test_lag_is_raised_once_and_resolved_once(site):
    stream_id, run_id = site.running('lagging')
    other, _ = site.running('lagging_too')
    alert_id = site.alert('lag', 'lag_seconds_over', SECRET, bound=10, stream_ids=[stream_id])
    for name in ('lagging', 'lagging_too'):
        site.teller.reader(name)
        site.teller.writer(name, lag_seconds=50)
    message = site.receiver.wait('lag', 'alert.raised')
    assert set(message) == MESSAGE and message['stream'] == {'id': stream_id, 'name': 'lagging'} and message['run'] == run_id
    assert message['alert'] == {'id': alert_id, 'name': 'lag', 'kind': 'lag_seconds_over'}
    assert message['value'] >= 50 and message['bound'] == 10 and message['tenant'] == 'default'
    check_signature(*next((headers, body) for path, headers, body in site.receiver.came if path == '/lag'))
    raised = site.control.get(f'/alerts/{alert_id}').must(200)['raised']
    assert [item['subject'] for item in raised] == [stream_id] and raised[0]['since'] == message['since']

    site.control.kill()
    site.control.start()
    site.teller.writer('lagging', lag_seconds=9.5)  # not far enough below
    site.teller.writer('lagging_too', lag_seconds=0)
    everything = site.alert('lag_of_all', 'lag_seconds_over', bound=9)
    site.receiver.wait('lag_of_all', 'alert.raised')
    site.teller.writer('lagging', lag_seconds=1)
    assert site.receiver.wait('lag', 'alert.raised', 'alert.resolved')['since'] == message['since']
    site.receiver.wait('lag_of_all', 'alert.raised', 'alert.resolved')
    deliveries = site.control.items(f'/alerts/{alert_id}/deliveries')
    assert [(item['type'], item['state'], item['attempts']) for item in deliveries] == [
        ('alert.resolved', 'delivered', 1), ('alert.raised', 'delivered', 1)]
    assert site.control.get(f'/alerts/{everything}').must(200)['raised'] == []


def test_bytes_over_a_bound(site):
    stream_id, _ = site.running('behind')
    site.alert('lag_bytes', 'lag_bytes_over', bound=1000, stream_ids=[stream_id])
    site.alert('kept_bytes', 'kept_bytes_over', bound=1000, stream_ids=[stream_id])
    site.teller.reader('behind', lag_bytes=5000, kept_bytes=500)
    assert site.receiver.wait('lag_bytes', 'alert.raised')['value'] == 5000
    site.teller.reader('behind', lag_bytes=0, kept_bytes=7000)
    assert site.receiver.wait('kept_bytes', 'alert.raised')['value'] == 7000
    site.receiver.wait('lag_bytes', 'alert.raised', 'alert.resolved')


def test_failed_streams(site):
    stream_id, run_id = site.running('failing')
    site.alert('failed', 'stream_failed', stream_ids=[stream_id])
    site.reports.job(run_id, 'reader', WORKER, 'failed', 'the slot is lost')
    message = site.receiver.wait('failed', 'alert.raised')
    assert message['detail'] == 'the slot is lost' and message['run'] == run_id and message['value'] is None
    site.reports.job(run_id, 'reader', WORKER, 'streaming')
    site.receiver.wait('failed', 'alert.raised', 'alert.resolved')


def test_a_removed_stream_is_resolved(site):
    stream_id, run_id = site.running('removed')
    site.alert('removed', 'stream_failed')
    site.reports.job(run_id, 'reader', WORKER, 'failed', 'no more')
    site.receiver.wait('removed', 'alert.raised')
    site.streams.delete(stream_id, force=True)
    assert site.receiver.wait('removed', 'alert.raised', 'alert.resolved')['subject'] == stream_id


def test_webhooks_are_told_again_until_they_take_it(site):
    """In order, with the same id, over a restart of the server in between."""
    stream_id, run_id = site.running('refusing')
    alert_id = site.alert('again', 'stream_failed', stream_ids=[stream_id])
    site.receiver.status = 500
    try:
        site.reports.job(run_id, 'reader', WORKER, 'failed', 'once')
        wait_for(lambda: [path for path, _, _ in site.receiver.came].count('/again') >= 2, 30, 'it to be told twice')
        pending = site.control.items(f'/alerts/{alert_id}/deliveries')[0]
        assert pending['state'] == 'pending' and pending['last']['status'] == 500 and pending['next_at']
        site.reports.job(run_id, 'reader', WORKER, 'streaming')
        wait_for(lambda: len(site.control.items(f'/alerts/{alert_id}/deliveries')) == 2, 30, 'it to be resolved')
        site.control.kill()
        site.control.start()
    finally:
        site.receiver.status = 204
    site.receiver.wait('again', 'alert.raised', 'alert.resolved')
    ids = [headers['webhook-id'] for path, headers, _ in site.receiver.came if path == '/again']
    assert len(set(ids)) == 2 and ids == sorted(ids, key=ids.index)
    assert [item['attempts'] >= 3 for item in site.control.items(f'/alerts/{alert_id}/deliveries')][-1]


def test_tests_tell_what_came_of_them(site):
    alert_id = site.alert('test', 'worker_lost', SECRET)
    answer = site.control.post(f'/alerts/{alert_id}/test').must(200)
    assert (answer['delivered'], answer['status'], answer['error']) == (True, 204, None)
    path, headers, body = next(came for came in reversed(site.receiver.came) if came[0] == '/test')
    check_signature(headers, body)
    assert json.loads(body)['type'] == 'alert.test'
    site.receiver.status, site.receiver.location = 302, site.receiver.url('elsewhere')
    try:
        answer = site.control.post(f'/alerts/{alert_id}/test').must(200)
        assert not answer['delivered'] and answer['status'] == 302
    finally:
        site.receiver.status, site.receiver.location = 204, None
    assert not [path for path, _, _ in site.receiver.came if path == '/elsewhere']

    for url, word in (('http://127.0.0.9:1/', 'may not'), ('http://169.254.169.254/latest', 'may not'), ('http://127.0.0.1:1/', '')):
        site.control.patch(f'/alerts/{alert_id}', {'channel': {'url': url}}, if_match='*').must(200)
        answer = site.control.post(f'/alerts/{alert_id}/test').must(200)
        assert not answer['delivered'] and answer['status'] is None and answer['error']


def test_what_makes_no_sense_is_refused(site):
    def fails(pointer, **document):
        channel = {'type': 'webhook', 'url': 'https://hooks.example.com/x', **document.pop('channel', {})}
        answer = site.control.post('/alerts', {'name': 'n', 'channel': channel, **document}).must(422)
        assert pointer in answer.pointers, answer.json
    fails('/bound', kind='lag_seconds_over')
    fails('/bound', kind='worker_lost', bound=1)
    fails('/stream_ids', kind='worker_lost', stream_ids=['str_x'])
    fails('/stream_ids/0', kind='stream_failed', stream_ids=['str_00000000000000000000'])
    fails('/channel/url', kind='stream_failed', channel={'url': 'ftp://hooks.example.com/'})
    fails('/channel/url', kind='stream_failed', channel={'url': 'https://user:word@hooks.example.com/'})
    fails('/channel/secret', kind='stream_failed', channel={'secret': 'whsec_!!!!!!!!!!!!!!!!'})
    fails('/kind', kind='no_such_kind')


def test_alerts_are_configuration(site):
    alert_id = site.alert('conf', 'kept_bytes_over', SECRET, bound=5, for_seconds=60)
    made = site.control.get(f'/alerts/{alert_id}').must(200)
    assert made['channel'] == {'type': 'webhook', 'url': site.receiver.url('conf'), 'has_secret': True}
    assert made['stream_ids'] is None and made['enabled'] is True and made['bound'] == 5
    site.control.patch(f'/alerts/{alert_id}', {'enabled': False}).must(428)
    changed = site.control.patch(f'/alerts/{alert_id}', {'enabled': False, 'bound': 7.5, 'channel': {'secret': None}},
                                 if_match=made.etag).must(200)
    assert not changed['enabled'] and changed['bound'] == 7.5 and not changed['channel']['has_secret']
    site.control.patch(f'/alerts/{alert_id}', {'enabled': True}, if_match=made.etag).must(412)
    assert SECRET not in site.control.process.log()
    assert alert_id in [item['id'] for item in site.control.items('/alerts', limit=2)]
    stranger, _ = site.control.new_client(['alerts:read'])
    stranger.patch(f'/alerts/{alert_id}', {'enabled': True}, if_match='*').must(403)
    stranger.get(f'/alerts/{alert_id}').must(200)
    site.control.delete(f'/alerts/{alert_id}', if_match=made.etag).must(412)
    site.control.delete(f'/alerts/{alert_id}', if_match=changed.etag).must(204)
    for path in ('', '/deliveries'):
        site.control.get(f'/alerts/{alert_id}{path}').must(404)
    site.control.post(f'/alerts/{alert_id}/test').must(404)


def test_quotas(site):
    site.alert('quota', 'quota_warning')
    site.control.put('/tenants/default/quota', {'connections': 2}, if_match='*').must(200)
    assert site.receiver.wait('quota', 'alert.raised')['subject'] == 'connections'
    site.control.put('/tenants/default/quota', {}, if_match='*').must(200)
    site.receiver.wait('quota', 'alert.raised', 'alert.resolved')


def test_lost_workers(site):
    """Its registration was written when the module began and stood still since."""
    site.alert('lost', 'worker_lost')
    message = wait_for(lambda: next((body for body in site.receiver.messages('lost') if body['subject'] == LOST), None), 60,
                       'the lost worker to be told of')
    assert message['type'] == 'alert.raised' and message['stream'] is None and message['detail'] == 'host nowhere'
