"""API keys, tenants, the audit log and secrets over REST: who may do what, what is shown, and what is never anywhere in the clear."""
import concurrent.futures
import datetime
import hashlib
import json
import os
import subprocess

import pytest
from harness.control import FIRST_KEY, ControlServer
from harness.daemon import BUILD
from harness.nats import NatsServer
from harness.process import private_folder, program
from harness.wait import wait_for

PASSWORD = 'hunter2-not-to-be-seen'
CERTIFICATE_KEY = 'not-to-be-seen-either'


@pytest.fixture(scope='module')
def nats():
    server = NatsServer().start()
    yield server
    server.remove()


@pytest.fixture(scope='module')
def control(nats):
    server = ControlServer(nats).start()
    yield server
    server.remove()


@pytest.fixture(scope='module')
def peer(nats, control):
    """Another server behind the same NATS."""
    server = ControlServer(nats, name='peer', peer=control).start()
    yield server
    server.remove()


@pytest.fixture
def two_alone():
    """Two servers with a NATS of their own."""
    nats = NatsServer().start()
    first = ControlServer(nats, name='first').start()
    second = ControlServer(nats, name='second', peer=first).start()
    yield first, second
    for server in (second, first, nats):
        server.remove()


@pytest.fixture(scope='module')
def acme(control):
    """A tenant, and its administrator."""
    control.post('/tenants', {'id': 'acme', 'name': 'Acme'}).must(201)
    return control.new_client(tenant='acme', scopes=['read:*', 'keys:admin', 'connections:write'])[0]


def make_key(client, scopes=('streams:read',), **more):
    return client.post('/api-keys', {'name': 'made', 'scopes': list(scopes), **more}).must(201)


