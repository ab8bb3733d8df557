"""Connections as the control server keeps and tests them, and what it shows of their databases."""
import contextlib
import socket
import threading

import pytest

from harness.control import ControlServer
from harness.mysql import MySQL, quote
from harness.mysql_source import SourceMySQL
from harness.postgres import NO_FSYNC, Postgres, Source
from harness.tls import Certificates, openssl

STEPS = ['dns', 'tcp', 'tls', 'login', 'version', 'privileges', 'cdc']

# Names that break SQL which is put together carelessly; 63 bytes is PostgreSQL's longest.
HOSTILE = ['Quote"s', "apo'stroph", 'back`tick', 'line\nfeed', 'semi;colon', 'per%cent_', 'back\\slash', '$1 ? :x', 'ü' * 31 + 'x', 'x' * 63]


@pytest.fixture(scope='module')
def certificates():
    return Certificates()


@pytest.fixture(scope='module')
def postgres(certificates):
    tls = {'ssl': 'on', 'ssl_cert_file': certificates.server_cert, 'ssl_key_file': certificates.server_key, 'ssl_ca_file': certificates.ca}
    server = Source('15', {**NO_FSYNC, **tls}, name='pg')
    try:
        server.start()
        server.execute('CREATE EXTENSION sluice')
        server.execute("CREATE ROLE app LOGIN PASSWORD 'se\"cret''x\\'; CREATE ROLE reader LOGIN REPLICATION")
        with open(server.data / 'pg_hba.conf') as file:
            rest = file.read()
        with open(server.data / 'pg_hba.conf', 'w') as file:
            file.write('host all app 127.0.0.1/32 scram-sha-256\nhostssl all certified 127.0.0.1/32 cert map=any\n' + rest)
        with open(server.data / 'pg_ident.conf', 'a') as file:
            file.write('any /^.* certified\n')
        server.execute("CREATE ROLE certified LOGIN REPLICATION; SELECT pg_reload_conf()")
        yield server
    finally:
        server.remove()


@pytest.fixture(scope='module', params=['mariadb-10.11', 'mysql-9.7'])
def mysql_server(request, certificates):
    tls = {'ssl-ca': certificates.ca, 'ssl-cert': certificates.server_cert, 'ssl-key': certificates.server_key}
    server = SourceMySQL(request.param, tls)
    try:
        server.start()
        server.execute("CREATE USER app@'%' IDENTIFIED BY 'se\"cret''x\\\\'; CREATE DATABASE shop; GRANT SELECT ON shop.* TO app@'%'")
        yield server
    finally:
        server.remove()


@pytest.fixture(scope='module')
def control(nats):
    server = ControlServer(nats)
    try:
        yield server.start()
    finally:
        server.remove()


def pg(server, **other):
    return {'type': 'postgresql', 'host': 'localhost', 'port': server.port, 'database': 'postgres', 'user': 'postgres', **other}


def my(server, **other):
    return {'type': server.product, 'host': 'localhost', 'port': server.port, 'user': 'sluice', **other}


def try_out(control, document, role='source'):
    """{step: its entry}, with what holds of every answer."""
    answer = control.post('/connections/test', {**document, 'role': role}).must(200)
    assert [step['step'] for step in answer['steps']] == STEPS
    failed = [step['step'] for step in answer['steps'] if step['status'] == 'failed']
    assert answer['ok'] is (failed == []) and len(failed) <= 1
    for step in answer['steps']:
        assert (step['ms'] is None) == (step['status'] == 'skipped')
        if failed and STEPS.index(step['step']) > STEPS.index(failed[0]):
            assert step['status'] == 'skipped'
    return {step['step']: step for step in answer['steps']}


def fails_at(control, document, step, hint=None, role='source'):
    found = try_out(control, document, role)[step]
    assert found['status'] == 'failed', found
    assert found['detail'] and (hint is None or hint in (found['hint'] or '')), found
    return found


def make(control, document, name):
    return control.post('/connections', {'name': name, **document}).must(201)


# -- steps -------------------------------------------------------------------


