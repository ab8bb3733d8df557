"""Usage is what targets' own books say, counted once, whoever is killed; quotas warn and refuse."""
import base64
import csv
import io
import json

import pytest

from harness.control import ControlServer
from harness.control_fakes import Reports, Teller
from harness.control_streams import ControlStreams
from harness.postgres import NO_FSYNC, Source
from harness.process import private_folder
from harness.wait import wait_for
from harness.worker import Worker

WORKER = 'wrk_00000000000000000000'


class Site:
    """Two servers behind one NATS, and whoever tells them of streams."""

    def __init__(self, nats):
        self.nats = nats
        self.first = ControlServer(nats, ['--allow-addresses', '127.0.0.0/8']).start()
        self.second = ControlServer(nats, ['--allow-addresses', '127.0.0.0/8'], name='control-2', peer=self.first).start()
        self.teller = Teller(nats)
        self.reports = Reports(nats)
        self.streams = ControlStreams(self.first)
        self.connection = None

    def close(self):
        self.teller.close()
        for server in (self.second, self.first):
            server.remove()

    def stream(self, name):
        """The id of a stream between databases that nobody asks for anything."""
        if not self.connection:
            self.connection = [self.first.post('/connections', {
                'name': f'usage {which}', 'type': 'postgresql', 'host': '127.0.0.1', 'port': 1, 'database': which, 'user': 'u',
                'tls': {'mode': 'disable'}}).must(201)['id'] for which in ('source', 'target')]
        return self.streams.stream(name, *self.connection, tables=['public.*'])

    def used(self, stream_id, server=None):
        """The stream's line of this month; zeroes before there is one."""
        lines = (server or self.first).items('/usage', by='stream')
        return next((line for line in lines if line['stream_id'] == stream_id), {'rows': 0, 'bytes': 0, 'cdc_seconds': 0})

    def wait_used(self, stream_id, rows, size, server=None, timeout=30):
        last = {}

        def reached():
            last['line'] = self.used(stream_id, server)
            return (last['line']['rows'], last['line']['bytes']) == (rows, size)
        wait_for(reached, timeout, lambda: f'usage to be {rows} rows, {size} bytes: {last["line"]}')


@pytest.fixture(scope='module')
def site(nats):
    servers = Site(nats)
    yield servers
    servers.close()


def test_totals_count_once(site):
    """Told again, set back, another book, another stream of the same name."""
    stream_id = site.stream('once')
    site.teller.writer('once', total=('4711', 10, 1000))
    site.wait_used(stream_id, 10, 1000)
    site.teller.writer('once', total=('4711', 7, 700))
    site.teller.writer('once', consumer='second', total=('42', 5, 50))
    site.wait_used(stream_id, 15, 1050)
    site.teller.writer('once', total=('4711', 12, 1200))
    site.wait_used(stream_id, 17, 1250)
    site.teller.writer('once', total=('9007199254740993', 1, 1))  # beyond what a double can tell
    site.wait_used(stream_id, 18, 1251)
    assert site.used(stream_id, site.second) == site.used(stream_id)

    site.streams.delete(stream_id, force=True)
    again = site.stream('once')
    site.teller.writer('once', total=('4711', 20, 2000))
    site.wait_used(again, 8, 800)
    site.wait_used(stream_id, 18, 1251)
    assert site.used(stream_id)['stream_name'] is None and site.used(again)['stream_name'] == 'once'


def test_totals_count_once_while_servers_are_killed(site):
    stream_id = site.stream('killed')
    for number in (1, 2):
        site.teller.writer('killed', total=('77', 10 * number, 100 * number))
        victim, other = (site.first, site.second) if number % 2 else (site.second, site.first)
        victim.kill()
        site.wait_used(stream_id, 10 * number, 100 * number, other)
        victim.start()
    site.nats.kill()
    site.teller.writer('killed', total=('77', 100, 1000))
    site.nats.start()
    for server in (site.first, site.second):
        site.wait_used(stream_id, 100, 1000, server)


