"""What is looked at before a stream runs: pre-flight checks, and the types that columns get."""
import contextlib
import socket

import pytest

from harness.control import ControlServer
from harness.mysql import MySQL, quote
from harness.mysql_source import SourceMySQL
from harness.postgres import NO_FSYNC, Postgres, Source

HOSTILE = ['Quote"s', "apo'stroph", 'back`tick', 'line\nfeed', 'a -> b', '-- problem: x', 'semi;colon', 'per%cent_', 'back\\slash', 'x' * 63]


@pytest.fixture(scope='module')
def postgres():
    server = Source('15', NO_FSYNC, name='pg')
    try:
        server.start()
        for name in ('shop', 'other', 'bare'):
            server.execute(f'CREATE DATABASE {name}')
        server.execute('CREATE ROLE app LOGIN; CREATE ROLE owner')
        server.execute('CREATE EXTENSION sluice; CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE keyless (a int);'
                       'CREATE UNLOGGED TABLE volatile (id int PRIMARY KEY); CREATE TABLE of_owner (id int PRIMARY KEY); ALTER TABLE of_owner OWNER TO owner;'
                       'CREATE PUBLICATION chosen FOR TABLE orders', dbname='shop')
        yield server
    finally:
        server.remove()


@pytest.fixture(scope='module', params=['mariadb-10.11', 'mysql-9.7'])
def my(request):
    server = SourceMySQL(request.param)
    try:
        server.start()
        server.execute("CREATE DATABASE shop; CREATE TABLE shop.orders (id int PRIMARY KEY AUTO_INCREMENT, at datetime, kind enum('a', 'b -> c'), doc json,"
                       "big bigint unsigned, small tinyint(1)); CREATE TABLE shop.keyless (a int); CREATE DATABASE copy;"
                       "CREATE USER app@'%'; GRANT SELECT ON shop.orders TO app@'%'")
        yield server
    finally:
        server.remove()


@pytest.fixture(scope='module')
def control(nats, postgres):
    server = ControlServer(nats)
    try:
        server.start()
        postgres.set('sluice.nats_url', nats.url)
        yield server
    finally:
        server.remove()


class Connections:
    """Connections by what they are of, made once."""

    def __init__(self, control):
        self.control, self.ids = control, {}

    def __call__(self, server, database, user=None, **other):
        product = getattr(server, 'product', 'postgresql')
        user = user or ('postgres' if product == 'postgresql' else 'sluice')
        key = (server.port, database, user, str(other))
        if key not in self.ids:
            self.ids[key] = self.control.post('/connections', {'name': f'c{len(self.ids)}', 'type': product, 'host': 'localhost', 'port': server.port,
                                                              'database': database, 'user': user, **other}).must(201)['id']
        return self.ids[key]


@pytest.fixture(scope='module')
def connection(control):
    return Connections(control)


def stream(source, target, tables=('public.*',), mode='convert+cdc', publication=None, **options):
    """A stream with one target, whose options are given."""
    return {'mode': mode, 'source': {'connection_id': source, 'tables': list(tables), 'publication': publication},
            'targets': [{'connection_id': target, 'options': options}]}


def validated(control, document, path='/streams/validate'):
    answer = control.post(path, document).must(200)
    checks = answer['checks']
    assert answer['ok'] is not any(check['status'] == 'fail' for check in checks)
    return checks


def find(checks, group, name, status=None):
    return [check for check in checks if check['group'] == group and check['id'] == name and status in (None, check['status'])]


def failed(checks):
    return {(check['group'], check['id']) for check in checks if check['status'] == 'fail'}


# -- PostgreSQL --------------------------------------------------------------


def test_a_stream_that_can_run(control, postgres, connection):
    checks = validated(control, stream(connection(postgres, 'shop'), connection(postgres, 'other'), ['public.orders']))
    assert failed(checks) == set()
    for group, name in (('source', 'wal_level'), ('source', 'shared_preload_libraries'), ('source', 'nats_server'), ('source', 'role'), ('source', 'standby'),
                        ('tables', 'tables'), ('tables', 'select'), ('target', 'connection'), ('target', 'rights'), ('target', 'structure'),
                        ('target', 'same_database')):
        assert find(checks, group, name, 'pass'), (group, name, checks)
    assert all(check['title'] and check['found'] for check in checks)


