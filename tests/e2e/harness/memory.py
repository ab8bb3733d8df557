"""How much memory a process takes, watched from outside."""
import pathlib
import re
import threading


def anonymous_bytes(pid):
    """Memory that is the process's own: without files and shared buffers. 0 once it is gone."""
    try:
        text = pathlib.Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return 0
    match = re.search(r'^RssAnon:\s+(\d+) kB', text, re.MULTILINE)
    return int(match.group(1)) * 1024 if match else 0


class MemoryWatch:
    """Notes the most own memory each process has, a hundred times a second, while it is open.

    Processes are given as name=pid; peak and first have bytes by name.
    """

    def __init__(self, **processes):
        self._pids = processes
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.first = {name: anonymous_bytes(pid) for name, pid in processes.items()}
        self.peak = dict(self.first)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(0.01):
            for name, pid in self._pids.items():
                self.peak[name] = max(self.peak[name], anonymous_bytes(pid))

    def grown(self, name):
        return self.peak[name] - self.first[name]
