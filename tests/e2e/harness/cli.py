"""The command line: `sluice`, run as the servers' user with a home of its own."""
import json
import os
import signal
import subprocess

from .process import Process, private_folder, service_user
from .worker import programs_folder

PROGRAMS = ('sluice', 'sluice-control', 'sluice-worker', 'sluice-mysql-reader', 'sluice-writer')
TIMEOUT = 90

# Statuses, as docs/cli.md has them.
OK, ERROR, USAGE, NOT_FOUND, AUTH, CONFLICT, CHECK, QUOTA, UNREACHABLE, TIMED_OUT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 124, 130


class Ran:
    """What a command gave."""

    def __init__(self, words, status, out, err):
        self.words, self.status, self.out, self.err = words, status, out, err

    def __str__(self):
        return f'sluice {" ".join(self.words)} -> {self.status}\n{self.out}\n{self.err}'

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()


class Cli:
    """Commands for one server; control is a ControlServer, or None: none is named. env is added to the environment."""

    def __init__(self, control=None, env=None):
        self.folder = private_folder('cli')
        self.env = {'HOME': str(self.folder), 'LC_ALL': 'C.UTF-8', 'XDG_CONFIG_HOME': '', 'XDG_STATE_HOME': '', 'NO_COLOR': '',
                    'PATH': f'{programs_folder(PROGRAMS)}:{os.environ["PATH"]}'}
        if control is not None:
            self.env.update(SLUICE_SERVER=control.url, SLUICE_API_KEY_FILE=str(self.file('api.key', control.key)))
        self.env.update(env or {})

    def file(self, name, text, mode=0o600):
        """A file of the command's user."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        user = service_user()
        if user:
            os.chown(path, user.pw_uid, user.pw_gid)
        return path

    def run(self, *words, status=OK, stdin='', env=None, timeout=TIMEOUT):
        """Runs a command, which must end with that status (None: any)."""
        words = [str(word) for word in words]
        user = service_user()
        identity = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []} if user else {}
        done = subprocess.run(['sluice', *words], input=stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, cwd=self.folder,
                              env={**os.environ, **self.env, **(env or {})}, timeout=timeout, executable=str(programs_folder(PROGRAMS) / 'sluice'),
                              **identity)
        ran = Ran(words, done.returncode, done.stdout.decode(), done.stderr.decode())
        if status is not None and done.returncode != status:
            raise AssertionError(f'expected status {status}: {ran}')
        return ran

    def json(self, *words, **options):
        return self.run(*words, '-o', 'json', **options).json

    def process(self, *words, env=None, name='sluice'):
        """A command that goes on, not yet started; its log is what it writes to both streams."""
        return Process(name, [programs_folder(PROGRAMS) / 'sluice', *words], env={**self.env, **(env or {})}, end_signal=signal.SIGTERM)
