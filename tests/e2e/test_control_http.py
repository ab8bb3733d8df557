"""sluice-control's HTTP: every route of the OpenAPI document with input that is wrong in every way, and what surrounds them:
limits, slow clients, TLS, browsers, files of the dashboard, NATS away."""
import concurrent.futures
import gzip
import json
import socket
import ssl
import subprocess

import pytest
from harness.control import ControlServer
from harness.daemon import BUILD
from harness.openapi import METHODS
from harness.process import private_folder, program, run
from harness.samples import Samples
from harness.tls import Certificates
from harness.wait import wait_for

HOSTILE = ('..', '%2e%2e', "a'b", 'a"b', 'a`b', 'a;b', '*', '>', 'a.b', '%20', '%C3%A9', '%0a', '%ff', '%00', '%', 'x' * 300, '%2F')
RAW = (
    (b'{', 400), (b'', 400), (b'\xff\xfe', 400), (b'{"a": "\xff"}', 400), (b'nonsense', 400), (b'{} {}', 400),
    (b'{"a": 1, "a": 1}', 400), (b'{"a": "\\u0000"}', 400), (b'{"a": 1e999}', 400), (b'[' * 33 + b']' * 33, 400),
    (b'[' * 100000, 400), (b'{"a":' * 1000 + b'1' + b'}' * 1000, 400), (b'{"a": "' + b'x' * (1 << 20) + b'"}', 413),
)


class World:
    """A server, two tenants, and in one of them one of everything."""

    def __init__(self, control):
        self.control = control
        self.operations = control.openapi.operations
        self.samples = Samples(control.openapi)
        control.post('/tenants', {'id': 'other'}).must(201)
        # All that a tenant's own administrator has.
        scopes = control.openapi.document['components']['schemas']['Scope']['enum']
        self.other, _ = control.new_client([scope for scope in scopes if scope not in ('tenants:admin', 'worker')], tenant='other')
        self.narrow = [control.new_client([scope])[0] for scope in ('streams:read', 'connections:read')]
        self.narrow_scopes = ('streams:read', 'connections:read')
        connection = {'name': 'shop', 'type': 'postgresql', 'host': '192.0.2.1', 'port': 5432, 'database': 'shop', 'user': 'sluice',
                      'password': 'hunter2-not-to-be-seen'}
        self.connection = control.post('/connections', connection).must(201)
        target = control.post('/connections', connection | {'name': 'target'}).must(201)
        self.stream = control.post('/streams', {
            'name': 'orders', 'mode': 'cdc', 'source': {'connection_id': self.connection['id'], 'tables': ['public.*']},
            'targets': [{'name': 'writer', 'connection_id': target['id']}]}).must(201)
        self.run = control.post(f"/streams/{self.stream['id']}/runs").must(201)
        self.key = control.post('/api-keys', {'name': 'mine', 'scopes': ['streams:read']}).must(201)
        self.alert = control.post('/alerts', self.alert_body()).must(201) if self.has('/alerts') else None

    def has(self, template):
        return any(operation.template == template for operation in self.operations)

    def alert_body(self):
        operation = next(o for o in self.operations if o.template == '/alerts' and o.method == 'POST')
        return self.body(operation)

    def ids(self, operation):
        """Values for the path's parameters: ids of the tenant's own things."""
        owner = operation.template.split('/')[1]
        of_folder = {'connections': self.connection, 'streams': self.stream, 'runs': self.run, 'api-keys': self.key, 'alerts': self.alert}
        made = {}
        for parameter in operation.parameters:
            if parameter['in'] == 'path':
                thing = of_folder.get(owner) if parameter['name'] == 'id' else None
                made[parameter['name']] = thing['id'] if thing else self.samples.value(parameter['schema'])
        return made

    def path(self, operation):
        """The path as clients of the harness take it."""
        path = operation.path(**self.ids(operation))
        return path.removeprefix('/api/v1') if operation.prefix else '/' + path

    def query(self, operation):
        """What the query must have."""
        return {p['name']: self.samples.value(p['schema']) for p in operation.parameters if p['in'] == 'query' and p.get('required')}

    def content(self, operation):
        """(content type, schema) of the body; (None, None) without one."""
        if 'requestBody' not in operation.spec:
            return None, None
        return next((kind, media['schema']) for kind, media in self.control.openapi.resolve(operation.spec['requestBody'])['content'].items())

    def body(self, operation):
        schema = self.content(operation)[1]
        return self.samples.value(schema) if schema else None

    def send(self, operation, client=None, body=None, raw=None, headers=None, query=None, path=None, method=None):
        sent = dict(headers or {})
        kind = self.content(operation)[0]
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None and 'Content-Type' not in sent:
            sent['Content-Type'] = kind or 'application/json'
        return (client or self.control).request(method or operation.method, path or self.path(operation), None,
                                                self.query(operation) if query is None else query, sent, raw)

    def send_whole(self, operation, client, **options):
        """With a body and headers that fit."""
        headers = {'If-Match': '*'} if needs_revision(operation) else {}
        return self.send(operation, client, body=self.body(operation), headers=headers, **options)