def in_seconds(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime('%Y-%m-%dT%H:%M:%S.') + f'{at.microsecond // 1000:03d}Z'


def counts(control, key, status=200):
    """Whether the server gives a key the status."""
    return control.client(key).get('/me').status == status


def stored(nats, text):
    """The files of NATS that have the text in the clear: every message of every stream is in them."""
    text = text.encode()
    return [path for path in nats.store.rglob('*') if path.is_file() and text in path.read_bytes()]


# -- keys ------------------------------------------------------------------


def test_the_first_key_is_printed_once(control, peer):
    assert control.key.startswith('slc_')
    me = control.get('/me').must(200)
    assert me['tenant'] == 'default'
    assert 'tenants:admin' in me['key']['scopes'] and 'worker' not in me['key']['scopes']
    log = control.log() + peer.log()
    assert log.count('API key, shown only now') == 1
    control.restart()
    assert control.log().count('API key, shown only now') <= 1
    control.get('/me').must(200)


def test_a_key_lives(control):
    made = make_key(control, ['streams:read', 'runs:read'])
    assert made.headers['location'] == f"/api/v1/api-keys/{made['id']}"
    assert 'no-store' in made.headers['cache-control']
    mine = control.client(made['key'])
    me = mine.get('/me').must(200)
    assert me['key']['id'] == made['id'] and me['key']['scopes'] == ['streams:read', 'runs:read']
    mine.get('/streams').must(200)
    assert mine.get('/connections').must(403).code == 'forbidden'
    assert mine.post('/streams', {}).status == 403
    shown = control.get(f"/api-keys/{made['id']}").must(200)
    assert 'key' not in shown.json and 'hash' not in shown.json
    assert made['key'] not in shown.text
    assert made['id'] in [key['id'] for key in control.items('/api-keys', limit=2)]
    wait_for(lambda: control.get(f"/api-keys/{made['id']}")['last_used_at'], 30, 'the last use')
    control.delete(f"/api-keys/{made['id']}").must(204)
    assert mine.get('/me').must(401).code == 'unauthenticated'
    control.get(f"/api-keys/{made['id']}").must(404)
    control.delete(f"/api-keys/{made['id']}").must(404)


def test_keys_that_do_not_count(control):
    made = make_key(control)['key']
    for key in ('', 'x', made[:-1], made + 'x', made[:-1] + ('x' if made[-1] != 'x' else 'y'), made.replace('_', '-'),
                'slc_' + '0' * 20 + '_' + 'A' * 43, 'slc_' + 'é' * 20, '../' + made):
        answer = control.request('GET', '/me', headers={'authorization': f'Bearer {key}'.encode('latin-1', 'replace').decode('latin-1')})
        assert answer.status == 401, key
        assert answer.code == 'unauthenticated'
    assert control.client(None).get('/me').status == 401
    assert control.request('GET', '/me', headers={'authorization': f'Basic {made}'}).status == 401


def test_keys_expire(control):
    assert control.post('/api-keys', {'name': 'late', 'scopes': ['streams:read'], 'expires_at': in_seconds(-1)}).must(422).pointers == ['/expires_at']
    control.post('/api-keys', {'name': 'late', 'scopes': ['streams:read'], 'expires_at': 'tomorrow'}).must(422)
    made = make_key(control, expires_at=in_seconds(3600))
    assert made['expires_at'] and counts(control, made['key'])
    made = make_key(control, expires_at=in_seconds(3))
    wait_for(lambda: counts(control, made['key'], 401), 30, 'the key to expire')


def test_rotation(control):
    made = make_key(control)
    path = f"/api-keys/{made['id']}/rotate"
    second = control.post(path, {'grace_seconds': 3600}).must(200)
    assert second['key'] != made['key'] and second['id'] == made['id'] and second['previous_expires_at'] and second['rotated_at']
    assert counts(control, made['key']) and counts(control, second['key'])
    third = control.post(path).must(200)
    assert third['previous_expires_at'] is None
    assert counts(control, made['key'], 401) and counts(control, second['key'], 401) and counts(control, third['key'])
    short = control.post(path, {'grace_seconds': 1}).must(200)
    wait_for(lambda: counts(control, third['key'], 401), 30, 'the former text to expire')
    assert counts(control, short['key'])


def test_scopes_are_only_handed_down(control):
    less = control.client(make_key(control, ['keys:admin', 'streams:read'])['key'])
    make_key(less, ['streams:read'])
    for scopes in (['streams:write'], ['*'], ['read:*'], ['worker'], ['tenants:admin'], ['streams:read', 'audit:read']):
        assert less.post('/api-keys', {'name': 'more', 'scopes': scopes}).must(403).pointers
    more = make_key(control, ['streams:write'])
    less.post(f"/api-keys/{more['id']}/rotate").must(403)
    assert counts(control, more['key'])
    for scopes in ([], ['nonsense'], ['streams:read', 'streams:read'], 'streams:read', [1]):
        control.post('/api-keys', {'name': 'bad', 'scopes': scopes}).must(422)


def test_the_last_administrator_stays(control):
    mine = control.get('/me')['key']['id']
    assert control.delete(f'/api-keys/{mine}').must(409).code == 'conflict'
    assert counts(control, control.key)
    for body in ({'scopes': ['*'], 'expires_at': in_seconds(3600)}, {'scopes': ['tenants:admin']}):
        made = make_key(control, **body)
        control.delete(f'/api-keys/{mine}').must(409)
        control.delete(f"/api-keys/{made['id']}").must(204)
    other = make_key(control, ['*'])
    third = make_key(control, ['*'])
    control.client(other['key']).delete(f"/api-keys/{third['id']}").must(204)
    control.delete(f"/api-keys/{other['id']}").must(204)


def test_of_the_last_two_administrators_one_stays(two_alone):
    """Each deletes the other, at another server, at the same moment."""
    first, second = two_alone
    mine = first.client()
    for _ in range(12):
        other = make_key(mine, ['*'])
        theirs = second.client(other['key'])
        wait_for(lambda: theirs.get('/me').status == 200, 30, 'the other server to know the key')
        pairs = ((mine, other['id']), (theirs, mine.get('/me')['key']['id']))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda pair: pair[0].delete(f'/api-keys/{pair[1]}'), pairs))
        assert sorted(answer.status for answer in answers) in ([204, 401], [204, 409])
        winner = theirs if answers[1].status == 204 else mine
        mine = first.client(winner.key)
        assert mine.get('/me').status == 200
        keys = [key for key in mine.items('/api-keys') if 'tenants:admin' in key['scopes']]
        assert len(keys) == 1
        mine.delete(f"/api-keys/{keys[0]['id']}").must(409)


def test_a_worker_gets_a_token(control):
    made = make_key(control, ['worker'])
    key, _, public = made['token'].rpartition('.')
    assert key == made['key'] and len(public) == 43
    assert make_key(control, ['worker'])['token'].endswith(public)
    assert control.client(made['key']).get('/streams').status == 403
    assert 'token' not in make_key(control).json


def test_idempotency_shows_a_key_again(control, nats):
    body = {'name': 'once', 'scopes': ['streams:read']}
    first = control.post('/api-keys', body, idempotency_key='the-same').must(201)
    second = control.post('/api-keys', body, idempotency_key='the-same').must(201)
    assert first.json == second.json
    assert [key['name'] for key in control.items('/api-keys')].count('once') == 1
    assert control.post('/api-keys', body | {'name': 'other'}, idempotency_key='the-same').must(422).code == 'idempotency_mismatch'
    assert stored(nats, first['key'].rpartition('_')[2]) == []


