"""Free TCP ports on 127.0.0.1."""
import random
import socket

# Below Linux's ephemeral range, so that no outgoing connection takes a port
# while its server is down between a kill and a restart.
FIRST, LAST = 15000, 32000

_given = set()


def free_port():
    """A port nobody listens on, never given before in this process."""
    while True:
        port = random.randrange(FIRST, LAST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True