def needs_revision(operation):
    return any(parameter['name'] == 'If-Match' for parameter in operation.parameters)


def is_stream(operation):
    """What becomes a WebSocket or SSE has rules of its own."""
    return operation.template == '/events'


@pytest.fixture(scope='module')
def world(control):
    return World(control)


@pytest.fixture(autouse=True)
def _nothing_failed_inside(control):
    """No test of this module makes the server stumble."""
    yield
    assert 'a request failed inside' not in control.log()


def faulty(answers):
    """Those that are not as wanted, as texts."""
    return [f'{answer.what} ({why}): {answer.status} instead of {wanted}: {answer.body[:300]}'
            for answer, wanted, why in answers if answer.status != wanted]


# ---- the document ----

def test_document_is_sound(control):
    document = control.openapi.document
    schemas = document['components']['schemas']
    wrong = []

    def look(part, where, request):
        if isinstance(part, list):
            for index, item in enumerate(part):
                look(item, f'{where}/{index}', request)
        elif isinstance(part, dict):
            if '$ref' in part:
                control.openapi.resolve(part)  # raises when it leads nowhere
            if part.get('type') == 'object' and 'properties' in part and 'additionalProperties' not in part and not request:
                wrong.append(f'{where}: says nothing of additionalProperties')
            for name, member in part.items():
                look(member, f'{where}/{name}', request)

    for name, schema in schemas.items():
        look(schema, name, False)
    tags = {tag['name'] for tag in document['tags']}
    identifiers = [operation.id for operation in control.openapi.operations]
    assert len(identifiers) == len(set(identifiers))
    assert len(tags) == len(document['tags'])
    for operation in control.openapi.operations:
        spec, responses = operation.spec, operation.spec['responses']
        look(spec, operation.id, False)
        if not spec.get('summary') or not spec.get('tags') or not set(spec['tags']) <= tags:
            wrong.append(f'{operation.id}: no summary, or a tag that is none')
        if 'default' not in responses or not any(status[0] in '12' for status in responses):
            wrong.append(f'{operation.id}: answers {list(responses)}')
        for status, response in responses.items():
            response = control.openapi.resolve(response)
            if not response.get('description'):
                wrong.append(f'{operation.id} {status}: no description')
            if status not in ('101', '204', '304') and not all('schema' in media for media in response.get('content', {'none': {}}).values()):
                wrong.append(f'{operation.id} {status}: no schema')
        declared = {p['name'] for p in operation.parameters if p['in'] == 'path'}
        if declared != set(operation.path_parameters):
            wrong.append(f'{operation.id}: parameters {declared} of the path')
        if operation.method in ('PUT', 'PATCH') and not needs_revision(operation):
            wrong.append(f'{operation.id}: changes configuration without If-Match')
        content = control.openapi.resolve(spec.get('requestBody', {})).get('content', {})
        for media in content.values():
            schema = control.openapi.resolve(media['schema'])
            if schema.get('type') == 'object' and schema.get('additionalProperties') is not False:
                wrong.append(f'{operation.id}: its body may have anything')
    assert not wrong, '\n'.join(wrong)


def test_document_is_cached(control):
    first = control.get('/openapi.json').must(200)
    assert control.get('/openapi.json', if_none_match=first.etag).must(304).body == b''
    packed = control.client().request('GET', '/openapi.json', headers={'Accept-Encoding': 'gzip'}, check=False)
    assert packed.headers['content-encoding'] == 'gzip' and gzip.decompress(packed.body) == first.body