def test_every_step_passes_with_its_time(control, postgres):
    steps = try_out(control, pg(postgres))
    assert {step['status'] for step in steps.values()} == {'ok'}
    assert '127.0.0.1' in steps['dns']['detail'] and 'TLSv1' in steps['tls']['detail']
    assert 'PostgreSQL 15' in steps['version']['detail'] and 'logical' in steps['cdc']['detail']


def test_every_step_passes_at_mysql(control, mysql_server, certificates):
    tls = {'mode': 'verify-full', 'ca': certificates.ca.read_text()}
    steps = try_out(control, my(mysql_server, tls=tls))
    assert {step['status'] for step in steps.values()} == {'ok'}
    assert steps['tls']['detail'].startswith('TLS_') and 'ROW' in steps['cdc']['detail']
    assert try_out(control, my(mysql_server, tls=tls), 'target')['cdc']['status'] == 'skipped'


@pytest.mark.parametrize('kind', ['postgresql', 'mysql'])
def test_a_name_that_is_none(control, kind):
    document = {'type': kind, 'host': 'no.such.host.invalid', 'database': 'x', 'user': 'u'}
    fails_at(control, document, 'dns', 'check the name')


@pytest.mark.parametrize('kind', ['postgresql', 'mysql', 'mariadb'])
def test_a_port_where_nobody_listens(control, kind):
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(('127.0.0.1', 0))
        document = {'type': kind, 'host': '127.0.0.1', 'port': unused.getsockname()[1], 'database': 'x', 'user': 'u'}
        fails_at(control, document, 'tcp', 'check host and port')


def test_another_kind_of_server(control, postgres, mysql_server):
    fails_at(control, pg(mysql_server, database='x'), 'tls', 'something else than PostgreSQL')
    other = 'mysql' if mysql_server.product == 'mariadb' else 'mariadb'
    fails_at(control, {**my(mysql_server), 'type': other}, 'version', f'type {mysql_server.product}')


def test_certificates_are_held_against_authority_and_name(control, postgres, mysql_server, certificates):
    another = Certificates('other-ca')
    ca, wrong = certificates.ca.read_text(), another.ca.read_text()
    fails_at(control, pg(postgres, tls={'mode': 'verify-full', 'ca': wrong}), 'tls', 'tls.ca')
    fails_at(control, my(mysql_server, tls={'mode': 'verify-ca', 'ca': wrong}), 'tls', 'tls.ca')
    # The authorities of the machine do not know ours.
    fails_at(control, pg(postgres, tls={'mode': 'verify-full'}), 'tls')
    fails_at(control, my(mysql_server, tls={'mode': 'verify-full'}), 'tls')
    # The address was checked and connected to, the name is what the certificate is held against.
    host = socket.gethostname()
    try:
        address = socket.gethostbyname(host)
    except OSError:
        address = None
    for document in (pg(postgres), my(mysql_server)):
        assert try_out(control, {**document, 'tls': {'mode': 'verify-full', 'ca': ca}})['tls']['status'] == 'ok'
        assert try_out(control, {**document, 'tls': {'mode': 'require'}})['tls']['status'] == 'ok'
        if address is not None and address.startswith('127.') and host != 'localhost':
            fails_at(control, {**document, 'host': host, 'tls': {'mode': 'verify-full', 'ca': ca}}, 'tls')


def test_a_server_without_tls(control):
    server = Postgres('15', NO_FSYNC, name='plain')
    try:
        server.start()
        fails_at(control, pg(server, tls={'mode': 'require'}), 'tls', 'ssl = on')
        assert try_out(control, pg(server), 'target')['tls']['detail'] == 'not encrypted'
    finally:
        server.remove()


def test_logins(control, postgres, mysql_server):
    secret = 'se"cret\'x\\'
    assert try_out(control, pg(postgres, user='app', password=secret))['login']['status'] == 'ok'
    fails_at(control, pg(postgres, user='app', password='wrong'), 'login', 'user and password')
    fails_at(control, pg(postgres, user='app'), 'login', 'password')
    fails_at(control, pg(postgres, database='none'), 'login', 'database')
    assert try_out(control, my(mysql_server, user='app', password=secret))['login']['status'] == 'ok'
    fails_at(control, my(mysql_server, user='app', password='wrong'), 'login', 'user and password')


