"""`sluice migrate`: whole migrations in one command, without a server; and `sluice dev`."""
import json
import os
import signal

import pytest

from harness import compare
from harness.cli import CHECK, CONFLICT, INTERRUPTED, NOT_FOUND, USAGE, Cli
from harness.mysql_source import SourceMySQL, numbers
from harness.nats import NatsServer
from harness.postgres import QUICK, Postgres, Source
from harness.process import private_folder
from harness.wait import wait_for

ROWS = 20000
SHOP = f'''CREATE TABLE customer (id int AUTO_INCREMENT PRIMARY KEY, name varchar(80) NOT NULL, born date);
CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, customer int NOT NULL, total decimal(10,2), note text, KEY (customer));
INSERT INTO customer (name, born) SELECT concat('customer ', i), '2000-02-29' FROM {numbers(500)};
INSERT INTO orders (customer, total, note) SELECT 1 + i % 500, i / 4, repeat('x', i % 50) FROM {numbers(ROWS)};'''
SHOP_PG = f'''CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL, born date);
CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customer, total numeric(10,2), note text);
INSERT INTO customer (name, born) SELECT 'customer ' || i, '2000-02-29' FROM generate_series(1, 500) i;
INSERT INTO orders (customer, total, note) SELECT 1 + i % 500, i / 4.0, repeat('x', i % 50) FROM generate_series(1, {ROWS}) i;'''
PASSWORD = "o'p\"en \\ses#me"


@pytest.fixture(scope='module')
def mariadb():
    server = SourceMySQL('mariadb-10.11', name='migrate-source')
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture(scope='module')
def target():
    server = Postgres(conf=QUICK, name='migrate-target')
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture(scope='module')
def cli():
    return Cli()


@pytest.fixture
def shop(mariadb, target, request):
    """A shop at MariaDB and an empty database at the target, both of the test's name; (source URI, target URI, name)."""
    name = request.node.name.removeprefix('test_')[:40]
    mariadb.create_database(name)
    mariadb.execute(SHOP, dbname=name)
    target.create_database(name)
    return mariadb.uri(name), target.uri(name), name


def fetch_orders(server, name, schema):
    place = f'"{schema}".orders' if isinstance(server, Postgres) else 'orders'
    return server.fetch_one(f'SELECT count(*), sum(customer), sum(total), sum(char_length(note)) FROM {place}', dbname=name)


def wait_rows(target, name, least):
    def there():
        return (target.fetch_one('SELECT to_regclass(%s) IS NOT NULL', (f'{name}.orders',), name)
                and target.fetch_one(f'SELECT count(*) FROM {name}.orders', dbname=name) >= least)
    wait_for(there, 60, f'{least} rows at the target')


def children_of(pid):
    """{pid: command line} of all below a process."""
    parents, lines = {}, {}
    for entry in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{entry}/stat') as file:
                parents[int(entry)] = int(file.read().rpartition(')')[2].split()[1])
            with open(f'/proc/{entry}/cmdline', 'rb') as file, open(f'/proc/{entry}/environ', 'rb') as environment:
                lines[int(entry)] = file.read() + environment.read()
        except (OSError, ValueError):
            continue
    found = {}
    new = [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new and child not in found]
        found.update({child: lines.get(child, b'') for child in new})
    return found


def test_copies_a_mariadb_database(cli, shop, mariadb, target):
    source_uri, target_uri, name = shop
    ran = cli.run('migrate', source_uri, target_uri, '-o', 'json')
    assert ran.json['copied_rows'] == ROWS + 500
    assert fetch_orders(target, name, name) == fetch_orders(mariadb, name, None)
    assert not list(cli.folder.glob('.local/state/sluice/*')), 'the state folder goes with the end'