# ---- every route ----

def test_keys_are_asked_for(world):
    bad = ('slc_' + '0' * 20 + '_' + 'A' * 43, 'slc_', 'x', 'x' * 2000, world.key['key'][:-1] + ('A' if world.key['key'][-1] != 'A' else 'B'))
    answers = []
    for operation in world.operations:
        if operation.public:
            continue
        answers.append((world.send_whole(operation, world.control.client(None)), 401, 'no key'))
        answers += [(world.send_whole(operation, world.control.client(key)), 401, 'bad key') for key in bad]
        for header in ('Basic eDp5', 'Bearer', f"Token {world.key['key']}"):
            answers.append((world.send(operation, world.control.client(None), headers={'Authorization': header}), 401, header))
    assert all(answer.headers['www-authenticate'] == 'Bearer' for answer, _, _ in answers)
    assert len({answer.json['detail'] for answer, _, why in answers if why == 'bad key'}) == 1
    assert not faulty(answers)


def test_scopes_are_asked_for(world):
    answers = []
    for operation in world.operations:
        if operation.scope is not None:
            client = world.narrow[operation.scope == world.narrow_scopes[0]]
            answers.append((world.send_whole(operation, client), 403, f'needs {operation.scope}'))
    assert len(answers) > 20 and not faulty(answers)


def test_methods_that_are_not_there(world):
    answers = []
    templates = {operation.template: operation for operation in world.operations}
    for template, operation in templates.items():
        there = {other.method for other in world.operations if other.template == template}
        for method in [*METHODS, 'trace', 'brew']:
            if method.upper() not in there:
                answer = world.send(operation, method=method.upper(), query={})
                answers.append((answer, 405, method))
                assert set(answer.headers['allow'].split(', ')) - {'OPTIONS', 'HEAD'} == there
        options = world.control.request('OPTIONS', world.path(operation), check=False)
        assert options.status == 204 and set(options.headers['allow'].split(', ')) - {'OPTIONS', 'HEAD'} == there
    assert not faulty(answers)


def test_bodies_that_are_no_json(world):
    answers = []
    for operation in world.operations:
        if world.content(operation)[0] is None:
            if not is_stream(operation):
                answers.append((world.send(operation, raw=b'{"a": 1}'), 400, 'a body where there is none'))
            continue
        required = world.control.openapi.resolve(operation.spec['requestBody']).get('required', False)
        for raw, status in RAW:
            if raw or required:
                answers.append((world.send(operation, raw=raw), status, raw[:30]))
        for kind in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json; charset=latin1', ''):
            answers.append((world.send(operation, raw=b'{}', headers={'Content-Type': kind}), 415, kind))
    assert len(answers) > 100 and not faulty(answers)


def test_bodies_that_do_not_fit(world):
    wrong, count = [], 0
    for operation in world.operations:
        schema = world.content(operation)[1]
        for what, body, pointer in world.samples.faults(schema) if schema else ():
            answer = world.send(operation, raw=json.dumps(body).encode())
            count += 1
            if answer.status != 422 or answer.code != 'invalid':
                wrong.append(f'{operation.id} {what}: {answer.status} {answer.body[:300]}')
            elif pointer not in answer.pointers and not any(p.startswith(pointer) for p in answer.pointers):
                wrong.append(f'{operation.id} {what}: {answer.pointers} instead of {pointer}')
    assert count > 150 and not wrong, '\n'.join(wrong)


