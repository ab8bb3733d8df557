"""`sluice-writer verify`: comparing a pipeline's source and target."""
import json

from .process import Process, program
from .daemon import BUILD


class Verify:
    """One run over a pipeline's stream; user is the role at both sides."""

    def __init__(self, pipeline, *args, user='postgres', source=None, target=None, env=None):
        argv = [program(BUILD / 'sluice-writer'), 'verify', '--stream', pipeline.name, '--json',
                '--source', source or pipeline.source.uri(pipeline.name, user),
                '--target', target or pipeline.target.uri(pipeline.name, user), *args]
        self.process = Process('verify', argv, env=env)

    def start(self):
        self.process.start()
        return self

    def run(self, status, timeout=120):
        """Runs it to its end, which must be this exit status; gives itself."""
        self.start()
        found = self.process.wait(timeout)
        assert found == status, f'verify ended with {found}, not {status}\n{self.process.log_tail()}'
        return self

    @property
    def log(self):
        return self.process.log()

    @property
    def result(self):
        """What it wrote, as a dict."""
        lines = [line for line in self.log.splitlines() if line.startswith('{"stream"')]
        assert len(lines) == 1, self.process.log_tail()
        return json.loads(lines[0])

    def table(self, name):
        """The result of one table."""
        return {table['table']: table for table in self.result['tables']}[name]


def verify(pipeline, *args, status=0, **options):
    return Verify(pipeline, *args, **options).run(status)
