"""A server that is not what it says: it asks the writer for files and for the password in clear text."""
import contextlib
import socket
import struct
import threading

import pytest

from harness.wait import wait_for

SECRET = 'what nobody is to have'
CAPABILITIES = 0x81ffa2ff  # of MySQL 8.0, without TLS; LOCAL INFILE among them
OK = b'\x00\x00\x00\x02\x00\x00\x00'
GREETING = (b'\x0a8.0.36\0' + struct.pack('<I', 7) + b'abcdefgh\0' + struct.pack('<H', CAPABILITIES & 0xffff) + b'\xff\x02\x00' +
            struct.pack('<H', CAPABILITIES >> 16) + b'\x15' + bytes(10) + b'ijklmnopqrst\0mysql_native_password\0')


class FalseServer:
    """Lets everybody in; `after_login` is sent for the first command, or, with `at_login`, before the login is over."""

    def __init__(self, answer, at_login=False):
        self.answer = answer
        self.at_login = at_login
        self.received = []  # what came for the answer, packet by packet; None: the client hung up
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with contextlib.closing(client), contextlib.suppress(OSError):
                self._talk(client)

    def _talk(self, client):
        client.settimeout(20)
        self._send(client, 0, GREETING)
        number, _ = self._receive(client)
        if not self.at_login:
            self._send(client, number + 1, OK)
            self._receive(client)
            number = 0
        self._send(client, number + 1, self.answer)
        try:
            while True:
                _, packet = self._receive(client)
                self.received.append(packet)
                if not packet or self.at_login:
                    return
        except (ConnectionError, OSError):
            self.received.append(None)

    @staticmethod
    def _send(client, number, payload):
        client.sendall(len(payload).to_bytes(3, 'little') + bytes([number & 255]) + payload)

    @staticmethod
    def _receive(client):
        def exactly(count):
            data = b''
            while len(data) < count:
                more = client.recv(count - len(data))
                if not more:
                    raise ConnectionError
                data += more
            return data
        head = exactly(4)
        return head[3], exactly(int.from_bytes(head[:3], 'little'))

    def close(self):
        self.listener.close()


@pytest.fixture
def false_server(request):
    with contextlib.closing(FalseServer(*request.param)) as server:
        yield server


def told(pipeline, server):
    """Everything a writer gives away to the server."""
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY)')
    pipeline.stream(['public.t'])
    uri = f'mysql://app@127.0.0.1:{server.port}/shop?ssl-mode=disabled'
    writer = pipeline.writer(target=uri, env={'MYSQL_PWD': SECRET}, ready=False)
    wait_for(lambda: server.received, 30, 'the writer to answer')
    writer.stop()
    return server.received


@pytest.mark.parametrize('false_server', [(b'\xfb/etc/passwd',)], indirect=True)
def test_no_file_is_given_away(pipeline, false_server):
    """The answer to a request for one is that it is empty."""
    assert told(pipeline, false_server)[0] in (b'', None)
    assert not any(false_server.received)


@pytest.mark.parametrize('false_server', [(b'\xfemysql_clear_password\0', True), (b'\xfedialog\0Password: ', True)], indirect=True)
def test_the_password_is_not_told(pipeline, false_server):
    assert not any(SECRET.encode() in (packet or b'') for packet in told(pipeline, false_server))
