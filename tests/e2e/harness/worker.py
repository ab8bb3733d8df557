"""sluice-worker processes, and runs written straight into the bucket, without a server."""
import base64
import datetime
import json
import os

from .daemon import BUILD, Daemon
from .nats import NatsError
from .process import private_folder, program
from .wait import wait_for

STATE = 'SLUICE_STATE'
PROGRAMS = ('sluice-writer', 'sluice-mysql-reader')

_folder = {}


def programs_folder(executables=PROGRAMS):
    """A folder with these programs of the build, where the servers' user can run them."""
    if executables not in _folder:
        folder = private_folder('programs')
        os.chmod(folder, 0o755)
        for name in executables:
            (folder / name).symlink_to(program(BUILD / name))
        _folder[executables] = folder
    return _folder[executables]


class Worker(Daemon):
    """One worker. nats is a NatsServer or a URL; token the path of a token's file; args more flags."""

    def __init__(self, nats, roles='reader,writer', slots=16, token=None, args=(), programs=None, lease='2s', env=None,
                 name='worker'):
        super().__init__('sluice-worker', [
            '--nats', nats if isinstance(nats, str) else nats.url,
            '--roles', roles, '--slots', str(slots), '--lease', lease, '--name', name,
            '--programs', programs or programs_folder(),
            *(('--token-file', token) if token else ()),
            *args,
        ], env, name)

    @property
    def id(self):
        return self.process.wait_log(r'worker=(wrk_\w+)').group(1)

    def children(self):
        """{pid: command line} of its children."""
        found = {}
        for entry in os.listdir('/proc'):
            try:
                with open(f'/proc/{entry}/stat') as file:
                    parent = int(file.read().rpartition(')')[2].split()[1])
                if entry.isdigit() and parent == self.process.pid:
                    with open(f'/proc/{entry}/cmdline', 'rb') as file:
                        found[int(entry)] = file.read()
            except (OSError, ValueError, IndexError):
                continue
        return found


def now():
    """The time as documents have it."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def connection(server, dbname, kind='postgresql', **fields):
    """A connection's document for one of the harness' servers."""
    return {'id': f'conn_{dbname}'[:25], 'name': dbname, 'type': kind, 'host': '127.0.0.1', 'port': server.port, 'database': dbname,
            'user': 'postgres' if kind == 'postgresql' else 'root', 'has_password': False,
            'tls': {'mode': 'disable', 'has_ca': False, 'has_certificate': False, 'has_key': False}, 'options': {}, **fields}


class State:
    """The bucket of runs and reports."""

    def __init__(self, nats):
        self.nats = nats

    def put(self, key, document):
        with self.nats.connect() as client:
            answer = json.loads(client.request(f'$KV.{STATE}.{key}', json.dumps(document)))
        if 'error' in answer:
            raise NatsError(str(answer['error']))
        return answer['seq']

    def get(self, key):
        """The document at a key; None when there is none."""
        try:
            message = self.nats.jetstream(f'STREAM.MSG.GET.KV_{STATE}', {'last_by_subj': f'$KV.{STATE}.{key}'})['message']
        except NatsError as error:
            if '10037' in str(error):
                return None
            raise
        return json.loads(base64.b64decode(message['data'])) if message.get('data') else None

    def delete(self, key):
        with self.nats.connect() as client:
            client.request(f'$KV.{STATE}.{key}', b'', headers={'KV-Operation': 'DEL'})

    def keys(self, prefix):
        subjects = self.nats.stream_info(f'KV_{STATE}', subjects=True)['state'].get('subjects') or {}
        start = f'$KV.{STATE}.{prefix}'
        return sorted(subject[len(f'$KV.{STATE}.'):] for subject in subjects if subject.startswith(start))

    def lease(self, run, job):
        """The id of the worker that holds a job; None when nobody does."""
        try:
            message = self.nats.jetstream('STREAM.MSG.GET.KV_SLUICE', {'last_by_subj': f'$KV.SLUICE.lease.job.{run}.{job}'})['message']
        except NatsError:
            return None
        return base64.b64decode(message['data']).decode() if message.get('data') else None


class Run:
    """A run's document. source and targets are as its specification has them."""

    def __init__(self, state, stream, source, targets, mode='cdc', limits=None):
        self.state, self.stream = state, stream
        self.id = f'run_{stream}'[:24]
        self.key = f'run.default.{self.id}'
        self.document = {
            'id': self.id, 'tenant': 'default', 'stream_id': f'str_{stream}'[:24], 'stream_name': stream, 'stream': stream, 'revision': 1,
            'desired': 'running', 'desired_at': now(), 'drain': False, 'reason': None, 'state': 'starting', 'phase': None,
            'created_at': now(), 'started_at': None, 'ended_at': None, 'error': None, 'verifications': [],
            'spec': {'mode': mode, 'source': {'tables': [], 'publication': None, 'options': {}, **source},
                     'targets': [{'name': 'writer', 'writers': 1, 'options': {}, **target} for target in targets],
                     'limits': limits or {'rows': None, 'seconds': None}},
        }

    def write(self, **changes):
        self.document.update(changes)
        self.state.put(self.key, self.document)
        return self

    def wish(self, desired, **changes):
        return self.write(desired=desired, desired_at=now(), **changes)

    def remove(self):
        self.state.delete(self.key)

    def report(self, job):
        """What was reported of a job last; None before."""
        return self.state.get(f'job.{self.id}.{job}')

    def wait_report(self, job, condition, what, timeout=60):
        """Waits until condition(report) is true and gives the report."""
        last = {}

        def reached():
            last['report'] = self.report(job)
            return last['report'] and condition(last['report'])
        wait_for(reached, timeout, lambda: f'{what}; {job} reports {last["report"]}')
        return last['report']

    def wait_state(self, job, state, timeout=60):
        states = (state,) if isinstance(state, str) else state
        return self.wait_report(job, lambda report: report['state'] in states, f'{job} to be {" or ".join(states)}', timeout)

    def wait_free(self, job, timeout=60):
        wait_for(lambda: self.state.lease(self.id, job) is None, timeout, lambda: f'nobody to hold {job}; {self.state.lease(self.id, job)} does')