def test_nothing_is_left_at_the_source(control, postgres, connection):
    validated(control, stream(connection(postgres, 'shop'), connection(postgres, 'other'), ['public.orders']))
    control.post('/streams/type-map', stream(connection(postgres, 'shop'), connection(postgres, 'other'), ['public.orders'])).must(200)
    assert postgres.fetch('SELECT name FROM sluice.streams', dbname='shop') == []
    assert postgres.fetch('SELECT pubname FROM pg_publication', dbname='shop') == [('chosen',)]


def test_a_source_without_the_extension(control, postgres, connection):
    checks = validated(control, stream(connection(postgres, 'bare'), connection(postgres, 'other')))
    assert find(checks, 'source', 'extension', 'fail')[0]['fix'] == 'CREATE EXTENSION sluice'
    assert find(checks, 'source', 'wal_level', 'pass') and find(checks, 'target', 'structure', 'warn')


def names_what_fits_nothing(control, document, expected):
    checks = validated(control, document)
    assert [check['table'] for check in find(checks, 'tables', 'tables', 'warn')] == expected
    assert not [check for check in find(checks, 'target', 'not_carried') if 'pattern' in check['found']]
    shown = control.post('/streams/type-map', document).must(200)
    assert shown['unmatched'] == expected and [table['name'] for table in shown['targets'][0]['tables']] == ['orders']
    document['source']['tables'] = document['source']['tables'][:1]
    assert control.post('/streams/type-map', document).must(200)['unmatched'] == []
    assert not find(validated(control, document), 'tables', 'tables', 'warn')


def test_patterns_that_fit_no_table(control, postgres, connection):
    source, target = connection(postgres, 'shop'), connection(postgres, 'other')
    names_what_fits_nothing(control, stream(source, target, ['public.orders', 'public.ordres*', '!public.x*', 'nowhere.*']), ['public.ordres*', 'nowhere.*'])
    missing = stream(source, target, ['public.orders', 'public.none'])
    assert control.post('/streams/type-map', missing).must(200)['unmatched'] == ['public.none']
    assert not find(validated(control, missing), 'tables', 'tables', 'warn')  # it is a failure, told once


def test_patterns_that_fit_no_table_of_mysql(control, my, postgres, connection):
    document = stream(connection(my, ''), connection(postgres, 'other'), ['shop.orders', 'shop.ordres*', '!shop.x*', '`no,where`.*'])
    names_what_fits_nothing(control, document, ['shop.ordres*', '`no,where`.*'])


def test_a_server_that_is_not_set_up(control, postgres, connection):
    server = Postgres('15', NO_FSYNC, name='plain')
    try:
        server.start()
        checks = validated(control, stream(connection(server, 'postgres'), connection(postgres, 'other')))
        assert {('source', 'wal_level'), ('source', 'extension'), ('source', 'shared_preload_libraries'), ('tables', 'tables')} <= failed(checks)
        assert 'shared_preload_libraries = sluice' in find(checks, 'source', 'shared_preload_libraries')[0]['fix']
    finally:
        server.remove()


def test_what_is_wrong_with_tables(control, postgres, connection):
    checks = validated(control, stream(connection(postgres, 'shop', 'app'), connection(postgres, 'other'),
                                       ['public.*', 'public.volatile', 'public.none']))
    assert {check['table'] for check in find(checks, 'tables', 'select', 'fail')} >= {'public.orders', 'public.keyless'}
    assert [check['table'] for check in find(checks, 'tables', 'unlogged', 'fail')] == ['public.volatile']
    assert [check['table'] for check in find(checks, 'tables', 'replica_identity', 'warn')] == ['public.keyless']
    assert 'public.of_owner' in {check['table'] for check in find(checks, 'tables', 'owner', 'fail')}
    assert [check['table'] for check in find(checks, 'tables', 'tables', 'fail')] == ['public.none']
    assert ('source', 'role') in failed(checks)