def test_queries_that_do_not_fit(world):
    answers = []
    for operation in world.operations:
        if is_stream(operation):
            continue
        answers.append((world.send_whole(operation, None, query={'no_such_thing': 1}), 400, 'unknown parameter'))
        for parameter in operation.parameters:
            if parameter['in'] != 'query':
                continue
            schema = world.control.openapi.resolve(parameter['schema'])
            rest = world.query(operation)
            bad = {'integer': ['x', '1.5', '', 'NaN', '99999999999999999999'], 'boolean': ['maybe', '']}.get(schema.get('type'), [])
            if 'maximum' in schema:
                bad.append(schema['maximum'] + 1)
            if 'enum' in schema:
                bad.append('no such word')
            if 'maxLength' in schema:
                bad.append('x' * (schema['maxLength'] + 1))
            for value in bad:
                answers.append((world.send(operation, query=rest | {parameter['name']: value}), 400, f"{parameter['name']}={value}"))
        if any(parameter['name'] == 'cursor' for parameter in operation.parameters):
            for cursor in ('x', '!!', 'MmFiYw', 'A' * 500):
                answer = world.send(operation, query=world.query(operation) | {'cursor': cursor})
                if answer.status < 500:  # what asks a database fails there first
                    answers.append((answer, 400, f'cursor={cursor}'))
        path = world.path(operation)
        for query in ('a=%zz', 'limit=1&limit=2', 'a=%00', 'a=%ff', '&'.join(f'a{i}=1' for i in range(40))):
            answers.append((world.send(operation, query={}, path=f'{path}?{query}', body=world.body(operation)), 400, query[:30]))
    assert not faulty(answers)


def test_types_that_nobody_answers_with(world):
    answers = [(world.send_whole(operation, None, path=None), 0, '') for operation in ()]
    for operation in world.operations:
        if operation.method == 'GET' and not is_stream(operation):
            answers.append((world.send(operation, headers={'Accept': 'image/png, text/css;q=0.5'}), 406, 'Accept'))
    assert not faulty(answers)


def test_ids_that_are_none(world):
    """Whatever stands in the path: 404 or 400, and no part of it reaches what is not below it."""
    wrong = []
    for operation in world.operations:
        if '{' not in operation.template:
            continue
        for text in HOSTILE:
            ids = {name: text for name in operation.path_parameters}
            answer = world.send(operation, path=operation.path(**ids).removeprefix('/api/v1'), body=world.body(operation),
                                headers={'If-Match': '*'})
            if answer.status not in (400, 404, 405):
                wrong.append(f'{answer.what}: {answer.status} {answer.body[:300]}')
    assert not wrong, '\n'.join(wrong)


def test_revisions_are_asked_for(world):
    answers = []
    for operation in world.operations:
        if needs_revision(operation) and not operation.template.startswith('/tenants'):
            body = world.body(operation)
            answers.append((world.send(operation, body=body), 428, 'no If-Match'))
            for header in ('"999999999"', '"x"', '', '1', '"' + 'x' * 150 + '"'):
                answers.append((world.send(operation, body=body, headers={'If-Match': header}), 412, header))
    assert answers and not faulty(answers)


def test_another_tenant_sees_nothing(world):
    """Every route with ids of the first tenant, asked by a key of the second that may do everything."""
    wrong, count = [], 0
    for operation in world.operations:
        if operation.public or operation.template.startswith(('/tenants', '/workers', '/system')):
            continue
        if 'id' in operation.path_parameters:
            answer = world.send_whole(operation, world.other)
            count += 1
            if answer.status != 404:
                wrong.append(f'{answer.what}: {answer.status} {answer.body[:300]}')
        elif operation.method == 'GET':
            answer = world.send(operation, world.other)
            for thing in (world.connection, world.stream, world.run, world.key):
                if thing['id'] in answer.text:
                    wrong.append(f"{answer.what} tells of {thing['id']}")
    assert count > 25 and not wrong, '\n'.join(wrong)


def test_another_tenants_ids_in_bodies(world):
    source = {'connection_id': world.connection['id'], 'tables': ['public.*']}
    stream = {'name': 'theirs', 'mode': 'cdc', 'source': source, 'targets': [{'name': 'writer', 'connection_id': world.connection['id']}]}
    assert world.other.post('/streams', stream).status in (404, 422)
    for path in ('/streams/validate', '/streams/type-map'):
        if world.has(path):
            assert world.other.post(path, {'stream_id': world.stream['id']}).status in (404, 422)
            assert world.other.post(path, {name: stream[name] for name in ('mode', 'source', 'targets')}).status in (404, 422)