def test_goes_on_after_a_kill(cli, shop, mariadb, target):
    source_uri, target_uri, name = shop
    state = private_folder('migrate-state') / 'state'
    words = ('migrate', source_uri, target_uri, '--mode', 'convert+cdc', '--state', state, '--source-option', 'chunk_bytes=64kB')
    mariadb.execute(f"CREATE USER IF NOT EXISTS 'mover'@'%' IDENTIFIED BY '{PASSWORD.translate(str.maketrans({chr(92): chr(92) * 2, chr(39): chr(39) * 2}))}'; GRANT ALL ON *.* TO 'mover'@'%'")
    secret = cli.file('source.password', PASSWORD + '\n')
    words = (words[0], mariadb.uri(name, user='mover'), *words[2:], '--source-password-file', secret)

    first = cli.process(*words, name='migrate-killed').start()
    wait_rows(target, name, 1)
    below = children_of(first.pid)
    assert len(below) == 3, below
    assert not [line for line in below.values() if PASSWORD.encode() in line or b'ses#me' in line]
    assert PASSWORD not in (state / 'state.json').read_text()
    again = cli.run(*words, status=CONFLICT)
    assert 'another sluice works with' in again.err
    first.kill()
    wait_for(lambda: not any(os.path.exists(f'/proc/{pid}') for pid in below), 20, 'what it started to end with it')
    mariadb.execute("UPDATE orders SET note = 'changed meanwhile' WHERE id % 100 = 0; DELETE FROM orders WHERE id % 101 = 0", dbname=name)

    second = cli.process(*words, name='migrate-interrupted').start()
    second.wait_log('the copy is whole', 60)
    second.send_signal(signal.SIGINT)
    assert second.wait() == INTERRUPTED
    assert 'the same command goes on' in second.log() and str(state) in second.log()
    assert "of another migration" in cli.run(*words[:-2], '--tables', 'x.*', '--source-password-file', secret, status=CONFLICT).err
    mariadb.execute('INSERT INTO orders (customer, total) VALUES (1, 2.5)', dbname=name)

    cli.run(*words, '--cut-over-when', '1s', '--cut-over-command', f'touch {state}.cut')
    assert os.path.exists(f'{state}.cut')
    assert fetch_orders(target, name, name) == fetch_orders(mariadb, name, None)
    assert not state.exists()


def test_follows_a_postgresql_database(cli, target):
    source = Source(conf=QUICK, name='migrate-pg')
    nats = NatsServer(name='migrate-nats').start()
    try:
        source.start()
        source.create_database('shop')
        source.execute(SHOP_PG, dbname='shop')
        target.create_database('shop')
        words = ('migrate', source.uri('shop'), target.uri('shop'), '--mode', 'convert+cdc', '--cut-over-when', '1s')
        missing = cli.run(*words, status=NOT_FOUND)
        assert 'no extension sluice' in missing.err and 'CREATE EXTENSION sluice' in missing.err

        source.set('sluice.nats_url', nats.url)
        source.execute('CREATE EXTENSION sluice', dbname='shop')
        begun = cli.process(*words[:-2], name='migrate-pg-first').start()
        begun.wait_log('the copy is whole', 60)
        begun.send_signal(signal.SIGTERM)
        assert begun.wait() == INTERRUPTED
        source.execute("INSERT INTO orders (customer, total) SELECT 1, 2 FROM generate_series(1, 100)", dbname='shop')
        cli.run(*words)
        assert compare.compare(source, target, dbname='shop')['public.orders'] == ROWS + 100
        assert target.fetch_one("SELECT nextval('orders_id_seq')", dbname='shop') > ROWS + 100
        assert source.fetch('SELECT name FROM sluice.streams', dbname='shop') == []
        assert not [stream for stream in nats.streams() if stream.startswith('SLUICE_')]
    finally:
        source.remove()
        nats.remove()