def test_what_was_told_while_no_server_was_there(site):
    """Writers leave their last total where servers find it."""
    stream_id = site.stream('unheard')
    for server in (site.first, site.second):
        server.kill()
    with site.nats.connect() as client:
        client.request('$KV.SLUICE.applied.unheard.writer', json.dumps({'book': '909', 'rows': 90, 'bytes': 900}))
    for server in (site.first, site.second):
        server.start()
    site.wait_used(stream_id, 90, 900)


def test_time_is_counted_while_a_run_streams(site):
    stream_id = site.stream('timed')
    run_id = site.streams.start(stream_id)
    site.reports.worker(WORKER)
    site.reports.job(run_id, 'reader', WORKER, 'streaming')
    site.streams.wait_run(run_id, 'streaming')
    assert site.used(stream_id)['cdc_seconds'] == 0  # nobody hears its reader
    site.teller.reader('timed')
    wait_for(lambda: site.used(stream_id)['cdc_seconds'] > 0, 40, 'time to be counted')
    site.teller.silence('timed')


def test_reports(site):
    a, b = site.stream('report_a'), site.stream('report_b')
    site.teller.writer('report_a', total=('1001', 3, 30))
    site.teller.writer('report_b', total=('1002', 4, 40))
    site.wait_used(a, 3, 30)
    site.wait_used(b, 4, 40)
    by_stream = site.first.get('/usage', {'by': 'stream', 'limit': 200}).must(200)
    by_day = site.first.get('/usage').must(200)
    assert by_stream['total'] == by_day['total']
    assert sum(line['rows'] for line in by_stream['items']) == by_day['total']['rows']
    assert by_day['items'][-1]['day'] == by_day['to'] and by_day['from'] == by_day['to'][:8] + '01'
    pages = site.first.get('/usage', {'by': 'stream', 'limit': 1}).must(200)
    assert pages['next_cursor'] and len(pages['items']) == 1
    assert site.first.items('/usage', by='stream', limit=1) == by_stream['items']

    table = site.first.get('/usage', {'by': 'stream'}, accept='text/csv').must(200)
    assert table.content_type == 'text/csv'
    lines = {line['stream_id']: line for line in csv.DictReader(io.StringIO(table.text))}
    assert lines[a] == {'stream_id': a, 'stream_name': 'report_a', 'rows': '3', 'bytes': '30', 'cdc_seconds': '0'}
    assert len(lines) == len(by_stream['items'])
    days = list(csv.DictReader(io.StringIO(site.first.get('/usage', accept='text/csv').must(200).text)))
    assert days[-1]['day'] == by_day['to'] and days[-1]['rows'] == str(by_day['items'][-1]['rows'])

    assert site.first.get('/usage', {'from': '2020-01-01', 'to': '2020-12-31'}).must(200)['items'] == []
    assert site.first.get('/usage', {'from': '2020-01-02', 'to': '2020-01-01'}).must(422).pointers == ['from']
    assert site.first.get('/usage', {'from': '2020-01-01', 'to': '2026-01-01'}).must(422).pointers == ['from']
    site.first.get('/usage', {'from': 'yesterday'}).must(400, 422)
    site.first.get('/usage', {'by': 'hour'}).must(400, 422)


def test_tenants_see_their_own(site):
    site.first.post('/tenants', {'id': 'other', 'name': 'Other'}).must(201)
    own, _ = site.first.new_client(['usage:read'], tenant='other')
    assert own.get('/usage').must(200)['total']['rows'] == 0
    assert own.get('/usage', {'tenant': 'default'}).must(403).code == 'forbidden'
    assert own.get('/quota', {'tenant': 'default'}).must(403).code == 'forbidden'
    assert site.first.get('/usage', {'tenant': 'other'}).must(200)['tenant'] == 'other'


def quota_events(site):
    """(quota, level) of every event about a quota, oldest first."""
    state = site.nats.stream_state('SLUICE_EVENTS')
    events = [json.loads(base64.b64decode(site.nats.message('SLUICE_EVENTS', sequence)['data']))
              for sequence in range(state['first_seq'], state['last_seq'] + 1)]
    return [(event['data']['quota'], event['data']['level']) for event in events if event['type'] == 'quota']


def set_quota(site, tenant='default', **quota):
    site.first.put(f'/tenants/{tenant}/quota', quota, if_match='*').must(200)