def test_tenants_are_the_administrators(world):
    """A key of a tenant without tenants:admin reaches no other, whatever it asks for."""
    client = world.other
    for operation in world.operations:
        if operation.template.startswith('/tenants'):
            assert world.send_whole(operation, client).status in (403, 404)
    assert client.post('/api-keys', {'name': 'x', 'scopes': ['streams:read'], 'tenant': 'default'}).status in (403, 404)
    assert client.post('/api-keys', {'name': 'x', 'scopes': ['tenants:admin']}).status in (403, 422)
    assert client.get('/api-keys', {'tenant': 'default'}).status in (403, 404)


def test_secrets_are_in_no_answer(world):
    for operation in world.operations:
        if operation.method == 'GET' and not is_stream(operation):
            answer = world.send(operation)
            assert 'hunter2' not in answer.text and world.key['key'] not in answer.text, answer.what
    assert 'hunter2' not in world.control.log()


# ---- sizes and requests out of form ----

def test_addresses_and_headers_are_bounded(control):
    client = control.client()
    assert client.request('GET', '//' + 'a' * 9000).code == 'headers_too_large'
    assert client.request('GET', '//livez', headers={'X-Long': 'a' * 17000}).code == 'headers_too_large'
    assert client.request('GET', '//livez', headers={f'X-{i}': 'a' for i in range(70)}).code == 'headers_too_large'
    for path in ('//', '//nothing', '/', '/nothing', '//api', '//api/v2/streams', '//livez/', '//LIVEZ', '//../../etc/passwd', '//%2e%2e/etc/passwd'):
        assert client.request('GET', path).code == 'not_found', path


def raw_exchange(port, sent):
    """What comes back for bytes that are no proper request, as long as anything comes."""
    with socket.create_connection(('127.0.0.1', port), 10) as connection:
        connection.sendall(sent)
        got = b''
        try:
            while more := connection.recv(65536):
                got += more
        except ConnectionResetError:
            pass
        return got


def test_what_is_no_http(served):
    control = served('--request-timeout', '300ms')
    for sent in (b'\0\0\0\0\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'\0' * 40 + b'\r\n\r\n',
                 b'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', b'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
                 b'POST /api/v1/streams HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n',
                 b'GET /livez HTTP/1.1\r\n' + b'A: b\r\n' * 20000 + b'\r\n', b'GET /' + b'a' * 200000 + b' HTTP/1.1\r\n\r\n'):
        got = raw_exchange(control.api_port, sent)
        assert not got.startswith((b'HTTP/1.1 2', b'HTTP/1.0 2')), (sent[:40], got[:100])
    control.get('//livez').must(200)


def test_request_ids(control):
    assert control.get('//livez', x_request_id='my-1.2_3').headers['x-request-id'] == 'my-1.2_3'
    for bad in ('a b', 'x' * 65, '<script>', 'a"b'):
        assert control.get('//livez', x_request_id=bad).headers['x-request-id'].startswith('req_')
    problem = control.get('/nothing', x_request_id='find-me')
    assert problem['request_id'] == 'find-me' and 'request_id=find-me' in control.log()


def test_head_is_get_without_the_body(control):
    answer = control.request('HEAD', '/openapi.json', check=False)
    assert answer.status == 200 and answer.body == b'' and int(answer.headers['content-length']) > 1000


# ---- once ----

def test_idempotency_key(control):
    body = {'name': 'once', 'scopes': ['streams:read']}
    first = control.post('/api-keys', body, idempotency_key='k-1').must(201)
    again = control.post('/api-keys', body, idempotency_key='k-1').must(201)
    assert again.json == first.json and again.headers['idempotency-replayed'] == 'true'
    assert again.headers['location'] == first.headers['location'] and again.etag == first.etag
    assert control.post('/api-keys', body | {'name': 'other'}, idempotency_key='k-1').must(422).code == 'idempotency_mismatch'
    assert control.post('/api-keys', body, idempotency_key='k-2').must(201)['id'] != first['id']
    for bad in ('', 'x' * 256, 'a b', 'é'.encode().decode('latin1')):
        assert control.post('/api-keys', body, idempotency_key=bad).status == 400, bad
    # What failed was not done: the key is free again.
    assert control.post('/api-keys', {'name': '', 'scopes': []}, idempotency_key='k-3').must(422)
    assert control.post('/api-keys', body, idempotency_key='k-3').must(201)
    mine, _ = control.new_client(['*'])
    assert mine.post('/api-keys', body, idempotency_key='k-1').must(201)['id'] != first['id']