def test_publications(control, postgres, connection):
    source, target = connection(postgres, 'shop'), connection(postgres, 'other')
    checks = validated(control, stream(source, target, [], publication='chosen'))
    assert failed(checks) == set() and '1 tables' in find(checks, 'tables', 'tables')[0]['found']
    checks = validated(control, stream(source, target, [], publication='none'))
    assert ('tables', 'tables') in failed(checks)


def test_targets_that_are_in_the_way(control, postgres, connection):
    source = connection(postgres, 'shop')
    for database in ('filled', 'narrow'):
        postgres.execute(f'CREATE DATABASE {database}')
    postgres.execute("CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'x')", dbname='filled')
    postgres.execute('REVOKE CREATE ON DATABASE narrow FROM PUBLIC')
    filled = connection(postgres, 'filled')
    checks = validated(control, stream(source, filled, ['public.orders']))
    assert any('orders' in check['found'] for check in find(checks, 'target', 'structure', 'fail')), find(checks, 'target', 'structure')
    assert failed(validated(control, stream(source, filled, ['public.orders'], write_mode='upsert'))) == set()
    checks = validated(control, stream(source, filled, ['public.orders'], schema_policy='fail_if_exists'))
    assert find(checks, 'target', 'structure', 'fail')
    # Without a copy the tables must be there, with rows or without.
    assert failed(validated(control, stream(source, filled, ['public.orders'], 'cdc'))) == set()
    assert find(validated(control, stream(source, connection(postgres, 'other'), ['public.orders'], 'cdc')), 'target', 'structure', 'fail')
    assert ('target', 'rights') in failed(validated(control, stream(source, connection(postgres, 'narrow', 'app'), ['public.orders'])))
    assert ('target', 'same_database') in failed(validated(control, stream(source, source, ['public.orders'])))


def test_what_cannot_be_reached_is_a_check(control, postgres, connection):
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(('127.0.0.1', 0))
        gone = control.post('/connections', {'name': 'gone', 'type': 'postgresql', 'host': '127.0.0.1', 'port': unused.getsockname()[1],
                                             'database': 'x', 'user': 'u'}).must(201)['id']
        checks = validated(control, stream(gone, connection(postgres, 'other')))
        assert failed(checks) == {('source', 'connection')}
        checks = validated(control, stream(connection(postgres, 'shop'), gone, ['public.orders']))
        assert failed(checks) == {('target', 'connection')}
        assert control.post('/streams/type-map', stream(gone, connection(postgres, 'other'))).must(502).code == 'upstream'


# -- MySQL and MariaDB -------------------------------------------------------


def test_a_mysql_source(control, my, postgres, connection):
    checks = validated(control, stream(connection(my, ''), connection(postgres, 'other'), ['shop.orders']))
    assert failed(checks) == set()
    for group, name in (('source', 'log_bin'), ('source', 'binlog_format'), ('source', 'binary_log'), ('tables', 'tables'), ('nats', 'nats'),
                        ('target', 'structure')):
        assert find(checks, group, name, 'pass'), (name, checks)
    checks = validated(control, stream(connection(my, ''), connection(postgres, 'other'), ['shop.*']))
    assert 'keyless' in find(checks, 'tables', 'keys', 'warn')[0]['found']
    checks = validated(control, stream(connection(my, ''), connection(postgres, 'other'), ['nowhere.*']))
    assert ('tables', 'tables') in failed(checks)


def test_a_mysql_source_without_rights(control, my, postgres, connection):
    checks = validated(control, stream(connection(my, '', 'app'), connection(postgres, 'other'), ['shop.*']))
    assert "GRANT REPLICATION SLAVE ON *.* TO 'app'@'%'" == find(checks, 'source', 'replication_slave', 'fail')[0]['fix']


def test_a_mysql_source_without_its_log(control, postgres, connection):
    server = MySQL('mariadb-10.11')
    try:
        server.start()
        server.execute('CREATE DATABASE shop; CREATE TABLE shop.t (id int PRIMARY KEY)')
        checks = validated(control, stream(connection(server, ''), connection(postgres, 'other'), ['shop.*']))
        assert ('source', 'log_bin') in failed(checks)
    finally:
        server.remove()