def test_servers_see_each_others_keys_at_once(control, peer):
    made = make_key(control)
    wait_for(lambda: counts(peer, made['key']), 30, 'the other server to know the key')
    peer.delete(f"/api-keys/{made['id']}").must(204)
    wait_for(lambda: counts(control, made['key'], 401), 30, 'the other server to forget the key')


# -- tenants ---------------------------------------------------------------


def test_tenants(control, acme):
    assert control.post('/tenants', {'id': 'acme'}).must(409).pointers == ['/id']
    for bad in ('', 'A', 'a.b', 'a b', 'x' * 17, 'a_b', '*'):
        control.post('/tenants', {'id': bad}).must(422)
    assert [tenant['id'] for tenant in control.items('/tenants', limit=1)] == ['acme', 'default']
    assert acme.get('/tenants').must(403).code == 'forbidden'
    assert control.get('/tenants/no').status == 404
    quota = control.get('/tenants/acme/quota').must(200)
    assert quota['rows_per_month'] is None
    changed = control.put('/tenants/acme/quota', {'rows_per_month': 1000, 'streams': 3}, if_match=quota.etag).must(200)
    assert changed['rows_per_month'] == 1000 and changed['bytes_per_month'] is None
    control.put('/tenants/acme/quota', {'rows_per_month': 1}, if_match=quota.etag).must(412)
    control.put('/tenants/acme/quota', {'rows_per_month': 1}).must(428)
    for bad in ({'rows_per_month': -1}, {'rows_per_month': 'x'}, {'nonsense': 1}, {'rows_per_month': 1.5}):
        control.put('/tenants/acme/quota', bad, if_match=changed.etag).must(422)
    assert control.get('/tenants/acme')['quota']['streams'] == 3
    control.put('/tenants/acme/quota', {}, if_match=changed.etag).must(200)


def test_tenants_see_only_their_own_keys(control, acme):
    theirs = make_key(acme)
    mine = make_key(control)
    assert mine['id'] not in [key['id'] for key in acme.items('/api-keys')]
    assert theirs['id'] not in [key['id'] for key in control.items('/api-keys')]
    assert theirs['id'] in [key['id'] for key in control.items('/api-keys', tenant='acme')]
    for request in (acme.get, acme.delete):
        assert request(f"/api-keys/{mine['id']}").must(404).code == 'not_found'
    acme.post(f"/api-keys/{mine['id']}/rotate").must(404)
    acme.get('/api-keys', {'tenant': 'default'}).must(403)
    acme.post('/api-keys', {'name': 'x', 'scopes': ['streams:read'], 'tenant': 'default'}).must(403)
    acme.get('/audit', {'tenant': 'default'}).must(403)
    acme.get('/audit/verify', {'tenant': 'default'}).must(403)
    control.post('/api-keys', {'name': 'x', 'scopes': ['streams:read'], 'tenant': 'nobody'}).must(404)
    assert control.get(f"/api-keys/{theirs['id']}").must(200)['tenant'] == 'acme'


def test_only_the_first_tenant_rules_others(control, acme):
    """Whoever may do all in his tenant may nothing in others."""
    made = make_key(control, ['*'], tenant='acme')
    assert 'keys:admin' in made['scopes'] and 'tenants:admin' not in made['scopes']
    ruler = control.client(made['key'])
    assert 'tenants:admin' not in ruler.get('/me')['key']['scopes']
    for path in ('/tenants', '/tenants/default', '/tenants/default/quota'):
        ruler.get(path).must(403)
    ruler.get('/api-keys', {'tenant': 'default'}).must(403)
    ruler.post('/tenants', {'id': 'mine'}).must(403)
    assert 'tenants:admin' not in make_key(ruler, ['*'])['scopes']
    for client, body in ((control, {'tenant': 'acme'}), (ruler, {})):
        for scopes in (['tenants:admin'], ['*', 'tenants:admin'], ['keys:admin', 'tenants:admin']):
            answer = client.post('/api-keys', {'name': 'no', 'scopes': scopes, **body}).must(422)
            assert answer.code == 'invalid' and answer.pointers == ['/scopes']
    control.delete(f"/api-keys/{made['id']}").must(204)


