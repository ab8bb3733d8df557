"""The programs of this tree that run until they are stopped: their pages, metrics and life."""
import os
import re
import urllib.error
import urllib.request

from .ports import free_port
from .process import Process, private_folder, program
from .servers import ROOT
from .wait import wait_for

BUILD = ROOT / os.environ.get('SLUICE_BUILD', 'build')

METRIC_LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)')
METRIC_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """Prometheus text to {(name, frozenset of (label, value)): number}."""
    metrics = {}
    for line in text.splitlines():
        match = METRIC_LINE.match(line)
        if match:
            name, labels, value = match.groups()
            metrics[name, frozenset(METRIC_LABEL.findall(labels or ''))] = float(value)
    return metrics


class Daemon:
    """A program of build/, or of the folder SLUICE_BUILD names, that answers on a port of its own.

    args are its command line, to which --http is added; env is added to the environment.
    """

    def __init__(self, executable, args, env=None, name=None):
        self.name = name or executable
        self.port = free_port()
        self.folder = private_folder(self.name)
        argv = [program(BUILD / executable), *args, '--http', f'127.0.0.1:{self.port}']
        self.process = Process(self.name, argv, self.folder, env)

    def start(self, ready=True, timeout=30):
        """Starts it; with ready also waits until it does its work or stands by."""
        self.process.start()
        if ready:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=30):
        def ready():
            self.process.check_running()
            return self.is_ready()
        wait_for(ready, timeout, lambda: f'{self.name} to be ready; it says {self.page("readyz")}\n{self.process.log_tail()}')

    def is_ready(self):
        return self._get_status('readyz') == 200

    def is_live(self):
        return self._get_status('livez') == 200

    def _get_status(self, page):
        return self.page(page)[0]

    def page(self, page):
        """(status, text) of livez, readyz or metrics; (None, '') when nobody answers."""
        try:
            with self._open(page) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None, ''

    def wait_not_ready(self, pattern, timeout=30):
        """Waits until /readyz says why it is not, with text that matches; gives the text."""
        last = {}

        def stopped():
            self.process.check_running()
            last['page'] = self.page('readyz')
            return last['page'][0] == 503 and re.search(pattern, last['page'][1])
        wait_for(stopped, timeout, lambda: f'{self.name} to say "{pattern}"; it says {last["page"]}')
        return last['page'][1]

    def _open(self, page):
        return urllib.request.urlopen(f'http://127.0.0.1:{self.port}/{page}', timeout=5)

    def stop(self, timeout=30):
        """SIGTERM: drains and gives the exit status."""
        return self.process.stop(timeout=timeout)

    def wait(self, timeout=30):
        """Waits until it ends by itself and gives the exit status."""
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()

    def restart(self):
        self.stop()
        return self.start()

    def pause(self):
        self.process.pause()

    def resume(self):
        self.process.resume()

    def remove(self):
        self.process.remove()

    def is_running(self):
        return self.process.is_running()

    def metrics(self):
        with self._open('metrics') as answer:
            return parse_metrics(answer.read().decode())

    def metric(self, name, **labels):
        """The sum over all series of that name that have these labels; None if there is none."""
        values = [value for (found, series), value in self.metrics().items()
                  if found == name and set(labels.items()) <= series]
        return sum(values) if values else None

    def log(self):
        return self.process.log()
