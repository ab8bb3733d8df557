"""sluice-control processes, and a client that holds every answer against the OpenAPI document."""
import http.client
import json
import os
import re
import urllib.parse

from .daemon import Daemon
from .openapi import PREFIX, OpenApi
from .ports import free_port
from .process import private_folder
from .wait import wait_for
from .worker import programs_folder

FIRST_KEY = re.compile(r'API key, shown only now: (\S+)')
TIMEOUT = 30


class Problem(Exception):
    """An answer that was not expected."""

    def __init__(self, answer):
        super().__init__(f'{answer.what} -> {answer.status} {answer.body[:2000].decode(errors="replace")}')
        self.answer = answer


class Answer:
    def __init__(self, what, status, headers, body):
        self.what = what
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def content_type(self):
        text = self.headers.get('content-type')
        return text.partition(';')[0].strip() if text else None

    @property
    def json(self):
        """The body; None when it is not JSON."""
        return json.loads(self.body) if self.body and (self.content_type or '').endswith('json') else None

    @property
    def text(self):
        return self.body.decode()

    @property
    def etag(self):
        return self.headers.get('etag')

    @property
    def code(self):
        """Of a problem; None for other answers."""
        return self.json['code'] if self.content_type == 'application/problem+json' else None

    @property
    def pointers(self):
        """Places that a problem names."""
        return [error['pointer'] for error in self.json['errors']]

    def __getitem__(self, name):
        return self.json[name]

    def must(self, *statuses):
        """Itself, when it has one of the statuses (default: any 2xx)."""
        if self.status in statuses or (not statuses and 200 <= self.status < 300):
            return self
        raise Problem(self)


