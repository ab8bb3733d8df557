"""A client of /api/v1/events: WebSocket frames and server-sent events, as far as tests need them."""
import base64
import json
import os
import socket
import struct
import urllib.parse

from .control import PREFIX, TIMEOUT, ControlServer

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, body):
        super().__init__(f'{status}: {body[:500]}')
        self.status, self.body = status, body


class Closed(Exception):
    """The server closed, with this status (None: without a close frame)."""

    def __init__(self, status, reason=''):
        super().__init__(f'closed with {status} {reason}')
        self.status, self.reason = status, reason


class EventSocket:
    """A WebSocket of a Client or ControlServer. Without a ticket it gets one with the key; receive_bytes makes a socket
    that takes little."""

    def __init__(self, client, ticket=..., query=None, headers=None, receive_bytes=None):
        client = client.client() if isinstance(client, ControlServer) else client
        if ticket is ...:
            ticket = client.post('/events/tickets').must(201)['ticket']
        self.buffer = b''
        self.seq = 0  # the newest that was seen
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect((client.host, client.port))
        query = dict(query or {}, **({'ticket': ticket} if ticket else {}))
        lines = {'Host': f'{client.host}:{client.port}', 'Upgrade': 'websocket', 'Connection': 'Upgrade',
                 'Sec-WebSocket-Key': base64.b64encode(os.urandom(16)).decode(), 'Sec-WebSocket-Version': '13',
                 **(headers or {})}
        head = ''.join(f'{name}: {value}\r\n' for name, value in lines.items() if value is not None)
        self.socket.sendall(f'GET {PREFIX}/events?{urllib.parse.urlencode(query)} HTTP/1.1\r\n{head}\r\n'.encode())
        self._handshake()
        self.hello = self.next()  # before it nothing may be sent

    def _handshake(self):
        while b'\r\n\r\n' not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b'\r\n\r\n')
        status = int(head.split()[1])
        if status != 101:
            length = [int(line.split(b':')[1]) for line in head.lower().split(b'\r\n') if line.startswith(b'content-length')]
            while len(self.buffer) < (length or [0])[0]:
                self._more()
            self.socket.close()
            raise Refused(status, self.buffer.decode())

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise Closed(None)
        self.buffer += data

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send_frame(self, first, payload, mask=b'\1\2\3\4'):
        """first is FIN and opcode as they stand in the first byte."""
        length = len(payload)
        head = bytes([first, 0x80 | length]) if length < 126 else bytes([first, 0xfe]) + struct.pack('>H', length)
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def send(self, message):
        self.send_frame(0x81, (message if isinstance(message, str) else json.dumps(message)).encode())

    def subscribe(self, *topics, **more):
        self.send({'type': 'subscribe', 'topics': list(topics), **more})

    def frame(self):
        """(opcode, payload) of the next frame."""
        first, length = self._take(2)
        assert first & 0x80, 'the server sends whole messages'
        if length >= 126:
            length = struct.unpack(*(('>H', self._take(2)) if length == 126 else ('>Q', self._take(8))))[0]
        return first & 0x0f, self._take(length)

    def next(self):
        """The next message; pings are answered."""
        while True:
            opcode, payload = self.frame()
            if opcode == PING:
                self.send_frame(0x80 | PONG, payload)
            elif opcode == CLOSE:
                raise Closed(struct.unpack('>H', payload[:2])[0] if payload else None, payload[2:].decode())
            elif opcode == TEXT:
                message = json.loads(payload)
                self.seq = max(self.seq, message['seq'])
                return message

    def until(self, kind, good=lambda message: True):
        """The next message of this type of which good() is true; others are passed over."""
        while True:
            message = self.next()
            if message['type'] == kind and good(message):
                return message

    def close(self):
        self.socket.close()


class EventStream:
    """Server-sent events."""

    def __init__(self, client, query, **headers):
        self.connection = client.open()
        key = {'Authorization': f'Bearer {client.key}'} if client.key else {}
        self.connection.request('GET', f'{PREFIX}/events?{urllib.parse.urlencode(query)}',
                                headers={'Accept': 'text/event-stream', **key,
                                         **{name.replace('_', '-'): value for name, value in headers.items()}})
        self.answer = self.connection.getresponse()
        if self.answer.status != 200:
            raise Refused(self.answer.status, self.answer.read().decode())

    def next(self):
        """(id or None, type, frame) of the next event."""
        fields = {}
        for line in iter(self.answer.readline, b''):
            line = line.decode().rstrip('\n')
            if not line:
                return fields.get('id'), fields['event'], json.loads(fields['data'])
            name, _, value = line.partition(': ')
            fields[name] = value
        raise Closed(None)

    def until(self, kind, good=lambda message: True):
        while True:
            event = self.next()
            if event[1] == kind and good(event[2]):
                return event

    def close(self):
        self.connection.close()