def test_idempotency_key_at_the_same_time(control):
    body = {'name': 'at once', 'scopes': ['streams:read']}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: control.client().post('/api-keys', body, idempotency_key='race'), range(16)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer['id'] for answer in answers if answer.status == 201}) == 1
    assert all('retry-after' in answer.headers for answer in answers if answer.status == 409)
    assert len([key for key in control.items('/api-keys') if key['name'] == 'at once']) == 1


def test_pages(control):
    names = {key['name'] for key in control.items('/api-keys', limit=1)}
    assert names == {key['name'] for key in control.items('/api-keys', limit=200)} and 'first' in names


# ---- servers with other options ----

@pytest.fixture(scope='module')
def served(nats, control):
    """served(*options, **more): another server behind the same NATS, started."""
    running = []

    def serve(*args, ready=True, **options):
        server = ControlServer(nats, [str(arg) for arg in args], peer=control, name=f'control-{len(running)}', **options)
        running.append(server)
        return server.start(ready)
    yield serve
    for server in running:
        server.remove()


def test_rate_limits(served):
    limited = served('--rate-limit', 3, '--address-rate-limit', 0)
    answers = [limited.get('/system/version') for _ in range(10)]
    assert {answer.status for answer in answers} == {200, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.code == 'rate_limited' and refused['retryable'] and int(refused.headers['retry-after']) >= 1
    assert limited.new_client  # another key has a limit of its own:
    wait_for(lambda: limited.get('/system/version').status == 200, 10, 'the rate to be met again')
    limited.get('//livez').must(200)


def test_rate_limit_of_addresses(served):
    limited = served('--rate-limit', 0, '--address-rate-limit', 40)
    client = limited.client('no key')
    answers = [client.get('/system/version') for _ in range(200)]
    assert {answer.status for answer in answers} == {401, 429}


def test_origins(served):
    open_to = served('--cors-origins', 'https://ops.example.com,https://other.example.com')
    allowed = open_to.get('/system/version', origin='https://ops.example.com').must(200)
    assert allowed.headers['access-control-allow-origin'] == 'https://ops.example.com'
    assert 'Origin' in allowed.headers['vary'] and 'access-control-allow-credentials' not in allowed.headers
    preflight = open_to.request('OPTIONS', '/streams', headers={'Origin': 'https://ops.example.com', 'Access-Control-Request-Method': 'POST'}, check=False)
    assert preflight.status == 204 and 'POST' in preflight.headers['access-control-allow-methods']
    assert 'Authorization' in preflight.headers['access-control-allow-headers']
    failed = open_to.get('/nothing', origin='https://ops.example.com')
    assert failed.headers['access-control-allow-origin'] == 'https://ops.example.com'
    for origin in ('https://ops.example.com.evil.com', 'http://ops.example.com', 'null', 'https://OPS.example.com', 'https://ops.example.com:444'):
        assert 'access-control-allow-origin' not in open_to.get('/system/version', origin=origin).headers


def test_ipv6(served):
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('this machine has no IPv6')
    six = served('--insecure-listen', '--rate-limit', 0, '--address-rate-limit', 5, host='[::]')
    client = six.client()
    client.host = '::1'
    statuses = [client.request('GET', '/system/version', check=False).status for _ in range(30)]
    assert set(statuses) == {200, 429}
    wait_for(lambda: six.get('/system/version').status == 200, 10, 'IPv4, which has a rate of its own')


def test_no_origins_without_being_told(control):
    answer = control.get('/system/version', origin='https://ops.example.com')
    assert not [name for name in answer.headers if name.startswith('access-control')]


def test_tls(served):
    certificates = Certificates('control')
    server = served(certificates=certificates)
    answer = server.get('/system/version').must(200)
    assert 'strict-transport-security' in answer.headers
    with pytest.raises(OSError), pytest.warns(DeprecationWarning):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(certificates.ca)
        old.set_ciphers('ALL:@SECLEVEL=0')
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(('127.0.0.1', server.api_port), 10) as plain, old.wrap_socket(plain, server_hostname='127.0.0.1'):
            pass
    assert not raw_exchange(server.api_port, b'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n').startswith(b'HTTP/1.1 2')
    body = {'name': 'x' * 90, 'scopes': ['streams:read']}
    assert server.post('/api-keys', body).must(201)['name'] == 'x' * 90
    server.get('/openapi.json').must(200)


def run_refused(nats, *args):
    folder = private_folder('refused')
    return subprocess.run([program(BUILD / 'sluice-control'), '--nats', nats.url, '--master-key-file', folder / 'key', *map(str, args)],
                          capture_output=True, text=True, timeout=30, check=False, cwd='/')


def test_options_that_are_refused(nats, served):
    beyond = run_refused(nats, '--listen', '0.0.0.0:0')
    assert beyond.returncode == 2 and '--insecure-listen' in beyond.stderr and '--tls-cert' in beyond.stderr
    for args, message in ((('--tls-cert', '/x'), 'go together'), (('--listen', 'nowhere'), 'HOST:PORT'), (('--web-root', '/no/such'), '/no/such'),
                          (('--tls-cert', '/etc/hostname', '--tls-key', '/etc/hostname'), 'cannot start the listener'),
                          (('--allow-addresses', '10.0.0.0/99'), '10.0.0.0/99')):
        done = run_refused(nats, *args)
        assert done.returncode != 0 and message in done.stderr, (args, done.stderr)
    served('--insecure-listen', host='0.0.0.0').get('/system/version').must(200)


def test_slow_clients_are_cut_off(served):
    server = served('--request-timeout', '300ms')
    slow = []
    for begun in (b'', b'GET /live', b'GET /livez HTTP/1.1\r\nHost: a\r\nX-', b'POST /api/v1/streams HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{'):
        connection = socket.create_connection(('127.0.0.1', server.api_port), 10)
        connection.sendall(begun)
        slow.append(connection)
    server.get('//livez').must(200)

    def dripping():
        """True when all were cut off, though each sends a byte now and then."""
        for connection in list(slow):
            connection.settimeout(0.02)
            try:
                connection.sendall(b'a')
                ended = connection.recv(4096) == b''
            except TimeoutError:
                ended = False
            except OSError:
                ended = True
            if ended:
                connection.close()
                slow.remove(connection)
        return not slow
    wait_for(dripping, 30, lambda: f'{len(slow)} slow clients to be cut off')
    server.get('//livez').must(200)


def test_many_connections(served):
    server = served('--max-connections', 20)
    held = [socket.create_connection(('127.0.0.1', server.api_port), 10) for _ in range(60)]
    for connection in held:
        connection.close()
    clients = [server.client() for _ in range(12)]

    def asked(client):
        try:
            return client.get('/system/version').status
        except OSError:
            return None
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        wait_for(lambda: set(pool.map(asked, clients)) == {200}, 30, 'the server to have room again')
        answers = pool.map(lambda client: [asked(client) for _ in range(10)], clients)
        assert list(answers) == [[200] * 10] * len(clients)


def test_end_with_open_connections(served):
    server = served()
    idle = server.client()
    idle.get('/system/version').must(200)
    half = socket.create_connection(('127.0.0.1', server.api_port), 10)
    half.sendall(b'POST /api/v1/streams HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{')
    assert server.stop() == 0
    half.close()


def test_files_of_the_dashboard(served):
    folder = private_folder('web')
    for path, text in (('index.html', '<!doctype html><title>Sluice</title>'), ('assets/app-3f9a1c2b.js', 'let a = 1;' * 300),
                       ('assets/plain.css', 'a{}'), ('.secret', 'hidden')):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    folder.chmod(0o755)
    (folder / 'outside').symlink_to('/etc/passwd')
    client = served('--web-root', folder).client()

    def fetch(path, **headers):
        return client.request('GET', '/' + path, headers=headers, check=False)
    page = fetch('/index.html')
    assert page.status == 200 and page.headers['content-type'] == 'text/html; charset=utf-8' and page.headers['cache-control'] == 'no-cache'
    assert "script-src 'self'" in page.headers['content-security-policy'] and 'unsafe' not in page.headers['content-security-policy']
    assert fetch('/index.html', If_None_Match=page.etag).status == 304
    for path in ('/', '/streams', '/streams/str_1', '/runs/x/y'):
        assert fetch(path).body == page.body, path
    script = fetch('/assets/app-3f9a1c2b.js')
    assert 'immutable' in script.headers['cache-control'] and 'immutable' not in fetch('/assets/plain.css').headers['cache-control']
    packed = fetch('/assets/app-3f9a1c2b.js', Accept_Encoding='gzip')
    assert packed.headers['content-encoding'] == 'gzip' and gzip.decompress(packed.body) == script.body
    for path in ('/.secret', '/assets/none.js', '/%2e%2e/etc/passwd.txt', '/../etc/passwd.txt', '/api/v1/nothing', '/api/nothing'):
        assert fetch(path).status == 404, path
    assert b'root:' not in fetch('/outside').body
    assert client.request('POST', '//streams', check=False).status == 404


def test_metrics_and_health(control):
    control.get('/nothing')
    control.get('/system/status').must(200)
    assert control.get('//readyz', {'verbose': '1'}).text.startswith('+nats ok\n+store ok')
    series = control.metrics()
    assert control.metric('sluice_control_http_request_duration_seconds_count', route='/system/status', method='GET', code='200') >= 1
    assert control.metric('sluice_control_http_request_duration_seconds_count', route='', code='404') >= 1
    assert {dict(labels)['method'] for name, labels in series if name == 'sluice_control_http_request_duration_seconds_count'} <= \
        {'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'OTHER'}
    assert control.get('//metrics').must(200).text.count('sluice_build_info') >= 1
    assert control.metric('sluice_control_http_connections') >= 1


def _answers(server):
    try:
        return server.client().request('GET', '//livez', check=False).status == 200
    except OSError:
        return False


def test_the_master_key_is_rotated(control, nats):
    """What was sealed before is opened after, by a server that goes on running."""
    body = {'name': 'sealed', 'scopes': ['streams:read']}
    first = control.post('/api-keys', body, idempotency_key='sealed').must(201)
    fresh = control.master_key.with_name('fresh')
    command = [program(BUILD / 'sluice-control'), 'rotate-master-key', '--nats', nats.url, '--master-key-file', control.master_key]
    with pytest.raises(RuntimeError, match='--new-master-key-file is required'):
        run(command)
    told = run([*command, '--new-master-key-file', fresh])
    assert 'sealed under the new master key' in told and fresh.stat().st_mode & 0o777 == 0o400
    fresh.replace(control.master_key)
    assert control.post('/api-keys', body, idempotency_key='sealed').must(201).json == first.json
    control.post('/api-keys', body, idempotency_key='sealed-anew').must(201)


# ---- several servers, NATS away (last: it stops the module's NATS) ----

def test_what_one_server_makes_another_has(served, control):
    second = served()
    made = control.post('/api-keys', {'name': 'seen', 'scopes': ['streams:read']}).must(201)
    wait_for(lambda: second.get(f"/api-keys/{made['id']}").status == 200, 10, 'the other server to know the key')
    second.client(made['key']).get('/streams').must(200)


def test_without_nats_reading_goes_on(nats, control, world, served):
    nats.stop()
    late = served(ready=False)
    wait_for(lambda: control.get('//readyz').status == 503, 30, 'the server to say that it is not ready')
    control.get('//livez').must(200)
    assert control.get('/connections').must(200)['items']
    assert control.get('/system/status').must(200)['status'] == 'degraded'
    refused = control.post('/api-keys', {'name': 'x', 'scopes': ['streams:read']}).must(503)
    assert refused.code == 'unavailable' and int(refused.headers['retry-after']) >= 1
    for operation in world.operations:
        if not is_stream(operation):
            assert world.send_whole(operation, None).status != 500
    wait_for(lambda: _answers(late), 30, 'a server to begin without NATS')
    begun = late.client()
    assert begun.request('GET', '//readyz', check=False).status == 503
    assert begun.request('GET', '/connections', check=False).must(503).code == 'unavailable'
    nats.start()
    for server in (control, late):
        client = server.client()
        wait_for(lambda client=client: client.get('//readyz').status == 200, 30, 'the server to be ready again')
        client.get('/connections').must(200)
    control.post('/api-keys', {'name': 'x', 'scopes': ['streams:read']}).must(201)
