"""The command line alone: streams of all four directions from their connections to their end, statuses, forms of output, hostile names."""
import csv
import http.server
import io
import json
import re
import signal
import stat
import subprocess
import threading

import pytest

from harness.cli import AUTH, CHECK, CONFLICT, ERROR, NOT_FOUND, QUOTA, TIMED_OUT, UNREACHABLE, USAGE, Cli
from harness.control import ControlServer
from harness.mysql_source import SourceMySQL
from harness.ports import free_port
from harness.postgres import QUICK, Source
from harness.process import private_folder
from harness.tls import Certificates
from harness.wait import wait_for
from harness.worker import Worker

ROWS = 1500
ITEMS = 'CREATE TABLE item (id int PRIMARY KEY, name varchar(60) NOT NULL, price decimal(12,2))'
FILL = {'pg': f"INSERT INTO item SELECT i, 'item ' || i, i / 4.0 FROM generate_series(1, {ROWS}) i",
        'maria': f"INSERT INTO item SELECT i, concat('item ', i), i / 4 FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) SELECT i FROM n) n"}
# What a terminal would act on: ESC, BEL, newline, a C1 control, the mark that turns the direction of writing.
HOSTILE = 'bad\x1b[31m"n`a\'me\x07\n\u009b\u202e'
COMMANDS = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]')


class Site:
    """The servers of the module, and the command line for them."""

    def __init__(self, nats):
        self.nats = nats
        self.pg = Source(conf={**QUICK, 'max_replication_slots': '20', 'max_wal_senders': '20', 'max_worker_processes': '40'}, name='pg').start()
        self.pg.set('sluice.nats_url', nats.url)
        self.maria = SourceMySQL('mariadb-10.11', name='maria').start()
        self.control = ControlServer(nats, ['--allow-addresses', '127.0.0.0/8']).start()
        self.cli = Cli(self.control)
        token = private_folder('token') / 'token'
        token.write_text(self.cli.run('keys', 'create', 'worker', '--scope', 'worker', '-q').out)
        token.chmod(0o644)
        self.worker = Worker(nats, token=token).start()

    def close(self):
        for started in (self.worker, self.control, self.maria, self.pg):
            started.remove()

    def server(self, kind):
        return {'pg': self.pg, 'maria': self.maria}[kind]


@pytest.fixture(scope='module')
def site(nats):
    servers = Site(nats)
    yield servers
    servers.close()


@pytest.fixture
def cli(site):
    return site.cli


def uri(site, kind, dbname):
    return site.pg.uri(dbname) if kind == 'pg' else site.maria.uri(dbname, scheme='mariadb', ssl_mode='disabled')


def fetch_items(server, dbname, place='item'):
    """All rows as text; None while the table is not there."""
    try:
        return sorted(tuple(map(str, row)) for row in server.fetch(f'SELECT id, name, price FROM {place}', dbname=dbname))
    except Exception as error:  # of either driver
        if 'exist' in str(error):
            return None
        raise


# -- one stream, from its connections to its end --------------------------


