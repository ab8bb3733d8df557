"""The control plane at a demo's end: it takes over the stream that the demo made by hand, and stays when KEEP is set."""
import json
import os
import sys
import time

from harness.cli import Cli
from harness.process import private_folder

KEEP = bool(os.environ.get('KEEP'))
TIMEOUT = '120s'


class ControlPlane:
    """Server and worker for a NatsServer, and the command line that everything goes through."""

    def __init__(self, nats):
        self.nats = nats
        self.cli = Cli()
        self.dev = self.server = self.key = None

    def start(self):
        self.dev = self.cli.process('dev', '--folder', private_folder('control'), '--listen', '127.0.0.1:0', '--nats', self.nats.url, '-o', 'jsonl',
                                    name='sluice-dev').start()
        shown = json.loads(self.dev.wait_log(r'^\{.*\}$', 60).group(0))
        self.server, self.key = shown['server'], shown['key']
        self.cli.env.update(SLUICE_SERVER=self.server, SLUICE_API_KEY_FILE=shown['key_file'])

    def take_over(self, stream, mode, source, target, tables, options=()):
        """Goes on with a stream that nobody drives any more; source and target are URIs, options more flags. Gives what `sluice lag` shows."""
        self.cli.run('connection', 'add', 'source', source)
        self.cli.run('connection', 'add', 'target', target)
        self.cli.run('stream', 'create', stream, '--source', 'source', '--target', 'target', '--mode', mode, '--tables', ','.join(tables), *options)
        self.cli.run('start', stream, '--wait', '--timeout', TIMEOUT)
        self.cli.run('run', 'watch', stream, '--until', 'level', '--timeout', TIMEOUT)
        return self.cli.run('lag').out

    def show(self, say):
        say(f'the API is at {self.server}/api/v1, its key is {self.key}')

    def keep(self, say):
        """With KEEP until Ctrl-C."""
        if not KEEP:
            say('KEEP=1 make demo leaves it running to try')
            return
        say(f'try it in another terminal: export SLUICE_SERVER={self.server} SLUICE_API_KEY={self.key}')
        say('  build/sluice stream ls; build/sluice run watch demo; build/sluice --help; Ctrl-C here ends everything')
        sys.stdout.flush()
        try:
            while self.dev.is_running():
                time.sleep(0.5)
        except KeyboardInterrupt:
            print()

    def stop(self):
        status = self.dev.stop()
        if status != 0:
            raise RuntimeError(f'sluice dev ended with {status}')