def test_both_tenants_hear_of_what_one_did_to_the_other(control):
    quota = control.post('/tenants', {'id': 'heard'}).must(201)
    made = make_key(control, ['audit:read'], tenant='heard')
    reader = control.client(made['key'])
    other = make_key(control, tenant='heard')
    control.put('/tenants/heard/quota', {'streams': 1}, if_match=quota.etag).must(200)
    control.post(f"/api-keys/{other['id']}/rotate").must(200)
    control.delete(f"/api-keys/{other['id']}").must(204)
    make_key(control)
    actions = ['deleteApiKey', 'rotateApiKey', 'putTenantQuota', 'createApiKey', 'createApiKey', 'createTenant']
    theirs, ours = reader.items('/audit'), control.items('/audit')[1:]
    assert [entry['action'] for entry in theirs] == actions
    assert {entry['tenant'] for entry in theirs} == {'heard'}
    for entry, same in zip(theirs, ours):
        assert same['tenant'] == 'default'
        assert all(entry[name] == same[name] for name in ('action', 'object', 'key_id', 'request_id', 'status'))
    assert reader.get('/audit/verify')['whole'] and control.get('/audit/verify')['whole']


def test_a_tenant_goes_when_it_is_empty(control):
    made = control.post('/tenants', {'id': 'short'}).must(201)
    key = make_key(control, tenant='short')
    assert control.delete('/tenants/short', if_match=made.etag).must(409).code == 'in_use'
    control.delete(f"/api-keys/{key['id']}").must(204)
    control.delete('/tenants/short').must(428)
    control.delete('/tenants/short', if_match=made.etag).must(204)
    control.get('/tenants/short').must(404)
    assert control.delete('/tenants/default', if_match='*').must(409).code == 'conflict'


# -- the audit log ---------------------------------------------------------


def entry_hash(entry):
    text = json.dumps({name: value for name, value in entry.items() if name != 'hash'}, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_audit(control, peer, acme):
    made = make_key(control)
    peer.delete(f"/api-keys/{made['id']}").must(204)
    entries = control.items('/audit', limit=7)
    assert [(entry['action'], entry['object']) for entry in entries[:2]] == [
        ('deleteApiKey', f"/api/v1/api-keys/{made['id']}"), ('createApiKey', f"/api/v1/api-keys/{made['id']}")]
    assert entries[0]['status'] == 204 and entries[0]['key_id'] == control.get('/me')['key']['id']
    assert [entry['number'] for entry in entries] == list(range(len(entries), 0, -1))
    for entry, before in zip(entries, entries[1:]):
        assert entry['previous'] == before['hash'] and entry['hash'] == entry_hash(entry)
    verdict = control.get('/audit/verify').must(200)
    assert verdict['whole'] and verdict['entries'] == len(entries) and verdict['last_hash'] == entries[0]['hash']
    assert made['key'] not in json.dumps(entries)
    control.get('/audit', {'cursor': 'nonsense!'}).must(400, 422)
    control.get('/audit', {'cursor': 'bm9uc2Vuc2U'}).must(400)
    assert {entry['tenant'] for entry in acme.items('/audit')} <= {'acme'}


def test_audit_of_many_at_once(control, peer):
    before = control.get('/audit/verify')['entries']

    def make(i):
        client = (control if i % 2 else peer).client()
        return make_key(client)['id']
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(make, range(24)))
    assert len(set(ids)) == 24
    verdict = control.get('/audit/verify')
    assert verdict['whole'] and verdict['entries'] == before + 24


# -- secrets ---------------------------------------------------------------


def connection(name, **more):
    return {'name': name, 'type': 'postgresql', 'host': 'db.example.com', 'port': 5432, 'database': 'shop', 'user': 'sluice',
            'password': PASSWORD, **more}


def test_secrets_are_nowhere_in_the_clear(control, peer, nats):
    made = control.post('/connections', connection('sealed')).must(201)
    assert made['has_password'] and 'password' not in made.json
    shown = control.get(f"/connections/{made['id']}").must(200)
    assert PASSWORD not in shown.text + control.get('/connections').text
    assert stored(nats, PASSWORD) == []
    assert stored(nats, f"secret.default.{made['id']}.password")
    changed = control.patch(f"/connections/{made['id']}", {'password': CERTIFICATE_KEY}, if_match=shown.etag).must(200)
    assert stored(nats, CERTIFICATE_KEY) == []
    key = control.key.rpartition('_')[2]
    assert stored(nats, key) == []
    log = control.log() + peer.log()
    assert PASSWORD not in log and CERTIFICATE_KEY not in log and log.count(key) == 1
    assert PASSWORD not in control.get('/audit').text
    commands = subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True, check=True).stdout
    assert PASSWORD not in commands and key not in commands
    control.delete(f"/connections/{made['id']}", if_match=changed.etag).must(204)