def test_says_what_is_missing(cli, shop, mariadb):
    source_uri, target_uri, name = shop
    ran = cli.run('migrate', mariadb.uri(name, password='secret'), target_uri, status=USAGE)
    assert 'process list' in ran.err and 'secret' not in ran.err
    mariadb.execute("CREATE USER IF NOT EXISTS 'poor'@'%'; GRANT SELECT ON *.* TO 'poor'@'%'")
    ran = cli.run('migrate', mariadb.uri(name, user='poor'), target_uri, status=CHECK)
    assert 'GRANT' in ran.err
    assert not list(cli.folder.glob('.local/state/sluice/*')), 'nothing was begun'
    assert 'is of --mode convert+cdc' in cli.run('migrate', source_uri, target_uri, '--cut-over-when', '1s', status=USAGE).err


def test_a_target_with_rows_says_what_to_add(cli, shop, mariadb, target):
    source_uri, target_uri, name = shop
    words = ('migrate', source_uri, target_uri)
    target.execute(f"CREATE SCHEMA {name}; CREATE TABLE {name}.customer (id int PRIMARY KEY, name varchar(80) NOT NULL, born date); "
                   f"INSERT INTO {name}.customer VALUES (7, 'here before')", dbname=name)
    state = private_folder('migrate-rows') / 'state'
    refused = cli.run(*words, '--state', state, status=CHECK)
    assert '--target-option write_mode=truncate' in refused.err and '--write-mode' not in refused.err
    assert 'the same command goes on' not in refused.err and str(state) in refused.err
    cli.run(*words, '--state', state, '--target-option', 'write_mode=truncate')
    assert fetch_orders(target, name, name) == fetch_orders(mariadb, name, None)
    assert target.fetch_one(f'SELECT count(*) FROM {name}.customer', dbname=name) == 500


def test_dev_is_everything_in_one(cli):
    folder = private_folder('dev') / 'dev'
    keys = []
    for _ in range(2):
        dev = cli.process('dev', '--folder', folder, '--listen', '127.0.0.1:0', '-o', 'jsonl', name='dev').start()
        line = json.loads(dev.wait_log(r'^\{.*\}$', 60).group(0))
        keys.append(line['key'])
        below = children_of(dev.pid)
        there = {'SLUICE_SERVER': line['server'], 'SLUICE_API_KEY_FILE': line['key_file']}
        wait_for(lambda env=there: cli.run('doctor', status=None, env=env).status == 0, 30, 'all to be well')
        assert [worker['state'] for worker in cli.json('workers', 'ls', env=there)] == ['active']
        assert dev.stop() == 0
        dev.log_path.unlink()
        assert not any(os.path.exists(f'/proc/{pid}') for pid in below)
    assert keys[0] == keys[1], 'what is in the folder stays'


def test_dev_says_what_stays_at_a_source(cli, shop):
    source_uri, target_uri, name = shop
    dev = cli.process('dev', '--listen', '127.0.0.1:0', '-o', 'jsonl', name='dev-left').start()
    line = json.loads(dev.wait_log(r'^\{.*\}$', 60).group(0))
    dev.wait_log(f'install -o postgres -m 0400 {line["folder"]}/nats.token /etc/sluice-dev.token', 10)
    there = {'SLUICE_SERVER': line['server'], 'SLUICE_API_KEY_FILE': line['key_file']}
    cli.run('connection', 'add', 'maria', source_uri, env=there)
    cli.run('connection', 'add', 'pg', target_uri, env=there)
    for stream, source in (('left', 'pg'), ('other', 'maria'), ('never', 'pg')):
        cli.run('stream', 'create', stream, '--source', source, '--target', 'pg', '--mode', 'convert+cdc', env=there)
    for stream in ('left', 'other'):
        cli.run('start', stream, env=there)
    assert dev.stop() == 0
    assert "stream left was started" in dev.log() and "sluice.drop_stream('left')" in dev.log()
    assert 'stream other' not in dev.log() and 'stream never' not in dev.log()
    assert not os.path.exists(line['folder'])
