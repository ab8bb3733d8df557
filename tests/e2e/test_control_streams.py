"""Streams as the API has them: configuration with revisions, names, documents, tenants, and runs that no worker has begun."""
import itertools
import threading

import pytest

from harness.control import ControlServer
from harness.wait import wait_for
from harness.worker import State

_numbers = itertools.count(1)


def new_name():
    return f's{next(_numbers)}'


@pytest.fixture(scope='module')
def servers(nats):
    """Two control servers behind one NATS."""
    first = ControlServer(nats).start()
    second = ControlServer(nats, name='control-2', peer=first).start()
    yield first, second
    second.remove()
    first.remove()


@pytest.fixture(scope='module')
def api(servers):
    return servers[0]


def connect(api, name, kind, **more):
    document = {'name': name, 'type': kind, 'host': 'db.example.com', 'port': 5432, 'database': 'shop', 'user': 'sluice',
                'tls': {'mode': 'disable'}}
    return api.post('/connections', {**document, **more}).must(201)['id']


@pytest.fixture(scope='module')
def connections(api):
    return connect(api, 'pg', 'postgresql'), connect(api, 'maria', 'mariadb')


@pytest.fixture
def document(connections):
    """What POST /streams takes, with a new name."""
    return {'name': new_name(), 'mode': 'cdc', 'source': {'connection_id': connections[0]},
            'targets': [{'connection_id': connections[1]}]}


@pytest.fixture
def stream(api, document):
    return api.post('/streams', document).must(201)


def path(stream):
    return f"/streams/{stream['id']}"


def wait_everywhere(servers, stream):
    """Servers see what others write a moment later."""
    for server in servers:
        wait_for(lambda server=server: server.get(path(stream)).status == 200, 10, f'{server.name} to have the stream')


# -- configuration -------------------------------------------------------

def test_defaults_are_filled_in(api, document, connections):
    made = api.post('/streams', document).must(201)
    assert made.headers['location'] == f"/api/v1/streams/{made['id']}"
    assert made['source'] == {'connection_id': connections[0], 'tables': [], 'publication': None, 'options': {}}
    assert made['targets'] == [{'name': 'writer', 'connection_id': connections[1], 'writers': 1, 'options': {}}]
    assert (made['state'], made['run_id'], made['limits']) == ('created', None, {'rows': None, 'seconds': None})
    read = api.get(path(made)).must(200)
    assert (read.json, read.etag) == (made.json, made.etag)


def test_changes_need_the_revision_that_was_read(api, stream):
    changed = api.patch(path(stream), {'description': 'one', 'source': {'options': {'bundle_rows': 100, 'compression': 'lz4'}}},
                        if_match=stream.etag).must(200)
    assert changed['source']['options'] == {'bundle_rows': 100, 'compression': 'lz4'}
    assert api.patch(path(stream), {'description': 'two'}).code == 'precondition_required'
    assert api.patch(path(stream), {'description': 'two'}, if_match=stream.etag).code == 'stale'
    again = api.patch(path(stream), {'description': None, 'source': {'options': {'compression': None}}}, if_match=changed.etag).must(200)
    assert (again['description'], again['source']['options']) == ('', {'bundle_rows': 100})
    whole = {**stream.json, 'tags': ['a'], 'name': stream['name']}
    for member in ('id', 'created_at', 'updated_at', 'revision', 'state', 'run_id'):
        del whole[member]
    put = api.put(path(stream), whole, if_match=again.etag).must(200)
    assert (put['tags'], put['source']['options']) == (['a'], {})
    assert api.delete(path(stream), if_match=again.etag).code == 'stale'
    assert api.delete(path(stream)).code == 'precondition_required'

    items = api.get(f'{path(stream)}/revisions').must(200)['items']
    assert [item['revision'] for item in items] == [put['revision'], again['revision'], changed['revision'], stream['revision']]
    assert [item['current'] for item in items] == [True, False, False, False]
    old = api.get(f"{path(stream)}/revisions/{changed['revision']}").must(200)
    assert (old['description'], old['revision']) == ('one', changed['revision'])
    assert api.get(f"{path(stream)}/revisions/{put['revision'] + 1000}").code == 'not_found'
    assert api.get(f'{path(stream)}/revisions/first').code == 'not_found'


