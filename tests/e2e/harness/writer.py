"""sluice-writer processes."""
from .daemon import Daemon


class Writer(Daemon):
    """One writer of a stream. nats is a NatsServer or a URL, target a Postgres, a MySQL or a URI.

    args are added to the command line as they are; env to the environment.
    """

    def __init__(self, stream, nats, target, args=(), env=None, dbname='postgres', name='writer'):
        self.stream = stream
        super().__init__('sluice-writer', [
            '--nats', nats if isinstance(nats, str) else nats.url,
            '--stream', stream,
            '--target', target if isinstance(target, str) else target.uri(dbname),
            *args,
        ], env, name)