@pytest.mark.parametrize('source, target', [('pg', 'pg'), ('pg', 'maria'), ('maria', 'pg'), ('maria', 'maria')])
def test_a_stream_from_its_connections_to_its_end(site, cli, source, target):
    name = f'{source}_{target}'
    one, two, copy = site.server(source), site.server(target), f'{name}_copy'
    one.create_database(name)
    two.create_database(copy)
    if source == 'pg':
        one.execute('CREATE EXTENSION sluice', dbname=name)
    one.execute(ITEMS, dbname=name)
    one.execute(FILL[source], dbname=name)
    place = f'{name}.item' if source == 'maria' and target == 'pg' else 'item'
    options = ['--target-option', f'schemas={name}={copy}'] if source == target == 'maria' else []

    cli.run('connection', 'add', f'{name} from', uri(site, source, name))
    cli.run('connection', 'add', f'{name} to', uri(site, target, copy), stdin='not asked for\n', env={'SLUICE_PASSWORD': ''})
    for role, end in (('source', 'from'), ('target', 'to')):
        assert 'login' in cli.run('connection', 'test', f'{name} {end}', '--role', role).out
    patterns = 'public.*' if source == 'pg' else f'{name}.*'
    cli.run('stream', 'create', name, '--source', f'{name} from', '--target', f'{name} to', '--mode', 'convert+cdc', '--tables', patterns, *options)
    checked = cli.run('check', name)
    assert 'checks passed' in checked.err
    types = {row['name']: row['target_type'] for target_types in cli.json('types', name)['targets'] for table in target_types['tables']
             for row in table['columns']}
    assert set(types) == {'id', 'name', 'price'}

    cli.run('start', name, '--wait', '--timeout', '60s')
    watched = cli.run('run', 'watch', name, '--until', 'level', '--timeout', '60s')
    assert name in watched.err and 'streaming' in watched.out

    def wait_same(timeout=60):
        wait_for(lambda: fetch_items(one, name) == fetch_items(two, copy, place), timeout, f'{name} to be equal')
    wait_same()
    one.execute("UPDATE item SET name = 'other' WHERE id % 3 = 0", dbname=name)
    wait_same()
    assert [row['table'].split('.')[-1] for row in cli.json('tables', name)] == ['item']
    assert [row['name'] for row in cli.json('lag', name)] == [name]
    assert cli.run('logs', name, '--level', 'info').out
    assert cli.json('errors', name) == []
    assert 'state' in {event['type'] for event in map(json.loads, cli.run('events', name, '-o', 'jsonl').lines)}
    assert 'state' in {event['type'] for event in cli.json('events', name)}
    assert f'sluice stop {name} ends it, sluice resume {name}' in cli.run('start', name, status=CONFLICT).err

    cli.run('pause', name, '--wait', '--timeout', '60s')
    one.execute("INSERT INTO item VALUES (1000001, 'while it is paused', 1)", dbname=name)
    assert cli.json('run', 'show', name)['desired'] == 'paused'
    cli.run('resume', name, '--wait', '--timeout', '60s')
    wait_same()
    if (source, target) == ('pg', 'pg'):
        assert cli.json('verify', name)['equal'] is True
    else:
        cli.run('verify', name, status=CONFLICT)

    cli.run('stop', name, '--wait', '--timeout', '60s')
    assert cli.run('run', 'ls', name, '--columns', 'state', '-o', 'plain').lines == ['stopped']
    cli.run('start', name, '--wait', '--timeout', '60s')
    in_use = cli.run('connection', 'rm', f'{name} to', '--yes', status=CONFLICT)
    assert name in in_use.err
    cli.run('stream', 'rm', name, '--yes', status=CONFLICT)
    cli.run('stop', name, '--wait', '--timeout', '60s')
    cli.run('stream', 'rm', name, '--yes', '--wait', '--timeout', '60s')
    for end in ('from', 'to'):
        cli.run('connection', 'rm', f'{name} {end}', '--yes')
    assert not [stream for stream in site.nats.streams() if stream.startswith(f'SLUICE_{name}')]


def test_a_check_that_fails_names_what_mends_it(site, cli):
    site.pg.create_database('bare')
    cli.run('connection', 'add', 'bare', site.pg.uri('bare'))
    cli.run('connection', 'add', 'nowhere', f'postgresql://nobody@127.0.0.1:{free_port()}/nothing')
    assert 'tcp' in cli.run('connection', 'test', 'nowhere', status=CHECK).out
    assert cli.json('connection', 'test', 'nowhere', status=CHECK)['ok'] is False
    site.pg.execute('DROP ROLE IF EXISTS target_only; CREATE ROLE target_only LOGIN')
    cli.run('connection', 'add', 'mere', site.pg.uri('bare', user='target_only'))
    mere = cli.json('connection', 'test', 'mere')
    assert mere['ok'] is True and mere['steps'][-1]['detail'] == 'only matters at a source'
    assert cli.run('connection', 'test', 'mere', '--role', 'source', status=CHECK).out
    cli.run('connection', 'rm', 'mere', '--yes')
    document = cli.file('bare.json', json.dumps({'name': 'bare', 'mode': 'cdc', 'source': {'connection': 'bare'}, 'targets': [{'connection': 'nowhere'}]}))
    failed = cli.run('check', '-f', document, status=CHECK)
    assert 'fail' in failed.out and 'CREATE EXTENSION' in failed.out
    assert cli.run('check', '-f', document, '-o', 'json', status=CHECK).json['ok'] is False
    for name in ('bare', 'nowhere'):
        cli.run('connection', 'rm', name, '--yes')


