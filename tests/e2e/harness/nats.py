"""nats-server processes with JetStream, and a small client for the plain protocol."""
import base64
import json
import shutil
import signal
import socket
import threading
import time
import urllib.request

from . import servers
from .ports import free_port
from .process import Process, private_folder, service_user
from .wait import wait_for

PANICKED = 2  # exit status


class NatsError(Exception):
    """An error the server told: the text after -ERR, or a JetStream error."""


class NatsClient:
    """One connection. Not for threads; every call has a timeout in seconds.

    nkey is an nkeys.Nkey that signs the server's nonce; with a JWT that is about it too.
    """

    def __init__(self, port, host='127.0.0.1', user=None, password=None, token=None, tls=None, nkey=None, jwt=None,
                 timeout=5):
        self._timeout = timeout
        self._socket = socket.create_connection((host, port), timeout)
        self._buffer = b''
        self._early = []  # messages that came while flush() waited
        self._next_sid = 1
        try:
            self.info = json.loads(self._read_line()[len('INFO '):])
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host)
            options = {'verbose': False, 'pedantic': False, 'headers': True, 'no_responders': True, 'lang': 'python',
                       'version': '1', 'user': user, 'pass': password, 'auth_token': token, 'jwt': jwt}
            if nkey is not None:
                signature = nkey.sign(self.info['nonce'].encode())
                options.update(nkey=nkey.public, sig=base64.urlsafe_b64encode(signature).decode().rstrip('='))
            self._send('CONNECT ' + json.dumps({key: value for key, value in options.items() if value is not None}))
            self.flush()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def flush(self):
        """Returns when the server has handled everything sent so far."""
        self._send('PING')
        while (line := self._read_line()) != 'PONG':
            message = self._message_of(line)
            if message:
                self._early.append(message)

    def publish(self, subject, payload=b'', reply=None, headers=None):
        payload = payload.encode() if isinstance(payload, str) else payload
        if headers:
            head = 'NATS/1.0\r\n' + ''.join(f'{key}: {value}\r\n' for key, value in headers.items()) + '\r\n'
            line = ['HPUB', subject, reply, str(len(head)), str(len(head) + len(payload))]
            payload = head.encode() + payload
        else:
            line = ['PUB', subject, reply, str(len(payload))]
        self._send(' '.join(word for word in line if word).encode() + b'\r\n' + payload)

    def subscribe(self, subject):
        """A subscription id; its messages come from next_message()."""
        sid = self._next_sid
        self._next_sid += 1
        self._send(f'SUB {subject} {sid}')
        return sid

    def unsubscribe(self, sid):
        self._send(f'UNSUB {sid}')

    def next_message(self, timeout=None):
        """The next message of any subscription: (sid, subject, reply, headers, payload)."""
        if self._early:
            return self._early.pop(0)
        self._socket.settimeout(timeout or self._timeout)
        while True:
            message = self._message_of(self._read_line())
            if message:
                return message

    def _message_of(self, line):
        words = line.split(' ')
        if words[0] == 'MSG':
            return self._read_message(words, 0, int(words[-1]))
        if words[0] == 'HMSG':
            return self._read_message(words, int(words[-2]), int(words[-1]))
        return None

    def _read_message(self, words, head_size, size):
        body = self._read_exactly(size + 2)[:-2]
        optional = words[3:-2 if head_size else -1]
        lines = body[:head_size].decode().split('\r\n')
        headers = dict(line.split(':', 1) for line in lines[1:] if line)
        headers = {key: value.strip() for key, value in headers.items()}
        headers['Status'] = lines[0][len('NATS/1.0'):].strip()
        return int(words[2]), words[1], optional[0] if optional else None, headers, body[head_size:]

    def request(self, subject, payload=b'', timeout=None, headers=None):
        """The payload of the first answer."""
        inbox = f'_INBOX.test.{self._next_sid}'
        sid = self.subscribe(inbox)
        self.publish(subject, payload, reply=inbox, headers=headers)
        try:
            while True:
                got, _, _, answer_headers, body = self.next_message(timeout)
                if got == sid:
                    break
        finally:
            self.unsubscribe(sid)
        if answer_headers['Status'].startswith('503'):
            raise NatsError(f'no responders on {subject}')
        return body

    def request_json(self, subject, payload=None, timeout=None):
        """A JetStream API call; an error in the answer is raised."""
        answer = json.loads(self.request(subject, json.dumps(payload) if payload is not None else b'', timeout))
        if 'error' in answer:
            raise NatsError(f"{answer['error'].get('description')} ({answer['error'].get('err_code')})")
        return answer

    # -- the protocol's lines --------------------------------------------

    def _send(self, data):
        data = data.encode() if isinstance(data, str) else data
        self._socket.settimeout(self._timeout)
        self._socket.sendall(data + b'\r\n')

    def _read_line(self):
        """A line, pings answered and errors raised."""
        while True:
            while b'\r\n' not in self._buffer:
                self._receive()
            line, _, self._buffer = self._buffer.partition(b'\r\n')
            text = line.decode()
            if text == 'PING':
                self._send('PONG')
            elif text.startswith('-ERR'):
                raise NatsError(text[5:].strip("' "))
            else:
                return text

    def _read_exactly(self, size):
        while len(self._buffer) < size:
            self._receive()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _receive(self):
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError('the NATS server closed the connection')
        self._buffer += data


