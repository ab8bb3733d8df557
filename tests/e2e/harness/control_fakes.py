"""What readers, writers and workers tell, told by the test: figures, reports of jobs, registrations."""
import json
import threading
import time

from .worker import State, now


class Teller:
    """Publishes figures of streams again and again, as readers and writers do each second, until it is closed."""

    PAUSE = 0.2

    def __init__(self, nats):
        self._nats = nats
        self._told = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def reader(self, stream, **figures):
        self._tell(f'sluice.{stream}.stats.reader.test', {
            'role': 'reader', 'stream': stream, 'owner': 'test', 'state': 'streaming', 'rows': 0, 'bytes': 0, 'rows_per_second': 0,
            'lag_seconds': 0, 'lag_bytes': 0, 'kept_bytes': 0, 'position': '0/1', 'copied_rows': 0, 'copied_bytes': 0,
            'tables': [], **figures})

    def writer(self, stream, consumer='writer', total=None, **figures):
        """total is (book, rows, bytes)."""
        self._tell(f'sluice.{stream}.stats.writer.{consumer}', {
            'role': 'writer', 'stream': stream, 'consumer': consumer, 'owner': 'test', 'state': 'applying', 'transactions': 0, 'rows': 0,
            'bytes': 0, 'lag_seconds': 0, 'pending_messages': 0, 'loaded_rows': 0, 'loaded_bytes': 0, 'loaded_bundles': 0, 'load': None,
            'applied_total': dict(zip(('book', 'rows', 'bytes'), total)) if total else None, **figures})

    def silence(self, stream):
        with self._lock:
            self._told = {subject: document for subject, document in self._told.items() if not subject.startswith(f'sluice.{stream}.')}

    def close(self):
        self._end.set()
        self._thread.join()

    def _tell(self, subject, document):
        with self._lock:
            self._told[subject] = document

    def _run(self):
        client = None
        while not self._end.wait(self.PAUSE):
            with self._lock:
                told = dict(self._told)
            try:
                client = client or self._nats.connect()
                for subject, document in told.items():
                    client.publish(subject, json.dumps({**document, 'time_ms': int(time.time() * 1000)}))
                client.flush()
            except OSError:
                client = None
        if client:
            client.close()


class Reports:
    """Reports of jobs and registrations of workers, straight into the bucket."""

    def __init__(self, nats):
        self.state = State(nats)

    def worker(self, worker_id):
        self.state.put(f'worker.{worker_id}', {
            'id': worker_id, 'host': 'nowhere', 'pid': 1, 'roles': ['reader', 'writer'], 'version': '1.0.0', 'state': 'active', 'slots': 1,
            'jobs': 0, 'started_at': now(), 'seen_at': now(), 'cpu_seconds': 0, 'resident_bytes': 0})

    def job(self, run_id, job, worker_id, state, error=None):
        self.state.put(f'job.{run_id}.{job}', {
            'run_id': run_id, 'tenant': 'default', 'job': job, 'role': 'reader' if job == 'reader' else 'writer', 'worker_id': worker_id,
            'state': state, 'phase': None, 'error': error and {'code': 'io', 'message': error, 'hint': None, 'at': now()},
            'since': now(), 'at': now(), 'pid': 1, 'result': None})