# -- documents ------------------------------------------------------------


def test_documents_are_exported_compared_applied_and_edited(site, cli):
    for name in ('a', 'b'):
        cli.run('connection', 'add', name, site.pg.uri())
    cli.run('stream', 'create', 'paper', '--source', 'a', '--target', 'main=b', '--mode', 'cdc', '--tag', 'x', '--tables', 'public.one,public."t,wo"',
            '--source-option', 'bundle_rows=100', '--limit-time', '1h')
    document = cli.json('stream', 'export', 'paper')
    assert document['source']['tables'] == ['public.one', 'public."t,wo"'] and document['limits']['seconds'] == 3600
    path = cli.file('paper.json', json.dumps(document))
    assert cli.run('stream', 'diff', '-f', path).out == ''
    assert cli.run('stream', 'apply', '-f', path).out == 'paper\tunchanged\n'
    both = [{**document, 'description': 'changed'}, {**document, 'name': 'paper2'}]
    path.write_text(json.dumps(both))
    assert '+ /description: "changed"' in cli.run('stream', 'diff', '-f', path, status=ERROR).out
    assert cli.run('stream', 'apply', '-f', path).lines == ['paper\tchanged', 'paper2\tcreated']
    assert cli.run('stream', 'apply', '-f', '-', stdin=json.dumps(both)).lines == ['paper\tunchanged', 'paper2\tunchanged']
    edited = cli.run('stream', 'edit', 'paper', env={'VISUAL': '', 'EDITOR': "sed -i s/changed/by.hand/"})
    assert 'by.hand' in edited.out
    assert 'neither VISUAL nor EDITOR' in cli.run('stream', 'edit', 'paper', env={'VISUAL': '', 'EDITOR': ''}, status=USAGE).err
    assert len(cli.json('stream', 'revisions', 'paper')) == 3
    assert cli.run('stream', 'clone', 'paper', 'paper3', '-q').out.startswith('str_')
    assert sorted(cli.run('stream', 'ls', '--tag', 'x', '-o', 'plain', '--columns', 'name').lines) == ['paper', 'paper2', 'paper3']
    cli.run('connection', 'edit', 'a', '--rename', 'c', '--description', 'another')
    assert cli.json('connection', 'show', 'c')['description'] == 'another'
    wrong = cli.run('stream', 'create', '-f', '-', stdin='{"name": "x", "mode": "cdc", "colour": 1}', status=USAGE)
    assert '/colour' in wrong.err and 'request id' in wrong.err
    assert ':1:' in cli.run('stream', 'create', '-f', '-', stdin='{"name": ', status=USAGE).err
    for name in ('paper', 'paper2', 'paper3'):
        cli.run('stream', 'rm', name, '--yes', '--wait')
    for name in ('c', 'b'):
        cli.run('connection', 'rm', name, '--yes')


# -- output ---------------------------------------------------------------