def test_quotas_refuse(site):
    """Beyond a month's quota nothing starts; beyond a number nothing is made."""
    stream_id = site.stream('refused')
    site.teller.writer('refused', total=('500', 60, 600))
    site.wait_used(stream_id, 60, 600)
    used = site.first.get('/quota').must(200)
    assert used['rows_per_month'] == {'limit': None, 'used': site.first.get('/usage').json['total']['rows'], 'percent': None}
    try:
        set_quota(site, rows_per_month=used['rows_per_month']['used'])
        refused = site.first.post(f'/streams/{stream_id}/runs').must(403)
        assert refused.code == 'quota_exceeded' and refused['quota'] == 'rows_per_month'
        assert refused['limit'] == refused['used'] == used['rows_per_month']['used'] and refused['resets_at'] == used['resets_at']
        wait_for(lambda: site.first.get('/quota').json['rows_per_month']['percent'] == 100, 10, 'the quota to be used up')

        wait_for(lambda: quota_events(site) == [('rows_per_month', 'exceeded')], 30, lambda: f'an event: {quota_events(site)}')

        set_quota(site, streams=used['streams']['used'], connections=used['connections']['used'])
        refused = site.first.post('/streams', {'name': 'one_more', 'source': {'connection_id': site.connection[0]}, 'mode': 'cdc',
                                               'targets': [{'connection_id': site.connection[1]}]}).must(403)
        assert refused.code == 'quota_exceeded' and refused['quota'] == 'streams' and refused['resets_at'] is None
        refused = site.first.post('/connections', {'name': 'one more', 'type': 'mysql', 'host': 'h', 'port': 1, 'database': 'd',
                                                   'user': 'u', 'tls': {'mode': 'disable'}}).must(403)
        assert refused.code == 'quota_exceeded' and refused['quota'] == 'connections'
        set_quota(site, bytes_per_month=int(used['bytes_per_month']['used'] / 0.95))
        wait_for(lambda: ('bytes_per_month', 'warning') in quota_events(site), 30, lambda: f'a warning: {quota_events(site)}')
    finally:
        set_quota(site)
    run_id = site.streams.start(stream_id)
    assert site.streams.run(run_id)['state'] == 'starting'


def test_usage_is_what_the_source_did(site, target):
    """A real stream, copied and then followed; writer and servers are killed meanwhile."""
    source = Source(conf=NO_FSYNC, name='metered').start()
    token = private_folder('token') / 'token'
    token.write_text(site.first.post('/api-keys', {'name': 'worker', 'scopes': ['worker']}).must(201)['token'])
    token.chmod(0o644)
    worker = Worker(site.nats, token=token)
    try:
        source.set('sluice.nats_url', site.nats.url)
        for server in (source, target):
            server.create_database('metered')
        source.execute("CREATE EXTENSION sluice; CREATE TABLE t (id int PRIMARY KEY, v text);"
                       "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 5000) i", dbname='metered')
        worker.start()
        ids = [site.streams.connection(f'metered {which}', server, 'metered', password='not asked for')
               for which, server in (('source', source), ('target', target))]
        stream_id = site.streams.stream('metered', *ids, tables=['public.*'])
        run_id = site.streams.start(stream_id)
        site.streams.wait_run(run_id, 'streaming')
        for number in range(1, 4):
            source.execute('UPDATE t SET v = v || %s WHERE id <= 1000', (number,), dbname='metered')
            (site.first, worker, site.second)[number - 1].kill()
            source.execute('INSERT INTO t VALUES (%s, 0)', (10000 + number,), dbname='metered')
            (site.first, worker, site.second)[number - 1].start()
        wait_for(lambda: target.fetch_one('SELECT count(*) FROM t', dbname='metered') == 5003, 60, 'the target to have all rows')
        rows, size = target.fetch('SELECT rows_applied, bytes_applied FROM sluice.progress', dbname='metered')[0]
        assert rows == 5000 + 3 * 1001
        site.wait_used(stream_id, rows, int(size), timeout=60)
        site.streams.stop(run_id)
        assert site.used(stream_id)['rows'] == rows
    finally:
        worker.remove()
        source.remove()