def test_two_servers_at_once_lose_no_change(servers, stream):
    """Both write what they have read until it is taken: every change is there at the end."""
    wait_everywhere(servers, stream)

    def add_tags(client, tags):
        for tag in tags:
            while True:
                read = client.get(path(stream)).must(200)
                if client.patch(path(stream), {'tags': [*read['tags'], tag]}, if_match=read.etag).must(200, 412).status == 200:
                    break
    tags = [[f't{number}' for number in range(first, 10, 2)] for first in (0, 1)]
    threads = [threading.Thread(target=add_tags, args=(server.client(), mine)) for server, mine in zip(servers, tags)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for server in servers:
        wait_for(lambda server=server: sorted(server.get(path(stream))['tags']) == sorted(itertools.chain(*tags)), 10, 'all tags')


@pytest.mark.parametrize('change, pointer', [
    ({'name': 'Not lower case'}, '/name'),
    ({'name': 'x' * 41}, '/name'),
    ({'mode': 'copy'}, '/mode'),
    ({'unknown': 1}, '/unknown'),
    ({'targets': []}, '/targets'),
    ({'source': {'connection_id': 'conn_00000000000000000000'}}, '/source/connection_id'),
    ({'source': {'connection': 'nobody'}}, '/source/connection'),
    ({'source': {}}, '/source'),
    ({'source': {'connection': 'pg', 'options': {'nats_url': 'nats://elsewhere'}}}, '/source/options/nats_url'),
    ({'source': {'connection': 'pg', 'options': {'bundle_rows': 'many'}}}, '/source/options/bundle_rows'),
    ({'source': {'connection': 'pg', 'options': {'a/b~c': 1}}}, '/source/options/a~1b~0c'),
    ({'source': {'connection': 'pg', 'tables': ['a.*'], 'publication': 'p'}}, '/source/tables'),
    ({'source': {'connection': 'maria', 'publication': 'p'}}, '/source/publication'),
    ({'targets': [{'connection': 'maria', 'options': {'target': 'mysql://elsewhere'}}]}, '/targets/0/options/target'),
    ({'targets': [{'connection': 'maria', 'options': {'config': '/etc/passwd'}}]}, '/targets/0/options/config'),
    ({'targets': [{'connection': 'maria', 'writers': 99}]}, '/targets/0/writers'),
    ({'targets': [{'connection': 'maria'}, {'connection': 'pg'}]}, '/targets/1/name'),
    ({'limits': {'rows': 0}}, '/limits/rows'),
])
def test_what_makes_no_sense_is_named(api, document, change, pointer):
    answer = api.post('/streams', {**document, **change})
    assert (answer.status, answer.code) == (422, 'invalid')
    assert pointer in answer.pointers


def test_names_are_each_of_one_stream(api, document):
    made = api.post('/streams', document).must(201)
    clash = api.post('/streams', document)
    assert (clash.status, clash.code, clash.pointers) == (409, 'conflict', ['/name'])
    assert api.patch(path(made), {'name': new_name()}, if_match='*').pointers == ['/name']
    api.delete(path(made), if_match=made.etag).must(204)
    assert api.get(path(made)).code == 'not_found'
    assert api.post('/streams', document).must(201)['id'] != made['id']


def at_once(servers, call, each=4):
    """The statuses of what all servers are asked at once."""
    statuses = []
    threads = [threading.Thread(target=lambda client=server.client(), number=number: statuses.append(call(client, number).status))
               for number, server in enumerate(servers * each)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_one_of_many_takes_a_name(servers, document):
    assert at_once(servers, lambda client, _: client.post('/streams', document)) == [201] + [409] * 7


def connection_document(name):
    return {'name': name, 'type': 'postgresql', 'host': 'db.example.com', 'database': 'shop', 'user': 'sluice', 'tls': {'mode': 'disable'}}


def test_one_of_many_connections_takes_a_name(servers):
    """Whatever characters it has, when it is made, renamed, and free again."""
    one, other = servers
    for name in ('Grüße * > ./shop', 'plain'):
        assert at_once(servers, lambda client, _: client.post('/connections', connection_document(name))) == [201] + [409] * 7
        wait_for(lambda: one.items('/connections', name=name), 10, 'both servers to see who has it')
        made = one.items('/connections', name=name)
        assert len(made) == 1
        assert one.delete(f"/connections/{made[0]['id']}", if_match='*').status == 204
        wait_for(lambda: other.post('/connections', connection_document(name)).status == 201, 10, 'the other server to see it gone')


def test_one_of_many_connections_is_given_a_name(servers):
    one, other = servers
    made = [one.post('/connections', connection_document(f'renamed {number}')).must(201) for number in range(8)]
    wait_for(lambda: other.get(f"/connections/{made[-1]['id']}").status == 200, 10, 'the other server to see them')
    statuses = at_once(servers, lambda client, number: client.patch(f"/connections/{made[number]['id']}", {'name': 'wanted'}, if_match='*'))
    assert statuses == [200] + [409] * 7
    wait_for(lambda: one.items('/connections', name='wanted'), 10, 'both servers to see who has it')
    winner = one.items('/connections', name='wanted')
    assert len(winner) == 1
    # Its former name is free; those of the others are not.
    former = next(f'renamed {number}' for number in range(8) if made[number]['id'] == winner[0]['id'])
    wait_for(lambda: one.post('/connections', connection_document(former)).status == 201, 10, 'the former name to be free')
    assert {one.post('/connections', connection_document(f'renamed {number}')).status for number in range(8)} == {409}
    assert one.patch(f"/connections/{winner[0]['id']}", {'description': 'x'}, if_match='*').status == 200
    assert one.post('/connections', connection_document('wanted')).code == 'conflict'


def test_documents_go_out_and_come_in(api, document, connections):
    document |= {'tags': ['shop'], 'description': 'Öäü', 'limits': {'rows': 5}, 'source': {'connection': 'maria', 'tables': ['shop.*']},
                 'targets': [{'name': 'one', 'connection': 'pg', 'options': {'batch_rows': 7}}, {'name': 'two', 'connection': 'pg', 'writers': 2}]}
    made = api.post('/streams', document).must(201)
    exported = api.get(f'{path(made)}/export', {'format': 'json'}).must(200)
    assert exported['source']['connection'] == 'maria' and 'connection_id' not in exported['targets'][0]
    assert 'attachment' in exported.headers['content-disposition']
    copy = api.post('/streams', {**exported.json, 'name': new_name()}).must(201)
    clone = api.post(f'{path(made)}/clone', {'name': new_name(), 'description': 'a clone'}).must(201)
    for other in (copy, clone):
        for member in ('tags', 'mode', 'source', 'targets', 'limits'):
            assert other[member] == made[member]
    assert (copy['description'], clone['description']) == ('Öäü', 'a clone')
    assert api.post(f'{path(made)}/clone', {'name': made['name']}).code == 'conflict'
    assert api.post(f'{path(made)}/clone', {}).pointers == ['/name']
    assert api.get(f'{path(made)}/export', {'format': 'yaml'}).status in (400, 422)


def test_lists_by_name_and_by_page(api, document):
    names = [f'list_{letter}' for letter in 'cadeb']
    for name in names:
        api.post('/streams', {**document, 'name': name, 'tags': ['list', name]}).must(201)
    assert [item['name'] for item in api.items('/streams', tag='list', limit=2)] == sorted(names)
    assert [item['name'] for item in api.items('/streams', name='list_b')] == ['list_b']
    assert [item['name'] for item in api.items('/streams', q='LIST_', limit=1)] == sorted(names)
    assert [item['name'] for item in api.items('/streams', tag='list_c', state='created')] == ['list_c']
    assert api.items('/streams', tag='list', state='failed') == []
    assert api.get('/streams', {'cursor': 'bm90IGEgY3Vyc29y!'}).status == 400
    assert api.get('/streams', {'limit': 201}).status == 400


# -- tenants -------------------------------------------------------------

def test_tenants_see_their_own(api, stream, document):
    api.post('/tenants', {'id': 'acme', 'name': 'Acme'}).must(201)
    other, _ = api.new_client(tenant='acme')
    for answer in (other.get(path(stream)), other.patch(path(stream), {'tags': []}, if_match='*'), other.delete(path(stream), if_match='*'),
                   other.get(f'{path(stream)}/revisions'), other.get(f'{path(stream)}/export'), other.post(f'{path(stream)}/runs'),
                   other.post(f'{path(stream)}/clone', {'name': 'mine'}), other.get(f'{path(stream)}/runs')):
        assert (answer.status, answer.code) == (404, 'not_found')
    assert other.items('/streams') == []
    assert '/source/connection_id' in other.post('/streams', document).pointers

    # Its names are its own, and in NATS have its name before them: there they may be another's.
    mine = {**document, 'source': {'connection_id': connect(other, 'pg', 'postgresql')}, 'targets': [{'connection': 'pg'}]}
    made = other.post('/streams', {**mine, 'name': stream['name']}).must(201)
    assert api.post('/streams', {**document, 'name': f"acme_{stream['name']}"}).code == 'conflict'
    assert other.post('/streams', {**mine, 'name': 'y' * 36}).pointers == ['/name']
    run = other.post(f'{path(made)}/runs').must(201)
    for command in ('pause', 'resume', 'stop', 'cancel', 'verify'):
        assert api.post(f"/runs/{run['id']}/{command}").code == 'not_found'
    for part in ('', '/tables', '/errors', '/schema-changes', '/verifications'):
        assert api.get(f"/runs/{run['id']}{part}").code == 'not_found'
    assert [item['id'] for item in other.items('/runs')] == [run['id']]
    assert run['id'] not in [item['id'] for item in api.items('/runs')]


# -- runs that no worker has begun ---------------------------------------

def test_a_run_waits_for_a_worker(api, stream):
    run = api.post(f'{path(stream)}/runs').must(201)
    assert run.headers['location'] == f"/api/v1/runs/{run['id']}"
    assert (run['state'], run['desired'], run['revision']) == ('starting', 'running', stream['revision'])
    assert 'reader' in run['reason']
    assert [(job['job'], job['state']) for job in run['jobs']] == [('reader', 'waiting'), ('writer-writer-1', 'waiting')]
    again = api.post(f'{path(stream)}/runs')
    assert (again.status, again.code, again['run_id']) == (409, 'conflict', run['id'])
    assert api.delete(path(stream), if_match='*').code == 'conflict'
    for command, desired in (('pause', 'paused'), ('pause', 'paused'), ('resume', 'running'), ('resume', 'running')):
        assert api.post(f"/runs/{run['id']}/{command}").must(202)['desired'] == desired
    assert api.post(f"/runs/{run['id']}/verify", {}).code == 'conflict'
    stopped = api.post(f"/runs/{run['id']}/stop").must(202)
    assert stopped['state'] == 'stopped' and stopped['ended_at']
    refused = api.post(f"/runs/{run['id']}/resume")
    assert (refused.code, refused['allowed']) == ('conflict', ['stop', 'cancel'])
    assert api.post(f"/runs/{run['id']}/stop").must(202)['ended_at'] == stopped['ended_at']


def test_a_command_that_was_not_come_to_acts_again(servers, api, stream, nats):
    """Repeated at once it changes nothing; after a while it is another wish."""
    run = api.post(f'{path(stream)}/runs').must(201)['id']
    state, key = State(nats), f'run.default.{run}'
    api.post(f'/runs/{run}/pause').must(202)
    first = state.get(key)['desired_at']
    api.post(f'/runs/{run}/pause').must(202)
    assert state.get(key)['desired_at'] == first
    old = '2026-01-01T00:00:00.000Z'
    state.put(key, {**state.get(key), 'desired_at': old})

    def acts():
        api.post(f'/runs/{run}/pause').must(202)
        return state.get(key)['desired_at'] > first
    wait_for(acts, 4, 'another wish')
    api.post(f'/runs/{run}/stop').must(202)


def test_a_first_run_fixes_where_a_stream_begins(api, stream, connections):
    run = api.post(f'{path(stream)}/runs').must(201)
    api.post(f"/runs/{run['id']}/cancel").must(202)
    assert api.patch(path(stream), {'mode': 'convert'}, if_match='*').pointers == ['/mode']
    assert api.patch(path(stream), {'source': {'connection_id': connections[1]}}, if_match='*').pointers == ['/source/connection_id']
    assert api.patch(path(stream), {'targets': [{'name': 'other', 'connection_id': connections[1]}]}, if_match='*').pointers == ['/targets']
    changed = api.patch(path(stream), {'source': {'options': {'bundle_rows': 5}}, 'targets': [{'connection_id': connections[1], 'writers': 2}]},
                        if_match='*').must(200)
    assert api.post(f'{path(stream)}/runs').must(201)['revision'] == changed['revision']


def test_tables_stay_where_joining_ones_are_not_copied(api, document, connections):
    """MySQL and MariaDB copy tables when the stream begins: one that joins later would come without its rows."""
    for mode, fixed in (('convert+cdc', ['/source/tables']), ('cdc', None)):
        made = api.post('/streams', {**document, 'name': new_name(), 'mode': mode, 'source': {'connection_id': connections[1], 'tables': ['shop.a']}}).must(201)
        api.post(f"/runs/{api.post(f'{path(made)}/runs').must(201)['id']}/cancel").must(202)
        answer = api.patch(path(made), {'source': {'tables': ['shop.*']}}, if_match='*')
        assert answer.pointers == fixed if fixed else answer.must(200)


def test_one_of_many_starts_a_run(servers, stream):
    wait_everywhere(servers, stream)
    assert at_once(servers, lambda client, _: client.post(f'{path(stream)}/runs')) == [201] + [409] * 7
    for server in servers:
        wait_for(lambda server=server: len(server.items(f'{path(stream)}/runs')) == 1, 10, 'one run')


def test_runs_newest_first(api, stream):
    ids = []
    for _ in range(5):
        ids.insert(0, api.post(f'{path(stream)}/runs').must(201)['id'])
        api.post(f'/runs/{ids[0]}/stop').must(202)
    assert [run['id'] for run in api.items(f'{path(stream)}/runs', limit=2)] == ids
    assert [run['id'] for run in api.items('/runs', stream_id=stream['id'], state='stopped', limit=3)] == ids
    assert api.items('/runs', stream_id=stream['id'], state='failed') == []
    assert api.get(path(stream))['run_id'] == ids[0]


def test_a_stream_that_has_run_goes_when_a_worker_has_cleaned_up(api, stream, document):
    run = api.post(f'{path(stream)}/runs').must(201)
    api.post(f"/runs/{run['id']}/stop").must(202)
    assert api.delete(path(stream), if_match='*').must(202)['state'] == 'dropping'
    assert api.delete(path(stream), if_match='*').must(202)['state'] == 'dropping'
    assert api.patch(path(stream), {'tags': []}, if_match='*').code == 'conflict'
    assert api.post(f'{path(stream)}/runs').code == 'conflict'
    drop = api.get(f"/runs/{api.get(path(stream))['run_id']}").must(200)
    assert (drop['desired'], drop['state'], [job['job'] for job in drop['jobs']]) == ('dropped', 'dropping', ['drop'])
    assert api.post(f"/runs/{drop['id']}/stop")['allowed'] == []
    api.delete(path(stream), {'force': 'true'}, if_match='*').must(204)
    assert api.get(f"/runs/{run['id']}").code == 'not_found'
    api.post('/streams', document).must(201)


def test_nothing_is_forgotten_when_everything_restarts(servers, nats, stream):
    run = servers[0].post(f'{path(stream)}/runs').must(201)
    for server in servers:
        server.kill()
    nats.kill()
    nats.start()
    for server in servers:
        server.start()
        assert server.get(path(stream)).must(200)['run_id'] == run['id']
        assert server.get(f"/runs/{run['id']}").must(200)['desired'] == 'running'


def test_while_nats_is_away_it_reads_on(servers, nats, stream):
    api = servers[1]
    nats.kill()
    try:
        wait_for(lambda: api.get('//readyz').status == 503, 30, 'the server to see that NATS is away')
        assert api.get(path(stream)).must(200)['id'] == stream['id']
        refused = api.patch(path(stream), {'tags': ['x']}, if_match='*')
        assert (refused.status, refused.code, refused['retryable']) == (503, 'unavailable', True)
        assert int(refused.headers['retry-after']) > 0
    finally:
        nats.start()
    wait_for(lambda: api.patch(path(stream), {'tags': ['x']}, if_match='*').status == 200, 30, 'the server to write again')
