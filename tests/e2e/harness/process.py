"""Processes the tests start: start, kill, stop, logs. By pid, and only our own."""
import atexit
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from . import guard
from .wait import wait_for

KEEP = 'SLUICE_KEEP'  # set to keep the servers' folders for a look at them

_guard = None
_base = None
_programs = {}
processes = []  # every Process made, for the logs shown with a failed test


def service_user():
    """Whom servers run as: PostgreSQL refuses root. None means ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError('running as root and there is no user "postgres" or "nobody" to run servers as')


def private_folder(name):
    """A new folder of the servers' user, with a path short enough for a unix socket."""
    global _base
    if _base is None:
        _base = tempfile.mkdtemp(prefix='sluice-', dir='/tmp')
        os.chmod(_base, 0o755)
        if not os.environ.get(KEEP):
            _tell_guard(f'd {_base}')
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f'{name}-', dir=_base))
    user = service_user()
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def program(path):
    """A copy of a built program where the servers' user can run it."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f'{path} is not built: run make')
    if path not in _programs:
        copy = private_folder('bin') / path.name
        shutil.copy2(path, copy)
        copy.chmod(0o755)
        os.chmod(copy.parent, 0o755)
        _programs[path] = copy
    return _programs[path]


def run(argv, **options):
    """Runs a command as the servers' user; its output goes into the error."""
    done = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **_as_service_user(), **options)
    if done.returncode != 0:
        raise RuntimeError(f'{argv[0]} ended with {done.returncode}:\n{done.stdout}')
    return done.stdout


def _as_service_user():
    user = service_user()
    if user is None:
        return {}
    return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': [], 'cwd': '/'}


def _tell_guard(line):
    global _guard
    if _guard is None:
        _guard = subprocess.Popen([sys.executable, guard.__file__], stdin=subprocess.PIPE, text=True,
                                  start_new_session=True)
        atexit.register(_end_guard)
    _guard.stdin.write(line + '\n')
    _guard.stdin.flush()


def _end_guard():
    _guard.stdin.close()
    _guard.wait()


class Process:
    """One program, started, ended and started again; its log goes on over restarts.

    end_signal is what it gets when the tests are over and it still runs.
    """

    def __init__(self, name, argv, folder=None, env=None, end_signal=signal.SIGKILL):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.folder = folder or private_folder(name)
        self.env = env or {}
        self.end_signal = end_signal
        self.log_path = self.folder / f'{name}.log'
        self._popen = None
        processes.append(self)

    @property
    def pid(self):
        return self._popen.pid

    def is_running(self):
        return self._popen is not None and self._popen.poll() is None

    def start(self):
        if self.is_running():
            raise RuntimeError(f'{self.name} is already running')
        self._forget()
        with open(self.log_path, 'ab') as log:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self.env}, **{'cwd': self.folder, **_as_service_user()})
        stat = guard.process_stat(self.pid)
        if stat:
            _tell_guard(f'+{self.pid} {stat[2]} {int(self.end_signal)}')
        return self

    def send_signal(self, number):
        if not self.is_running():
            raise RuntimeError(f'{self.name} is not running')
        os.kill(self.pid, number)

    def pause(self):
        """SIGSTOP, and waits until the process has stopped."""
        self.send_signal(signal.SIGSTOP)
        wait_for(lambda: guard.process_stat(self.pid)[1] == 'T', 5, f'{self.name} to stop')

    def resume(self):
        self.send_signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL; on return the process is gone."""
        if self.is_running():
            os.kill(self.pid, signal.SIGKILL)
            self._popen.wait()
        self._forget()

    def stop(self, number=signal.SIGTERM, timeout=30):
        """Asks it to end and gives its exit status; a process that does not is an error."""
        if not self.is_running():
            return self.exit_status()
        self.send_signal(number)
        return self.wait(timeout)

    def remove(self):
        """Ends it, whatever state it is in."""
        if self.is_running():
            guard.end_tree(self.pid, self.end_signal)
            self._popen.wait()
        self._forget()

    def wait(self, timeout=30):
        """Waits for the end and gives the exit status."""
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f'{self.name} did not end within {timeout:g} s\n{self.log_tail()}') from None
        self._forget()
        return self.exit_status()

    def exit_status(self):
        """As subprocess gives it: negative is the signal; None if it never ran or still does."""
        return self._popen.poll() if self._popen else None

    def _forget(self):
        if self._popen is not None:
            _tell_guard(f'-{self.pid}')

    def log(self):
        return self.log_path.read_text(errors='replace') if self.log_path.exists() else ''

    def log_size(self):
        """Where the log ends now: what comes later is log()[this:]."""
        return len(self.log())

    def log_tail(self, lines=40):
        return '\n'.join(self.log().splitlines()[-lines:])

    def wait_log(self, pattern, timeout=30, since=0):
        """Waits until a line of the log matches, and gives the match."""
        return wait_for(lambda: re.search(pattern, self.log()[since:], re.MULTILINE), timeout,
                        lambda: f'"{pattern}" in the log of {self.name}\n{self.log_tail()}')

    def check_running(self):
        """Raises with the end of the log if the process has ended by itself."""
        if not self.is_running():
            raise RuntimeError(f'{self.name} ended with {self.exit_status()}\n{self.log_tail()}')