def test_a_client_certificate_logs_in(control, postgres, certificates):
    tls = {'mode': 'require', 'certificate': certificates.client_cert.read_text(), 'key': certificates.client_key.read_text()}
    fails_at(control, pg(postgres, user='certified', tls={'mode': 'require'}), 'login', 'tls.certificate')
    assert try_out(control, pg(postgres, user='certified', tls=tls))['privileges']['status'] == 'ok'


def test_missing_privileges(control, postgres, mysql_server):
    secret = 'se"cret\'x\\'
    fails_at(control, pg(postgres, user='app', password=secret), 'privileges', 'ALTER ROLE app REPLICATION')
    fails_at(control, pg(postgres, user='reader'), 'privileges', 'GRANT CREATE ON DATABASE postgres TO reader', 'target')
    assert try_out(control, pg(postgres, user='reader'))['privileges']['status'] == 'ok'
    document = my(mysql_server, user='app', password=secret, database='shop')
    fails_at(control, document, 'privileges', "GRANT REPLICATION SLAVE ON *.* TO 'app'@'%'")
    fails_at(control, document, 'privileges', "GRANT ALL ON `shop`.* TO 'app'@'%'", 'target')


def test_a_source_without_its_log(control, postgres):
    plain = Postgres('15', NO_FSYNC, name='plain')
    try:
        plain.start()
        fails_at(control, pg(plain), 'cdc', 'wal_level = logical')
    finally:
        plain.remove()
    postgres.execute('CREATE DATABASE bare')
    fails_at(control, pg(postgres, database='bare'), 'cdc', 'CREATE EXTENSION sluice')


def test_a_mysql_source_without_its_log(control):
    server = MySQL('mariadb-10.11')
    try:
        server.start()
        fails_at(control, my(server), 'cdc', 'log_bin')
    finally:
        server.remove()


def test_a_server_that_says_nothing_is_given_up(control):
    """PostgreSQL's client speaks first, MySQL's waits for a greeting: both end, and the place they took is free again."""
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(('127.0.0.1', 0))
        silent.listen(20)
        for kind in ('postgresql', 'mysql'):
            document = {'type': kind, 'host': '127.0.0.1', 'port': silent.getsockname()[1], 'database': 'x', 'user': 'u', 'options': {'connect_timeout': 1}}
            fails_at(control, document, 'tls')