class Client:
    """Requests with one key. Paths are below /api/v1, or whole when they begin with "//" ("//livez").

    One connection is kept; not for threads.
    """

    def __init__(self, port, key=None, tls=None, openapi=None, host='127.0.0.1'):
        self.host, self.port, self.key, self.tls = host, port, key, tls
        self._openapi = openapi if openapi is not None else []
        self._connection = None

    def with_key(self, key):
        return Client(self.port, key, self.tls, self._openapi, self.host)

    @property
    def openapi(self):
        """The document, asked for once."""
        if not self._openapi:
            self._openapi.append(OpenApi(json.loads(self._send('GET', PREFIX + '/openapi.json', None, {})[2])))
        return self._openapi[0]

    def get(self, path, query=None, **headers):
        return self.request('GET', path, None, query, headers)

    def post(self, path, body=None, query=None, **headers):
        return self.request('POST', path, body, query, headers)

    def put(self, path, body=None, query=None, **headers):
        return self.request('PUT', path, body, query, headers)

    def patch(self, path, body=None, query=None, **headers):
        headers.setdefault('content_type', 'application/merge-patch+json')
        return self.request('PATCH', path, body, query, headers)

    def delete(self, path, query=None, **headers):
        return self.request('DELETE', path, None, query, headers)

    def items(self, path, **query):
        """All items of a list, page by page."""
        items = []
        while True:
            page = self.get(path, query).must(200)
            items += page['items']
            if page['next_cursor'] is None:
                return items
            query['cursor'] = page['next_cursor']

    def request(self, method, path, body=None, query=None, headers=None, raw=None, check=True):
        """body is sent as JSON, raw as it is. Names of headers have _ for -; a value None leaves one out."""
        target = path[1:] if path.startswith('//') else PREFIX + path
        if query:
            target += '?' + urllib.parse.urlencode(query)
        sent = {}
        if self.key is not None:
            sent['Authorization'] = f'Bearer {self.key}'
        if body is not None:
            sent['Content-Type'] = 'application/json'
            raw = json.dumps(body).encode()
        for name, value in (headers or {}).items():
            name = name.replace('_', '-').title()
            sent.pop(name, None)
            if value is not None and not (name == 'Content-Type' and raw is None):
                sent[name] = value
        status, got, content = self._send(method, target, raw, sent)
        answer = Answer(f'{method} {target}', status, got, content)
        if check:
            self.openapi.check(method, target, status, answer.content_type, answer.json)
            if 'x-request-id' not in answer.headers:
                raise AssertionError(f'{answer.what}: no X-Request-Id')
        return answer

    def _send(self, method, target, raw, headers):
        """Once more on a new connection when the kept one was closed meanwhile."""
        for fresh in (self._connection is None, True):
            if fresh or self._connection is None:
                self.close()
                self._connection = self.open()
            try:
                self._connection.request(method, target, raw, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if fresh:
                    raise
        raise AssertionError('not reached')

    def open(self):
        """A new connection."""
        if self.tls is not None:
            return http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class ControlServer(Daemon):
    """A sluice-control on a port of its own, which it keeps over restarts.

    nats is a NatsServer; peer another ControlServer behind the same one: its master key and first key count here too.
    certificates (tls.Certificates) turn TLS on, host is where it listens. Without limits in args there are none.
    """

    def __init__(self, nats, args=(), env=None, name='control', peer=None, certificates=None, host='127.0.0.1'):
        self.nats = nats
        self.api_port = free_port()
        self.certificates = certificates
        self._key = peer.key if peer else None
        self.master_key = peer.master_key if peer else private_folder('master') / 'key'
        self._openapi = []
        self._client = None
        options = {'--listen': f'{host}:{self.api_port}', '--nats': nats.url, '--master-key-file': self.master_key,
                   '--rate-limit': '0', '--address-rate-limit': '0'}
        if certificates:
            options |= {'--tls-cert': certificates.server_cert, '--tls-key': certificates.server_key}
        # Beside its own program, which is a copy, it finds none of those that it runs for checks.
        env = {'PATH': f'{programs_folder()}:{os.environ["PATH"]}', **(env or {})}
        super().__init__('sluice-control', [*(word for option in options.items() if option[0] not in args for word in option),
                                            *args], env, name)

    @property
    def url(self):
        return f"{'https' if self.certificates else 'http'}://127.0.0.1:{self.api_port}"

    @property
    def key(self):
        """The first key, which the first server prints once."""
        if self._key is None:
            self._key = wait_for(lambda: FIRST_KEY.search(self.log()), TIMEOUT, 'the first API key')[1]
        return self._key

    def start(self, ready=True, timeout=30):
        super().start(ready, timeout)
        if ready:
            wait_for(self._answers, timeout, lambda: f'{self.name} to serve\n{self.process.log_tail()}')
            self._client = self.client()
        return self

    def _answers(self):
        try:
            self.client(None).request('GET', '//readyz', check=False).must(200)
        except (OSError, Problem):
            return False
        return True

    def client(self, key=...):
        """A client of its own, with the first key, or another, or None for none."""
        tls = self.certificates.client_context() if self.certificates else None
        return Client(self.api_port, self.key if key is ... else key, tls, self._openapi)

    def new_client(self, scopes=('*',), tenant=None, name='test'):
        """A client with a new key, and the key's id."""
        body = {'name': name, 'scopes': list(scopes)} | ({'tenant': tenant} if tenant else {})
        made = self.post('/api-keys', body).must(201)
        return self.client(made['key']), made['id']

    def get(self, *args, **options):
        return self._client.get(*args, **options)

    def post(self, *args, **options):
        return self._client.post(*args, **options)

    def put(self, *args, **options):
        return self._client.put(*args, **options)

    def patch(self, *args, **options):
        return self._client.patch(*args, **options)

    def delete(self, *args, **options):
        return self._client.delete(*args, **options)

    def items(self, *args, **options):
        return self._client.items(*args, **options)

    def request(self, *args, **options):
        return self._client.request(*args, **options)

    @property
    def openapi(self):
        return self._client.openapi