# -- what may happen to servers --------------------------------------------


def rotate(nats, old, new):
    return subprocess.run([program(BUILD / 'sluice-control'), 'rotate-master-key', '--nats', nats.url, '--master-key-file', old,
                           '--new-master-key-file', new], capture_output=True, text=True, timeout=60, check=False)


def test_the_master_key_rotates_under_running_servers(control, peer, nats):
    token = make_key(control, ['worker'])['token'].rpartition('.')[2]
    first = control.post('/api-keys', {'name': 'kept', 'scopes': ['streams:read']}, idempotency_key='over-rotation').must(201)
    kept = control.post('/connections', connection('rotated', host='127.0.0.1', port=1)).must(201)
    new = private_folder('rotated') / 'key'
    rotated = rotate(nats, control.master_key, new)
    assert rotated.returncode == 0, rotated.stderr
    assert new.stat().st_mode & 0o777 == 0o400
    assert 'secrets=' in rotated.stderr
    for server in (control, peer):
        refused = wait_for(lambda: (answer := server.post(f"/connections/{kept['id']}/test")).status != 200 and answer, 30, 'what was sealed anew')
        assert refused.must(503).code == 'unavailable' and 'master key' in refused['detail'] and int(refused.headers['retry-after']) > 0
    owner = control.master_key.stat()
    os.chown(new, owner.st_uid, owner.st_gid)
    late = control.post('/connections', connection('late', host='127.0.0.1', port=1)).must(201)
    former = new.with_name('former')
    os.link(control.master_key, former)
    new.rename(control.master_key)
    for server in (control, peer):
        assert server.post(f"/connections/{kept['id']}/test").must(200)['ok'] is False
        assert make_key(server, ['worker'])['token'].endswith(token)
        again = server.post('/api-keys', {'name': 'kept', 'scopes': ['streams:read']}, idempotency_key='over-rotation').must(201)
        assert again['key'] == first['key']
    again = rotate(nats, former, control.master_key)
    assert again.returncode == 0 and 'secrets=1 ' in again.stderr, again.stderr
    control.restart()
    assert control.post(f"/connections/{late['id']}/test").must(200)['ok'] is False
    assert make_key(control, ['worker'])['token'].endswith(token)
    failed = rotate(nats, control.folder / 'no-such-key', new)
    assert failed.returncode != 0 and 'no-such-key' in failed.stderr


def test_nats_may_be_killed(control, nats):
    made = make_key(control)
    nats.kill()
    wait_for(lambda: control.get('//readyz').status == 503, 30, 'the server to say it is not ready')
    assert counts(control, made['key'])
    assert made['id'] in [key['id'] for key in control.items('/api-keys')]
    refused = control.post('/api-keys', {'name': 'no', 'scopes': ['streams:read']}).must(503)
    assert refused.code == 'unavailable' and int(refused.headers['retry-after']) > 0
    nats.start()
    wait_for(lambda: control.get('//readyz').status == 200, 30, 'the server to be ready again')
    wait_for(lambda: control.post('/api-keys', {'name': 'yes', 'scopes': ['streams:read']}).status == 201, 30, 'writes')
    assert counts(control, made['key'])
    assert control.get('/audit/verify').must(200)['whole']


def test_nats_may_start_without_its_store(nats, control, peer):
    """All is gone then: the servers say so and follow what is there, and one makes a first key anew."""
    former = control.key
    nats.stop()
    nats.wipe_store()
    nats.start()
    wait_for(lambda: counts(control, former, 401) and counts(peer, former, 401), 30, 'the servers to forget the key')
    keys = wait_for(lambda: FIRST_KEY.findall(control.log() + peer.log())[1:], 30, 'another first key')
    assert keys[0] != former
    for server in (control, peer):
        wait_for(lambda: counts(server, keys[0]), 30, 'the new key to count')
        for bucket in ('SLUICE_CONFIG', 'SLUICE_STATE'):
            wait_for(lambda: any('made anew' in line and bucket in line for line in server.log().splitlines()), 30, 'the server to say what happened')
    made = make_key(control.client(keys[0]), ['streams:read'])
    wait_for(lambda: counts(peer, made['key']), 30, 'both to be of one store again')
    peer.restart()
    assert counts(peer, keys[0])
    assert len(FIRST_KEY.findall(control.log() + peer.log())) <= 2