def test_forms_of_output(site, cli):
    name = 'commas, "quotes" and ünïcödé 表'
    cli.run('connection', 'add', name, site.pg.uri(), '--description', 'two\nlines')
    table = cli.run('connection', 'ls').lines
    assert table[0].split()[:3] == ['NAME', 'TYPE', 'HOST'] and name in table[1]
    assert table[1].index('postgresql') + 1 == table[0].index('TYPE'), 'columns stand below each other; that character takes two'
    assert [line.split('  ')[0] for line in cli.run('connection', 'ls', '--no-header').lines] == [name]
    rows = list(csv.DictReader(io.StringIO(cli.run('connection', 'ls', '-o', 'csv').out)))
    assert [row['name'] for row in rows] == [name]
    assert [json.loads(line)['name'] for line in cli.run('connection', 'ls', '-o', 'jsonl').lines] == [name]
    assert [row['name'] for row in cli.json('connection', 'ls')] == [name]
    assert cli.run('connection', 'ls', '-o', 'plain', '--columns', 'name,tls.mode,description').lines == [f'{name}\tprefer\ttwo\\nlines']
    unknown = cli.run('connection', 'ls', '--columns', 'nam', status=USAGE)
    assert 'no column "nam"' in unknown.err and 'there are name, type' in unknown.err and unknown.out == ''
    cli.run('connection', 'show', name, '--columns', 'nam', status=USAGE)
    assert cli.run('connection', 'show', name, '--columns', 'name', '-o', 'plain').lines == [name]
    assert re.fullmatch(r'[0-9.]+', cli.json('version')['version'])
    ids = cli.run('connection', 'ls', '-q')
    assert re.fullmatch(r'conn_\w{20}\n', ids.out) and ids.err == ''
    assert cli.run('connection', 'show', ids.out.strip(), '-o', 'json').json['name'] == name
    assert '\x1b' not in cli.run('workers', 'ls').out
    assert '\x1b[' in cli.run('workers', 'ls', '--color', 'always').out
    assert 'password' not in cli.run('connection', 'show', name, '-o', 'json').out.replace('has_password', '')
    cli.run('connection', 'rm', name, '--yes')


def test_hostile_names_command_no_terminal(site, cli):
    cli.run('connection', 'add', HOSTILE, site.pg.uri(), '--description', HOSTILE)
    site.pg.create_database('hostile')
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    site.pg.execute(f'CREATE TABLE {quoted} (id int PRIMARY KEY, {quoted} text)', dbname='hostile')
    for words in (['connection', 'ls'], ['connection', 'show', HOSTILE], ['connection', 'ls', '-o', 'plain'],
                  ['connection', 'ls', '-o', 'json'], ['connection', 'test', HOSTILE, '--role', 'target'], ['connection', 'tables', HOSTILE, '--database', 'hostile'],
                  ['connection', 'columns', HOSTILE, HOSTILE, '--database', 'hostile'], ['audit']):
        ran = cli.run(*words)
        assert not COMMANDS.search(ran.out + ran.err), ran
    assert cli.json('connection', 'ls')[0]['name'] == HOSTILE
    assert cli.json('connection', 'columns', HOSTILE, HOSTILE, '--database', 'hostile')[1]['name'] == HOSTILE
    assert not COMMANDS.search(cli.run('connection', 'show', HOSTILE + 'x', status=NOT_FOUND).err)
    cli.run('connection', 'rm', HOSTILE, '--yes')


# -- statuses -------------------------------------------------------------