def test_too_many_at_once_are_told_to_come_again(control):
    with contextlib.closing(socket.socket()) as silent:
        silent.bind(('127.0.0.1', 0))
        silent.listen(50)
        document = {'type': 'mysql', 'host': '127.0.0.1', 'port': silent.getsockname()[1], 'user': 'u', 'options': {'connect_timeout': 2}}
        answers = []

        def ask():
            answers.append(control.client().post('/connections/test', document))

        threads = [threading.Thread(target=ask) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 3 and {answer.code for answer in refused} == {'rate_limited'}
    assert all(answer.headers['retry-after'] for answer in refused)


# -- where connections may go ------------------------------------------------


@pytest.mark.parametrize('host', ['169.254.169.254', '0.0.0.0', '224.0.0.1', '::', 'fe80::1', 'ff02::1', '::ffff:169.254.169.254',
                                  '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1', '0'])
def test_addresses_that_nobody_may_ask_for(control, host):
    for kind in ('postgresql', 'mysql'):
        document = {'type': kind, 'host': host, 'database': 'x', 'user': 'u'}
        found = fails_at(control, document, 'dns')
        assert 'which is in' in found['detail'], found


@pytest.mark.parametrize('host', ['/var/run/postgresql', '@abstract', 'a,b', 'host=x', 'a b', 'a:5432', 'user@host', '-h', '', 'x' * 300, 'a\nb', 'a%2Fb'])
def test_hosts_that_are_none(control, host):
    answer = control.post('/connections/test', {'type': 'postgresql', 'host': host, 'database': 'x', 'user': 'u'}).must(422)
    assert answer.pointers == ['/host']


def test_lists_of_addresses(nats, control, postgres):
    server = ControlServer(nats, peer=control, args=['--deny-addresses', '127.0.0.0/8', '--allow-addresses', '127.0.0.2', '--allow-addresses', '169.254.169.254/32'])
    try:
        server.start()
        found = fails_at(server, pg(postgres), 'dns', '--allow-addresses')
        assert '127.0.0.0/8' in found['detail']
        fails_at(server, pg(postgres, host='127.0.0.2'), 'tcp')
        made = make(server, pg(postgres), 'denied')
        assert server.get(f'/connections/{made["id"]}/schemas').must(403).code == 'forbidden'
    finally:
        server.remove()


def test_settings_cannot_smuggle_options(control, postgres):
    """Whatever stands in a field is that field's value."""
    for field in ('database', 'user'):
        for text in ('x host=/tmp', "x' options='-c foo", 'postgresql://other/', 'service=x', 'a?options=x', 'a&address=1.2.3.4'):
            assert try_out(control, pg(postgres, **{field: text}))['login']['status'] == 'failed'


# -- the resource ------------------------------------------------------------


def test_a_connection_is_made_changed_and_deleted(control, postgres, certificates):
    pem = {'ca': certificates.ca.read_text(), 'certificate': certificates.client_cert.read_text(), 'key': certificates.client_key.read_text()}
    made = make(control, pg(postgres, password='hidden-word', tls={'mode': 'verify-full', **pem}), 'life')
    path = f'/connections/{made["id"]}'
    assert made.headers['location'] == f'/api/v1{path}'
    assert made['has_password'] is True and made['tls']['has_key'] is True and made['tls']['certificate_expires_at'] > made['created_at']
    assert made['last_test'] is None
    for text in ('hidden-word', 'PRIVATE KEY', 'BEGIN CERT'):
        assert text not in made.text
        assert text not in control.get(path).must(200).text
        assert text not in control.get('/connections').must(200).text
    assert control.post(f'{path}/test', {}).must(200)['ok'] is True
    shown = control.get(path).must(200)
    assert shown['last_test']['ok'] is True and shown.etag == made.etag
    changed = control.patch(path, {'host': '127.0.0.1', 'tls': {'key': None, 'certificate': None}, 'password': None}, if_match=made.etag).must(200)
    assert changed['host'] == '127.0.0.1' and changed['has_password'] is False and changed['name'] == 'life'
    assert changed['tls'] == {'mode': 'verify-full', 'has_ca': True, 'has_certificate': False, 'has_key': False, 'certificate_expires_at': None}
    assert control.patch(path, {'host': 'x'}, if_match=made.etag).must(412)
    assert control.patch(path, {'host': 'x'}).must(428)
    assert control.delete(path).must(428)
    control.delete(path, if_match=changed.etag).must(204)
    control.get(path).must(404)
    control.post(f'{path}/test', {}).must(404)


def test_a_key_that_is_given_alone_is_held_against_the_certificate_that_is_kept(control, postgres, certificates):
    tls = {'mode': 'require', 'certificate': certificates.client_cert.read_text(), 'key': certificates.client_key.read_text()}
    made = make(control, pg(postgres, tls=tls), 'keyed')
    path = f'/connections/{made["id"]}'
    refused = control.patch(path, {'tls': {'key': certificates.server_key.read_text()}}, if_match='*').must(422)
    assert refused.pointers == ['/tls/key']
    assert control.patch(path, {'tls': {'key': certificates.client_key.read_text()}}, if_match='*').must(200)['tls']['has_key']


def test_what_is_no_certificate_is_refused(control, postgres, certificates):
    cert, key, ca = (path.read_text() for path in (certificates.client_cert, certificates.client_key, certificates.ca))
    other_key = certificates.server_key.read_text()
    locked = openssl('pkey', '-in', certificates.client_key, '-aes128', '-passout', 'pass:x').decode()
    for tls, pointer in (({'ca': 'nonsense'}, '/tls/ca'), ({'ca': key}, '/tls/ca'), ({'ca': ca[:200]}, '/tls/ca'), ({'certificate': cert}, '/tls/key'),
                         ({'key': key}, '/tls/certificate'), ({'certificate': cert, 'key': other_key}, '/tls/key'),
                         ({'certificate': cert, 'key': locked}, '/tls/key'), ({'certificate': cert, 'key': cert}, '/tls/key'),
                         ({'ca': 'x' * 70000}, '/tls/ca')):
        refused = control.post('/connections', {'name': 'bad', **pg(postgres, tls=tls)}).must(422)
        assert refused.pointers == [pointer], (tls, refused.text)
        assert key.splitlines()[1] not in refused.text and other_key.splitlines()[1] not in refused.text


def test_names_are_taken_once(control, postgres):
    first = make(control, pg(postgres), 'once')
    assert control.post('/connections', {'name': 'once', **pg(postgres)}).must(409).code == 'conflict'
    second = make(control, pg(postgres), 'twice')
    control.patch(f'/connections/{second["id"]}', {'name': 'once'}, if_match=second.etag).must(409)
    control.patch(f'/connections/{first["id"]}', {'name': 'once', 'description': 'x'}, if_match=first.etag).must(200)
    assert [item['id'] for item in control.items('/connections', name='once')] == [first['id']]


def test_types_stay_and_have_what_they_need(control, postgres):
    made = make(control, pg(postgres), 'typed')
    assert control.patch(f'/connections/{made["id"]}', {'type': 'mysql'}, if_match='*').must(422).pointers == ['/type']
    assert control.post('/connections', {'name': 'n', 'type': 'postgresql', 'host': 'h', 'user': 'u'}).must(422).pointers == ['/database']
    made = make(control, {'type': 'mysql', 'host': 'h', 'user': 'u'}, 'defaults')
    assert made['port'] == 3306
    assert control.patch(f'/connections/{made["id"]}', {'type': 'mariadb'}, if_match='*').must(200)['type'] == 'mariadb'


def test_a_connection_in_use_is_kept(control, postgres):
    source, target = make(control, pg(postgres), 'used-source'), make(control, pg(postgres, database='bare'), 'used-target')
    stream = control.post('/streams', {'name': 'user_of_connections', 'mode': 'cdc', 'source': {'connection_id': source['id'], 'tables': ['public.t']},
                                       'targets': [{'connection_id': target['id']}]}).must(201)
    for made in (source, target):
        refused = control.delete(f'/connections/{made["id"]}', if_match='*').must(409)
        assert refused.code == 'in_use' and 'user_of_connections' in refused.text
    control.delete(f'/streams/{stream["id"]}', if_match='*').must(204)
    control.delete(f'/connections/{source["id"]}', if_match='*').must(204)


def test_lists_come_in_pages(control, postgres):
    for number in range(5):
        make(control, pg(postgres), f'page-{number}')
    names = [item['name'] for item in control.items('/connections', q='page-', limit=2)]
    assert names == [f'page-{number}' for number in range(5)]
    assert control.items('/connections', type='mariadb', q='page-') == []


def test_forms_of_all_types(control):
    types = {item['type']: item for item in control.items('/connection-types')}
    assert set(types) == {'postgresql', 'mysql', 'mariadb'} and types['postgresql']['default_port'] == 5432
    assert 'database' in types['postgresql']['schema']['required']
    assert types['mysql']['schema']['properties']['password']['writeOnly'] is True


def test_secrets_are_in_no_log(control):
    log = control.log()
    for text in ('hidden-word', 'se"cret', 'PRIVATE KEY'):
        assert text not in log


# -- what is in a database ---------------------------------------------------


def test_hostile_names_at_postgresql(control, postgres):
    postgres.execute('CREATE DATABASE names')
    with postgres.cursor('names') as cursor:
        for name in HOSTILE:
            quoted = '"' + name.replace('"', '""') + '"'
            cursor.execute(f'CREATE SCHEMA {quoted}')
            cursor.execute(f'CREATE TABLE {quoted}.{quoted} ({quoted} int PRIMARY KEY, v text)')
            cursor.execute(f'INSERT INTO {quoted}.{quoted} VALUES (1), (2)')
    path = f'/connections/{make(control, pg(postgres, database="names"), "pg-names")["id"]}'
    _holds_hostile(control, path, HOSTILE)
    assert [item['name'] for item in control.items(f'{path}/databases', limit=1)] == sorted(
        row[0] for row in postgres.fetch('SELECT datname FROM pg_database WHERE NOT datistemplate'))


def test_hostile_names_at_mysql(control, mysql_server):
    names = [*HOSTILE, 'y' * 64, 'ß' * 64]
    for name in names:
        mysql_server.execute(f'CREATE DATABASE {quote(name)}; CREATE TABLE {quote(name)}.{quote(name)} ({quote(name)} int PRIMARY KEY, v text);'
                             f'INSERT INTO {quote(name)}.{quote(name)} ({quote(name)}) VALUES (1), (2)')
    path = f'/connections/{make(control, my(mysql_server), f"{mysql_server.product}-names")["id"]}'
    _holds_hostile(control, path, names)


def _holds_hostile(control, path, names):
    schemas = [item['name'] for item in control.items(f'{path}/schemas', limit=2)]
    assert [name for name in schemas if name in names] == sorted(names, key=lambda name: name.encode())
    tables = [(item['schema'], item['name']) for item in control.items(f'{path}/tables', limit=3)]
    assert sorted(tables, key=lambda pair: [word.encode() for word in pair]) == tables and len(set(tables)) == len(tables)
    for name in names:
        assert (name, name) in tables
        only = control.items(f'{path}/tables', schema=name)
        assert [(item['name'], item['has_primary_key'], item['readable']) for item in only] == [(name, True, True)]
        found = control.get(f'{path}/tables/{_encoded(name)}/columns', {'schema': name}).must(200)['items']
        assert [(column['name'], column['in_primary_key']) for column in found] == [(name, True), ('v', False)]
        assert control.post(f'{path}/preview', {'schema': name, 'table': name}).must(200)['rows'] == 2
        assert name in [item['name'] for item in control.items(f'{path}/tables', q=name[:40])]


def _encoded(name):
    from urllib.parse import quote as percent
    return percent(name, safe='')


def test_tables_tell_of_rows_and_keys(control, postgres):
    postgres.execute("CREATE DATABASE sizes")
    postgres.execute("""CREATE TABLE big (id int PRIMARY KEY, v text); CREATE TABLE keyless (a int);
        CREATE TABLE parts (id int, at date) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
        CREATE TABLE computed (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (7) STORED, d int DEFAULT 5);
        INSERT INTO big SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g; INSERT INTO parts SELECT g, '2026-01-01' FROM generate_series(1, 50) g;
        ANALYZE""", dbname='sizes')
    path = f'/connections/{make(control, pg(postgres, database="sizes"), "sizes")["id"]}'
    tables = {item['name']: item for item in control.items(f'{path}/tables')}
    assert tables['big']['rows'] == 5000 and tables['big']['bytes'] > 500000 and tables['big']['has_primary_key'] and tables['big']['engine'] == 'heap'
    assert not tables['keyless']['has_primary_key']
    assert (tables['parts']['kind'], tables['parts']['rows'], tables['parts_1']['kind']) == ('partitioned', 50, 'partition')
    columns = {item['name']: item for item in control.get(f'{path}/tables/computed/columns', {'schema': 'public'}).must(200)['items']}
    assert (columns['id']['generated'], columns['twice']['generated'], columns['d']['default']) == ('identity', 'generated', '5')
    assert control.get(f'{path}/tables/none/columns', {'schema': 'public'}).must(404)
    assert control.post(f'{path}/preview', {'schema': 'public', 'table': 'none'}).must(404)
    assert control.get(f'{path}/tables', {'database': 'nowhere'}).must(502).code == 'upstream'


def test_a_count_that_takes_too_long(control, postgres):
    postgres.execute('CREATE TABLE IF NOT EXISTS locked (a int)')
    path = f'/connections/{make(control, pg(postgres), "locked")["id"]}'
    with contextlib.closing(postgres.connect(autocommit=False)) as holder, holder.cursor() as cursor:
        cursor.execute('LOCK TABLE locked')
        counted = control.post(f'{path}/preview', {'schema': 'public', 'table': 'locked', 'timeout_ms': 200}).must(200)
        assert counted['timed_out'] is True and counted['rows'] is None
    assert control.post(f'{path}/preview', {'schema': 'public', 'table': 'locked'}).must(200)['rows'] == 0