def test_a_mysql_target_on_the_same_server(control, my, postgres, connection):
    checks = validated(control, stream(connection(my, 'shop'), connection(my, 'copy'), ['shop.orders']))
    assert find(checks, 'target', 'same_database', 'warn') and find(checks, 'target', 'structure', 'fail')
    checks = validated(control, stream(connection(my, 'shop'), connection(my, 'copy'), ['shop.orders'], schemas='shop=copy'))
    assert failed(checks) == set()
    checks = validated(control, stream(connection(postgres, 'shop'), connection(my, 'copy'), ['public.orders']))
    assert failed(checks) == set()


# -- streams that are kept ---------------------------------------------------


def test_a_stream_that_is_kept(control, postgres, connection):
    document = stream(connection(postgres, 'shop'), connection(postgres, 'other'), ['public.orders'])
    made = control.post('/streams', {'name': 'kept_checks', **document}).must(201)
    by_path = validated(control, None, f'/streams/{made["id"]}/validate')
    by_body = validated(control, {'stream_id': made['id']})
    assert [check['id'] for check in by_path] == [check['id'] for check in by_body] and failed(by_path) == set()
    assert control.post('/streams/type-map', {'stream_id': made['id']}).must(200)['targets'][0]['tables']
    control.post('/streams/str_00000000000000000000/validate').must(404)
    control.post('/streams/validate', {'stream_id': 'str_00000000000000000000'}).must(404)
    control.delete(f'/streams/{made["id"]}', if_match='*').must(204)


def test_questions_that_make_no_sense(control, postgres, connection):
    assert len(control.post('/streams/validate', {}).must(422).pointers) == 3
    unknown = stream('conn_00000000000000000000', connection(postgres, 'other'))
    assert control.post('/streams/validate', unknown).must(422).pointers == ['/source/connection_id']
    bad = stream(connection(postgres, 'shop'), connection(postgres, 'other'), write_mode='maybe')
    control.post('/streams/validate', bad).must(422)


# -- types -------------------------------------------------------------------


def types_of(control, document, target=0):
    shown = control.post('/streams/type-map', document).must(200)['targets'][target]
    return shown, {(table['name'], column['name']): column for table in shown['tables'] for column in table['columns']}


def test_types_from_postgresql(control, postgres, my, connection):
    postgres.execute("DROP TABLE IF EXISTS typed; DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('a', 'b -> c');"
                     'CREATE TABLE typed (id int PRIMARY KEY, n numeric, exact numeric(10,2), at timestamptz, v varchar(20), list int[], mood mood, doc jsonb)',
                     dbname='shop')
    document = stream(connection(postgres, 'shop'), connection(my, 'copy'), ['public.typed'])
    shown, columns = types_of(control, document)
    assert columns['typed', 'id'] | {'reason': None} == {'name': 'id', 'source_type': 'integer', 'canonical': 'int32', 'target_type': 'int', 'fidelity': 'lossless',
                                                         'reason': None, 'policy': 'error'}
    assert columns['typed', 'n']['fidelity'] == 'lossy' and columns['typed', 'n']['target_type'] == 'decimal(65,30)' and 'NaN' in columns['typed', 'n']['reason']
    assert columns['typed', 'list']['canonical'] == 'array of int32' and columns['typed', 'v']['target_type'].startswith('varchar(20)')
    assert columns['typed', 'mood']['target_type'].startswith('enum')
    assert 'CREATE TABLE' in shown['plan']
    document['targets'][0]['options'] = {'types': 'numeric=decimal(38,10):null, public.typed.v=longtext'}
    columns = types_of(control, document)[1]
    assert (columns['typed', 'n']['target_type'], columns['typed', 'n']['policy']) == ('decimal(38,10)', 'null')
    assert columns['typed', 'v']['target_type'].startswith('longtext')