def test_statuses(site, cli):
    assert 'did you mean sluice stream ls' in cli.run('steam', 'ls', status=USAGE).err
    assert 'did you mean --columns' in cli.run('stream', 'ls', '--colums', 'x', status=USAGE).err
    assert 'process list' in cli.run('connection', 'add', 'x', '--password', 'secret', status=USAGE).err
    cli.run('stream', 'show', 'none', status=NOT_FOUND)
    cli.run('start', 'str_00000000000000000000', status=NOT_FOUND)
    wrong = cli.file('wrong.key', 'slc_wrong')
    assert '--key-file' in cli.run('stream', 'ls', '--key-file', wrong, status=AUTH).err
    key = cli.json('keys', 'create', 'reader only', '--scope', 'streams:read')
    few = cli.file('few.key', key['key'])
    assert cli.run('stream', 'ls', '--key-file', few, '-o', 'json').json == []
    cli.run('workers', 'ls', '--key-file', few, status=AUTH)
    rotated = cli.run('keys', 'rotate', 'reader only', '-q').out
    assert rotated.strip() != key['key']
    cli.run('stream', 'ls', '--key-file', few, status=AUTH)
    cli.run('stream', 'ls', '--key-file', '-', stdin=rotated)
    cli.run('keys', 'rm', key['id'], '--yes')
    cli.run('connection', 'add', 'twice', site.pg.uri())
    cli.run('connection', 'add', 'twice', site.pg.uri(), status=CONFLICT)
    assert '--yes' in cli.run('connection', 'rm', 'twice', status=USAGE).err
    cli.run('connection', 'rm', 'twice', '--yes')
    away = cli.run('stream', 'ls', '--server', f'http://127.0.0.1:{free_port()}', status=UNREACHABLE)
    assert 'sluice dev starts' in away.err
    assert 'cannot reach' in away.err
    cli.run('doctor', '--server', f'http://127.0.0.1:{free_port()}', status=CHECK)
    assert cli.json('audit', '--verify')['whole'] is True
    cli.run('status')
    cli.run('usage')
    assert cli.run('run', 'ls').out == ''


def test_a_quota_has_a_status_of_its_own(site, cli):
    tag = site.control.get('/tenants/default/quota').must(200).etag
    site.control.put('/tenants/default/quota', {'connections': 0}, if_match=tag).must(200)
    try:
        refused = cli.run('connection', 'add', 'one too many', site.pg.uri(), status=QUOTA)
        assert 'connections' in refused.err
        assert cli.json('quota')['connections']['limit'] == 0
    finally:
        tag = site.control.get('/tenants/default/quota').must(200).etag
        site.control.put('/tenants/default/quota', {'connections': None}, if_match=tag).must(200)


def test_waiting_ends_in_time(site, cli):
    cli.run('connection', 'add', 'gone', f'postgresql://nobody@127.0.0.1:{free_port()}/nothing')
    cli.run('stream', 'create', 'stuck', '--source', 'gone', '--target', 'gone', '--mode', 'cdc')
    cli.run('start', 'stuck')
    late = cli.run('run', 'watch', 'stuck', '--until', 'finished', '--timeout', '300ms', status=None)
    assert late.status in (TIMED_OUT, CHECK), late
    follower = cli.process('events', '-f', 'stuck', '-o', 'jsonl').start()
    cli.run('stop', 'stuck', '--now')
    follower.wait_log(r'"type":\s*"state"')
    assert follower.stop(signal.SIGINT) == 0
    cli.run('stream', 'rm', 'stuck', '--yes', '--force', '--wait', '--timeout', '60s')
    cli.run('connection', 'rm', 'gone', '--yes')


# -- contexts and keys ----------------------------------------------------


def test_contexts_keep_keys_private(site):
    cli = Cli()
    cli.run('context', 'add', 'one', '--server', site.control.url, '--key-file', '-', stdin=site.control.key + '\n')
    path = cli.folder / '.config' / 'sluice' / 'contexts.json'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cli.run('workers', 'ls', '-q').out.startswith('wrk_')
    shown = cli.run('context', 'ls').out + cli.run('context', 'show', 'one', '-o', 'json').out
    assert site.control.key not in shown
    assert cli.json('context', 'ls') == [{'name': 'one', 'server': site.control.url, 'has_key': True, 'ca_file': None, 'selected': True}]
    cli.run('context', 'add', 'two', '--server', 'http://127.0.0.1:1')
    cli.run('context', 'select', 'two')
    cli.run('stream', 'ls', status=UNREACHABLE)
    cli.run('stream', 'ls', '--context', 'one')
    cli.run('stream', 'ls', env={'SLUICE_CONTEXT': 'one'})
    cli.run('context', 'select', 'three', status=NOT_FOUND)
    path.chmod(0o644)
    assert 'chmod 600' in cli.run('context', 'ls', status=AUTH).err
    path.chmod(0o600)
    cli.run('context', 'rm', 'two', '--yes')
    assert [context['name'] for context in cli.json('context', 'ls')] == ['one']


