"""Connections, streams and runs, made and watched by REST alone."""
import http.client

from .control import Problem
from .mysql import USER
from .wait import wait_for

AWAY = (OSError, http.client.HTTPException)  # a server that is not there just now


def connection_document(name, server, dbname, **more):
    """For POST /connections: of a Postgres or MySQL of the harness."""
    if hasattr(server, 'product'):
        kind, user = server.product, USER
    else:
        kind, user = 'postgresql', 'postgres'
    return {'name': name, 'type': kind, 'host': '127.0.0.1', 'port': server.port, 'database': dbname, 'user': user,
            'tls': {'mode': 'disable'}, **more}


class ControlStreams:
    """What a person would do with a server's API (ControlServer or Client); every call is one request, or waits for something."""

    def __init__(self, api):
        self.api = api

    # -- making ----------------------------------------------------------

    def connection(self, name, server, dbname, **more):
        """The id of a new connection."""
        return self.api.post('/connections', connection_document(name, server, dbname, **more)).must(201)['id']

    def stream(self, name, source, targets, mode='convert+cdc', tables=(), reading=None, **more):
        """The id of a new stream. targets is a connection's id, or a list of targets; reading the source's options; more other members."""
        if isinstance(targets, str):
            targets = [{'connection_id': targets}]
        source = {'connection_id': source, 'tables': list(tables), 'options': reading or {}}
        return self.api.post('/streams', {'name': name, 'mode': mode, 'source': source, 'targets': targets, **more}).must(201)['id']

    def start(self, stream_id):
        """The id of a new run."""
        return self.api.post(f'/streams/{stream_id}/runs').must(201)['id']

    # -- commands --------------------------------------------------------

    def command(self, run_id, command):
        return self.api.post(f'/runs/{run_id}/{command}').must(202)

    def delete(self, stream_id, force=False, timeout=60):
        """Deletes the stream and waits until it is gone."""
        self.api.delete(f'/streams/{stream_id}', {'force': 'true'} if force else None, if_match='*').must(202, 204)
        wait_for(lambda: self._is_gone(stream_id), timeout, lambda: f'stream to go: {self.runs(stream_id)}')

    def _is_gone(self, stream_id):
        try:
            return self.api.get(f'/streams/{stream_id}').status == 404
        except AWAY:
            return False

    # -- watching --------------------------------------------------------

    def run(self, run_id):
        return self.api.get(f'/runs/{run_id}').must(200).json

    def runs(self, stream_id):
        answer = self.api.get(f'/streams/{stream_id}/runs')
        return answer.json['items'] if answer.status == 200 else answer.json

    def wait_run(self, run_id, *states, timeout=60, condition=None):
        """Waits until the run is in one of the states, and condition(run) is true; gives the run."""
        last = {}

        def reached():
            try:
                last['run'] = self.run(run_id)
            except (*AWAY, Problem) as error:
                last['run'] = repr(error)
                return False
            return (not states or last['run']['state'] in states) and (condition is None or condition(last['run']))
        wait_for(reached, timeout, lambda: f'run to be {" or ".join(states)}: {last["run"]}')
        return last['run']

    def wait_ended(self, run_id, state, timeout=60):
        return self.wait_run(run_id, state, timeout=timeout, condition=lambda run: run['ended_at'])

    def stop(self, run_id, timeout=60):
        """Asks the run to stop and waits until it has."""
        self.command(run_id, 'stop')
        return self.wait_ended(run_id, 'stopped', timeout)