def test_types_between_postgresql(control, postgres, connection):
    document = stream(connection(postgres, 'shop'), connection(postgres, 'other'), ['public.orders', 'public.keyless'])
    assert {(name, column['target_type'], column['fidelity']) for name, column in types_of(control, document)[1].items()} == {
        (('orders', 'id'), 'integer', 'lossless'), (('orders', 'note'), 'text', 'lossless'), (('keyless', 'a'), 'integer', 'lossless')}


def test_types_from_mysql(control, postgres, my, connection):
    document = stream(connection(my, 'shop'), connection(postgres, 'other'), ['shop.orders'])
    document['targets'].append({'name': 'same', 'connection_id': connection(my, 'copy'), 'options': {'schemas': 'shop=copy'}})
    columns = types_of(control, document)[1]
    assert {name: columns['orders', name]['target_type'] for name in ('id', 'kind', 'doc', 'big', 'small')} == {
        'id': 'integer', 'kind': 'text', 'doc': 'jsonb', 'big': 'numeric(20,0)', 'small': 'smallint'}
    assert columns['orders', 'doc']['fidelity'] == 'lossy' and columns['orders', 'big']['fidelity'] == 'lossless'
    own = types_of(control, document, 1)[1]
    assert own['orders', 'kind']['target_type'].startswith("enum('a','b -> c')") and own['orders', 'big']['target_type'].endswith('unsigned')
    # With a look at the values TINYINT(1) of which there is only 0 and 1 is boolean.
    assert types_of(control, {**document, 'scan': True})[1]['orders', 'small']['target_type'] == 'boolean'


def test_hostile_names_of_postgresql(control, postgres, my, connection):
    postgres.execute('DROP DATABASE IF EXISTS hostile')
    postgres.execute('CREATE DATABASE hostile')
    with postgres.cursor('hostile') as cursor:
        cursor.execute('CREATE EXTENSION sluice')
        for name in HOSTILE:
            quoted = '"' + name.replace('"', '""') + '"'
            cursor.execute(f'CREATE TABLE {quoted} ({quoted} int PRIMARY KEY, plain text)')
    for target in (connection(postgres, 'other'), connection(my, 'copy')):
        document = stream(connection(postgres, 'hostile'), target)
        assert failed(validated(control, document)) == set()
        columns = types_of(control, document)[1]
        assert set(columns) == {(name, column) for name in HOSTILE for column in (name, 'plain')}
        assert {columns[name, 'plain']['target_type'] for name in HOSTILE} <= {'text', 'longtext'}
    exact = ['public."' + name.replace('"', '""') + '"' for name in HOSTILE if '\n' not in name]
    checks = validated(control, stream(connection(postgres, 'hostile'), connection(postgres, 'other'), exact))
    assert failed(checks) == set() and f'{len(exact)} tables' in find(checks, 'tables', 'tables')[0]['found']


def test_hostile_names_of_mysql(control, postgres, my, connection):
    names = [*HOSTILE, 'y' * 64]
    my.execute('CREATE DATABASE IF NOT EXISTS hostile')
    for name in names:
        my.execute(f'CREATE TABLE hostile.{quote(name)} ({quote(name)} int PRIMARY KEY, plain text)')
    document = stream(connection(my, 'hostile'), connection(postgres, 'other'), ['hostile.*'])
    assert failed(validated(control, document)) == set()
    columns = types_of(control, document)[1]
    assert set(columns) == {(name, column) for name in names for column in (name, 'plain')}
    assert {columns[name, 'plain']['target_type'] for name in names} == {'text'}
    assert {columns[name, name]['target_type'] for name in names} == {'integer'}


def test_partitions_are_one_table_at_mysql(control, postgres, my, connection):
    postgres.execute('DROP TABLE IF EXISTS parts; CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9)',
                     dbname='shop')
    document = stream(connection(postgres, 'shop'), connection(my, 'copy'), ['public.parts'])
    tables = control.post('/streams/type-map', document).must(200)['targets'][0]['tables']
    assert [(table['name'], [column['target_type'] for column in table['columns']]) for table in tables] == [('parts', ['int', 'longtext'])]
    postgres.execute('DROP TABLE parts', dbname='shop')