class Catcher(http.server.BaseHTTPRequestHandler):
    """Answers what the test says, and keeps what came."""

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers.pop(0) if self.server.answers else (200, {}, b'{"items": [], "next_cursor": null}')
        self.send_response(status)
        for name, value in {'Content-Type': 'application/json', **headers}.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def catcher():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Catcher)
    server.seen, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_key_goes_to_its_server_alone(site, catcher):
    url = f'http://127.0.0.1:{catcher.server_port}'
    cli = Cli()
    cli.run('context', 'add', 'one', '--server', site.control.url, '--key-file', '-', stdin=site.control.key)
    cli.run('stream', 'ls', '--server', url)
    catcher.answers.append((307, {'Location': site.control.url + '/api/v1/streams'}, b'{}'))
    assert 'sends elsewhere' in cli.run('stream', 'ls', '--server', url, '--key-file', cli.file('key', 'other'), status=ERROR).err
    keys = [headers.get('Authorization') for _, headers in catcher.seen]
    assert keys == [None, 'Bearer other'], 'the context\'s key is not for another server, and redirects are not followed'


def test_what_can_be_sent_again_is(catcher):
    cli = Cli(env={'SLUICE_SERVER': f'http://127.0.0.1:{catcher.server_port}'})
    busy = json.dumps({'title': 'Busy', 'status': 503, 'code': 'unavailable', 'request_id': 'req_1'}).encode()
    catcher.answers += [(503, {'Retry-After': '0'}, busy), (429, {'Retry-After': '0'}, busy)]
    assert cli.json('stream', 'ls') == []
    assert len(catcher.seen) == 3
    catcher.seen.clear()
    catcher.answers += [(503, {'Retry-After': '0'}, busy), (201, {}, b'{"id": "str_1", "name": "x"}')]
    cli.run('stream', 'create', 'x', '--source', 'a', '--target', 'b', '--mode', 'cdc')
    sent = [headers['Idempotency-Key'] for _, headers in catcher.seen]
    assert len(sent) == 2 and sent[0] == sent[1] and len(sent[0]) == 32
    catcher.answers += [(503, {'Retry-After': '60'}, busy)]
    late = cli.run('stream', 'ls', '--timeout', '500ms', status=UNREACHABLE)
    assert 'Busy' in late.err and 'req_1' in late.err
    catcher.answers += [(200, {}, b'{"items": ')]
    assert 'no JSON' in cli.run('stream', 'ls', status=ERROR).err


def test_certificates_are_checked(site):
    certificates = Certificates()
    control = ControlServer(site.nats, name='control-tls', certificates=certificates, peer=site.control)
    try:
        control.start()
        cli = Cli(control)
        assert 'not trusted' in cli.run('status', status=AUTH).err
        cli.run('status', '--ca-file', certificates.ca)
        cli.run('status', env={'SLUICE_CA_FILE': str(certificates.ca)})
    finally:
        control.remove()


# -- itself ---------------------------------------------------------------


def test_completion_loads_and_completes():
    cli = Cli()

    def complete(*words):
        script = (f"source <(sluice completion bash); COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; "
                  "_sluice; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return subprocess.run(['bash', '-c', script], env={**cli.env}, capture_output=True, text=True, check=True).stdout.split()
    assert 'connection' in complete('sluice', 'con')
    assert {'create', 'rm', 'ls'} <= set(complete('sluice', 'stream', ''))
    assert complete('sluice', 'stream', 'create', '--mo') == ['--mode']
    assert set(complete('sluice', 'stream', 'create', '--mode', '')) == {'convert', 'cdc', 'convert+cdc'}
    assert complete('sluice', '-o', 'js') == ['json', 'jsonl']
    for shell in ('zsh', 'fish'):
        assert 'connection' in cli.run('completion', shell).out
    assert cli.run('man').out.startswith('.TH SLUICE 1')
    assert 'Usage: sluice stream create' in cli.run('help', 'streams', 'create').out
    assert cli.run('--version').out.startswith('sluice ')