class NatsServer:
    """A server on its own port and store; stop(), kill() and start() keep both.

    conf is text added to the configuration file. user and password, or token,
    or authorization (the text of that block) ask for credentials; an
    nkeys.Operator's conf asks for JWTs; certificates (tls.Certificates) turn TLS on.
    """

    def __init__(self, version=servers.DEBIAN_NATS, conf='', name='nats', user=None, password=None, token=None,
                 authorization=None, certificates=None, verify_clients=False):
        self.version = version
        self.name = name
        self.folder = private_folder(name)
        self.store = self.folder / 'store'
        self.port = free_port()
        self.monitor_port = free_port()
        self.conf = conf
        self.user, self.password, self.token = user, password, token
        self.authorization = authorization
        self.certificates = certificates
        self.verify_clients = verify_clients
        self.process = Process(name, [servers.nats_server(version), '-c', self.folder / 'nats.conf'], self.folder)
        self._keeper = None
        self._removed = False

    @property
    def url(self):
        """Without credentials: they are given apart."""
        return f"{'tls' if self.certificates else 'nats'}://127.0.0.1:{self.port}"

    # -- life ------------------------------------------------------------

    def start(self, timeout=30):
        path = self.folder / 'nats.conf'
        path.write_text(self._config())
        user = service_user()
        if user:
            shutil.chown(path, user.pw_uid, user.pw_gid)
        path.chmod(0o600)
        self.process.start()
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._start_again, daemon=True)
            self._keeper.start()
        self.wait_ready(timeout)
        return self

    def _start_again(self):
        """As a service manager does: nats-server 2.9 dies of a nil pointer when a message is asked for of a stream that is just being made."""
        while not self._removed:
            if self.process.exit_status() == PANICKED:
                self.process.start()
            time.sleep(0.1)

    def _config(self):
        lines = [
            'host: 127.0.0.1',
            f'port: {self.port}',
            f'http: 127.0.0.1:{self.monitor_port}',
            f'server_name: {self.name}-{self.port}',
            f'jetstream {{ store_dir: "{self.store}", max_mem: 64MB, max_file: 20GB }}',
        ]
        authorization = self.authorization
        if self.user:
            authorization = f'user: {json.dumps(self.user)}, password: {json.dumps(self.password)}'
        elif self.token:
            authorization = f'token: {json.dumps(self.token)}'
        if authorization:
            lines.append(f'authorization {{ {authorization} }}')
        if self.certificates:
            lines.append(f'tls {{ cert_file: "{self.certificates.server_cert}", '
                         f'key_file: "{self.certificates.server_key}", ca_file: "{self.certificates.ca}", '
                         f'verify: {str(self.verify_clients).lower()} }}')
        return '\n'.join([*lines, self.conf, ''])

    def wait_ready(self, timeout=30):
        """Waits until clients are served and JetStream has read its store."""
        def ready():
            self.process.check_running()
            try:
                return self.monitor('healthz')['status'] == 'ok'
            except OSError:
                return False
        wait_for(ready, timeout, lambda: f'{self.name} to be ready\n{self.process.log_tail()}')

    def stop(self, timeout=30):
        return self.process.stop(signal.SIGTERM, timeout)

    def kill(self):
        self.process.kill()

    def restart(self):
        self.stop()
        return self.start()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()

    def wipe_store(self):
        """Removes all streams' files; the server must not run."""
        if self.process.is_running():
            raise RuntimeError(f'{self.name} is running: stop it before its store is removed')
        shutil.rmtree(self.store, ignore_errors=True)

    def take_store(self, folder):
        """Puts a copy of a store's folder in the place of the wiped one; the server must not run."""
        shutil.copytree(folder, self.store)
        user = service_user()
        if user:
            for path in (self.store, *self.store.rglob('*')):
                shutil.chown(path, user.pw_uid, user.pw_gid)

    def remove(self):
        self._removed = True
        self.process.remove()

    def is_running(self):
        return self.process.is_running()

    # -- looking inside --------------------------------------------------

    def monitor(self, page):
        """A page of the monitoring port: varz, jsz, connz, healthz."""
        with urllib.request.urlopen(f'http://127.0.0.1:{self.monitor_port}/{page}', timeout=5) as answer:
            return json.load(answer)

    def connect(self, **options):
        """A client with this server's credentials."""
        credentials = {'user': self.user, 'password': self.password, 'token': self.token}
        if self.certificates:
            credentials['tls'] = self.certificates.client_context(self.verify_clients)
        return NatsClient(self.port, **{**credentials, **options})

    def request(self, subject, payload=b'', timeout=5):
        with self.connect() as client:
            return client.request(subject, payload, timeout)

    def jetstream(self, call, payload=None):
        """A JetStream API call, such as STREAM.INFO.<name>."""
        with self.connect() as client:
            return client.request_json(f'$JS.API.{call}', payload)

    def streams(self):
        return self.jetstream('STREAM.NAMES')['streams'] or []

    def stream_info(self, stream, subjects=False):
        """Configuration and state; with subjects also the messages per subject."""
        return self.jetstream(f'STREAM.INFO.{stream}', {'subjects_filter': '>'} if subjects else None)

    def stream_state(self, stream):
        """messages, bytes, first_seq, last_seq, consumer_count."""
        return self.stream_info(stream)['state']

    def message(self, stream, sequence):
        """A stored message as the server gives it: subject, seq, hdrs and data in base64."""
        return self.jetstream(f'STREAM.MSG.GET.{stream}', {'seq': sequence})['message']

    def log(self):
        return self.process.log()
