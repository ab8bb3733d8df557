"""sluice-mysql-reader processes."""
from .daemon import Daemon
from .wait import wait_for

# What JetStream keeps for each stream: a server of the tests has room for many.
ROOM = '1GB'


class Reader(Daemon):
    """A reader of one stream from a MySQL server. nats is a NatsServer or a URL, source a SourceMySQL or a URI.

    tables are patterns of database and table; args are added to the command line, env to the environment.
    """

    def __init__(self, stream, nats, source, tables, mode='cdc', args=(), env=None, name='reader'):
        self.stream = stream
        super().__init__('sluice-mysql-reader', [
            '--nats', nats if isinstance(nats, str) else nats.url,
            '--stream', stream,
            '--source', source if isinstance(source, str) else source.uri(''),
            '--tables', tables if isinstance(tables, str) else ','.join(tables),
            '--mode', mode,
            *(() if '--max-bytes' in args else ('--max-bytes', ROOM)),
            *args,
        ], env, name)

    def state(self):
        """What the reader says of its stream; None while nobody answers."""
        try:
            states = [dict(series)['state'] for (name, series), value in self.metrics().items()
                      if name == 'sluice_reader_state' and value == 1 and dict(series)['stream'] == self.stream]
        except OSError:
            return None
        return states[0] if states else None

    def wait_state(self, state, timeout=30):
        def reached():
            self.process.check_running()
            return self.state() == state
        wait_for(reached, timeout, lambda: f'{self.name} to be {state}; it is {self.state()} and says {self.page("readyz")}\n{self.process.log_tail()}')

    def wait_failed(self, pattern, timeout=30):
        """Waits until the stream stands still for good, for a reason that matches; gives the reason."""
        self.wait_state('failed', timeout)
        return self.wait_not_ready(f'failed: .*{pattern}', timeout)
