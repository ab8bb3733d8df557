"""Streams in all directions from their making to their end by REST alone, with two reader and three writer workers."""
import pytest

from harness.control import ControlServer
from harness.control_streams import ControlStreams
from harness.mysql_source import SourceMySQL
from harness.postgres import NO_FSYNC, Source
from harness.process import private_folder
from harness.wait import wait_for
from harness.worker import Worker

ROWS = 2000
TABLES = '''CREATE TABLE item (id int PRIMARY KEY, name varchar(60) NOT NULL, price decimal(12,2), made timestamp NULL);
            CREATE TABLE note (item int NOT NULL, line int NOT NULL, text varchar(200), PRIMARY KEY (item, line))'''
FILL = "INSERT INTO item SELECT i, concat('item ', i), i / 4.0, NULL FROM {numbers}"
MANY = 20


class End:
    """A database of a server, as one end of a stream: its tables as SQL of the test names them."""

    def __init__(self, server, dbname, schema=None):
        self.server, self.dbname, self.schema = server, dbname, schema
        self.is_postgres = not hasattr(server, 'product')

    def execute(self, sql, args=None):
        if self.is_postgres:
            with self.server.cursor(self.dbname) as cursor:
                if self.schema:
                    cursor.execute(f'SET search_path = "{self.schema}"')
                cursor.execute(sql, args)
        else:
            self.server.execute(sql, args, self.dbname)

    def fill(self, first, count):
        numbers = (f'generate_series({first}, {first + count - 1}) i' if self.is_postgres
                   else f'(WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {first + count - 1}) SELECT i FROM n) n')
        self.execute(FILL.format(numbers=numbers))

    def rows(self, table):
        """All rows as text, by key; None while the table is not there."""
        place = f'"{self.schema or "public"}"."{table}"' if self.is_postgres else f'`{self.dbname}`.`{table}`'
        try:
            found = self.server.fetch(f'SELECT * FROM {place}', dbname=self.dbname)
        except Exception as error:  # of either driver
            if any(word in str(error) for word in ('does not exist', "doesn't exist", 'Unknown database')):
                return None
            raise
        return sorted(tuple(str(value) if value is not None else None for value in row) for row in found)


def wait_same(source, target, tables=('item', 'note'), timeout=60):
    last = {}

    def same():
        last.update({table: (source.rows(table), target.rows(table)) for table in tables})
        return all(one == other for one, other in last.values())
    wait_for(same, timeout, lambda: {table: (len(one or ()), len(other or ())) for table, (one, other) in last.items()})


class Site:
    """All servers of the module; databases are made as they are asked for."""

    def __init__(self, nats):
        self.nats = nats
        self.pg = Source(conf={**NO_FSYNC, 'max_replication_slots': '40', 'max_wal_senders': '40', 'max_worker_processes': '80',
                               'max_connections': '200'}, name='pg').start()
        self.pg.set('sluice.nats_url', nats.url)
        self.mysqls = {}
        self.control = ControlServer(nats, ['--allow-addresses', '127.0.0.0/8']).start()
        self.other = ControlServer(nats, ['--allow-addresses', '127.0.0.0/8'], name='control-2', peer=self.control).start()
        self.api = ControlStreams(self.control)
        token = private_folder('token') / 'token'
        token.write_text(self.control.post('/api-keys', {'name': 'workers', 'scopes': ['worker']}).must(201)['token'])
        token.chmod(0o644)
        self.workers = [Worker(nats, roles=role, token=token, name=f'{role}-{number}')
                        for role, count in (('reader', 2), ('writer', 3)) for number in range(1, count + 1)]
        for worker in self.workers:
            worker.start()

    def close(self):
        for started in (*self.workers, self.other, self.control, *self.mysqls.values(), self.pg):
            started.remove()

    def server(self, kind):
        if kind == 'pg':
            return self.pg
        flavour = {'maria': 'mariadb-10.11', 'mysql': 'mysql-9.7'}[kind]
        if kind not in self.mysqls:
            self.mysqls[kind] = SourceMySQL(flavour, {'max-connections': '300'}).start()
        return self.mysqls[kind]

    def ends(self, name, source, target):
        """(source, target, options of the target): databases of their own; the source's is made."""
        one, two = self.server(source), self.server(target)
        one.create_database(name)
        if source == 'pg':
            one.execute('CREATE EXTENSION sluice', dbname=name)
        if one is two and source != 'pg':
            return End(one, name), End(two, f'{name}_copy'), {'schemas': f'{name}={name}_copy'}
        if one is two:
            two.create_database(f'{name}_copy')
            return End(one, name), End(two, f'{name}_copy'), {}
        two.create_database(name)
        return End(one, name), End(two, name, schema=None if source == 'pg' else name), {}

    def changes(self, server, run_id):
        """What a server tells of changes of structure, the newest first."""
        return [event['data'] for event in server.items(f'/runs/{run_id}/schema-changes')]

    def stream(self, name, source, target, options, reading=None, **more):
        """Connections and a stream between two ends; the stream's id. options are the target's, reading the source's."""
        target_database = target.dbname if target.is_postgres or source.is_postgres else 'mysql'
        ids = [self.api.connection(f'{name} {what}', end.server, dbname, **({'password': 'not asked for'} if end.is_postgres else {}))
               for what, end, dbname in (('source', source, source.dbname), ('target', target, target_database))]
        tables = more.pop('tables', ['public.*' if source.is_postgres else f'{source.dbname}.*'])
        return self.api.stream(name, ids[0], [{'connection_id': ids[1], 'options': options}], tables=tables, reading=reading, **more)


@pytest.fixture(scope='module')
def site(nats):
    servers = Site(nats)
    yield servers
    servers.close()


# -- one stream, from its making to its end ------------------------------

@pytest.mark.parametrize('source, target', [('pg', 'pg'), ('pg', 'maria'), ('maria', 'pg'), ('maria', 'maria'), ('mysql', 'mysql')])
def test_a_stream_from_its_making_to_its_end(site, source, target):
    api, name = site.api, f'{source}_{target}'
    one, two, options = site.ends(name, source, target)
    one.execute(TABLES)
    one.fill(1, ROWS)
    stream_id = site.stream(name, one, two, options)
    stream = site.control.get(f'/streams/{stream_id}').must(200)
    for end, role in ((stream['source'], 'source'), (stream['targets'][0], 'target')):
        tested = site.control.post(f"/connections/{end['connection_id']}/test", {'role': role}).must(200)
        assert tested['ok'], tested['steps']
    checked = site.control.post(f'/streams/{stream_id}/validate').must(200)
    assert checked['ok'], checked['checks']

    run_id = api.start(stream_id)
    run = api.wait_run(run_id, 'streaming', condition=lambda run: run['started_at'])
    wait_same(one, two)
    assert all(job['worker_id'] for job in run['jobs'])
    one.execute("UPDATE item SET name = 'other' WHERE id % 3 = 0; DELETE FROM item WHERE id % 7 = 0; INSERT INTO note VALUES (1, 1, 'one')")
    wait_same(one, two)

    api.command(run_id, 'pause')
    api.wait_run(run_id, 'paused')
    one.execute("INSERT INTO note VALUES (2, 1, 'while it is paused')")
    assert one.rows('note') != two.rows('note')
    api.command(run_id, 'resume')
    wait_same(one, two)
    api.wait_run(run_id, 'streaming')

    watch(site, run_id)
    verify(site, run_id, source, target)
    api.stop(run_id)
    limit(site, stream_id, one, two)
    api.delete(stream_id)
    assert not [stream for stream in site.nats.streams() if stream.startswith(f'SLUICE_{name}')]
    assert not site.pg.fetch('SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE %s', (f'%{name}',))
    assert site.control.get(f'/runs/{run_id}').status == 404


def watch(site, run_id):
    """What is told of a run that streams."""
    wait_for(lambda: any(table['table'].endswith('item') for table in site.control.items(f'/runs/{run_id}/tables')), 30,
             lambda: f"tables of the run: {site.control.get(f'/runs/{run_id}/tables').json}")
    assert site.control.items(f'/runs/{run_id}/tables', q='no such table') == []
    assert site.control.items(f'/runs/{run_id}/errors') == []
    assert site.control.get(f'/runs/{run_id}/logs').must(200)['items']
    assert site.other.get(f'/runs/{run_id}').must(200)['state'] == 'streaming'


def verify(site, run_id, source, target):
    answer = site.control.post(f'/runs/{run_id}/verify', {})
    if (source, target) != ('pg', 'pg'):
        assert answer.code == 'conflict'
        return
    path = answer.must(202).headers['location'].removeprefix('/api/v1')
    assert site.control.post(f'/runs/{run_id}/verify', {}).code == 'conflict'
    last = {}

    def finished():
        last['seen'] = site.control.get(path).must(200).json
        return last['seen']['state'] in ('finished', 'failed')
    wait_for(finished, 60, lambda: f'the verification: {last["seen"]}')
    assert (last['seen']['state'], last['seen']['equal']) == ('finished', True), last['seen']
    assert len(site.control.items(f'/runs/{run_id}/verifications')) == 1


def limit(site, stream_id, one, two):
    """The stream goes on where it stood, and is stopped at so many rows."""
    one.fill(ROWS + 1, 50)
    site.control.patch(f'/streams/{stream_id}', {'limits': {'rows': 40}}, if_match='*').must(200)
    limited = site.api.wait_ended(site.api.start(stream_id), 'finished')
    assert limited['reason'] == 'limit_rows'
    wait_same(one, two)


@pytest.mark.parametrize('source, target', [('pg', 'pg'), ('maria', 'pg')])
def test_a_copy_ends_by_itself(site, source, target):
    one, two, options = site.ends(f'copy_{source}', source, target)
    one.execute(TABLES)
    one.fill(1, ROWS)
    stream_id = site.stream(f'copy_{source}', one, two, options, mode='convert')
    run_id = site.api.start(stream_id)
    site.api.wait_ended(run_id, 'finished')
    wait_same(one, two)
    assert any(table['table'].endswith('item') for table in site.control.items(f'/runs/{run_id}/tables'))  # also when it is over
    site.api.delete(stream_id)


def test_a_failure_shows_and_is_mended(site):
    """A target that refuses: the run is failed with a reason, and goes on when that is gone."""
    one, two, options = site.ends('mended', 'pg', 'pg')
    one.execute(TABLES)
    two.execute(TABLES)
    two.execute('ALTER TABLE note ADD CHECK (line < 100)')
    stream_id = site.stream('mended', one, two, options, mode='cdc')
    run_id = site.api.start(stream_id)
    site.api.wait_run(run_id, 'streaming')
    one.execute("INSERT INTO note VALUES (1, 100, 'refused')")
    failed = site.api.wait_run(run_id, 'failed')
    assert failed['error']['job'] == 'writer-writer-1' and 'check' in failed['error']['message']
    wait_for(lambda: site.control.items(f'/runs/{run_id}/errors'), 30, 'the error among the events')
    two.execute('ALTER TABLE note DROP CONSTRAINT note_line_check')
    site.api.command(run_id, 'resume')
    wait_same(one, two)
    site.api.wait_run(run_id, 'streaming')
    site.api.stop(run_id)
    site.api.delete(stream_id)


def leads(server):
    log = server.log()
    return log.rfind('"this server leads"') > log.rfind('"this server leads no more"')


def test_changes_of_structure_are_told_once(site):
    """Whichever of the servers leads, both show each of them."""
    one, two, options = site.ends('altered', 'pg', 'pg')
    one.execute(TABLES)
    two.execute(TABLES)
    stream_id = site.stream('altered', one, two, options, mode='cdc')
    run_id = site.api.start(stream_id)
    site.api.wait_run(run_id, 'streaming')
    seen = []
    for number, (table, column) in enumerate((('item', 'colour'), ('note', 'tone')), 1):
        one.execute(f'ALTER TABLE {table} ADD COLUMN {column} text')
        for server in (site.control, site.other):
            wait_for(lambda: len(site.changes(server, run_id)) >= number, 30, lambda: f'changes told: {site.changes(server, run_id)}')
        seen = site.changes(site.control, run_id)
        assert len(seen) == number and seen == site.changes(site.other, run_id)
        assert (seen[0]['table'], seen[0]['what'], seen[0]['outcome']) == (f'public.{table}', 'ALTER TABLE', 'applied')
        assert 'ADD COLUMN' in seen[0]['statement'] and column in seen[0]['statement'] and seen[0]['at']
    # Who leads next has heard of them as well.
    leader, next_one = sorted((site.control, site.other), key=leads, reverse=True)
    assert leads(leader) and not leads(next_one)
    leader.kill()
    wait_for(lambda: leads(next_one), 30, 'another server to lead')
    one.execute('ALTER TABLE item DROP COLUMN colour')
    wait_for(lambda: 'DROP COLUMN' in site.changes(next_one, run_id)[0]['statement'], 30,
             lambda: f'changes told: {site.changes(next_one, run_id)}')
    leader.start()
    for server in (leader, next_one):
        wait_for(lambda: site.changes(server, run_id)[1:] == seen, 30, lambda: f'changes told: {site.changes(server, run_id)}')
    site.api.stop(run_id)
    site.api.delete(stream_id)


def test_what_is_done_by_hand_shows(site):
    one, two, options = site.ends('by_hand', 'pg', 'pg')
    one.execute(TABLES)
    two.execute(TABLES)
    run_id = site.api.start(site.stream('by_hand', one, two, options, mode='cdc'))
    site.api.wait_run(run_id, 'streaming')
    one.execute("SELECT sluice.pause_stream('by_hand')")
    assert site.api.wait_run(run_id, 'paused')['desired'] == 'running'
    site.api.command(run_id, 'resume')
    site.api.wait_run(run_id, 'streaming')
    assert site.api.wait_ended(site.api.stop(run_id)['id'], 'stopped')


def test_a_worker_is_drained(site):
    """Its jobs go to another, and it takes them again."""
    one, two, options = site.ends('drained', 'pg', 'pg')
    one.execute(TABLES)
    two.execute(TABLES)
    run_id = site.api.start(site.stream('drained', one, two, options, mode='cdc'))
    run = site.api.wait_run(run_id, 'streaming', condition=lambda run: all(job['worker_id'] for job in run['jobs']))
    worker_id = run['jobs'][0]['worker_id']
    assert site.control.post(f'/workers/{worker_id}/drain').must(202)['state'] == 'draining'
    site.api.wait_run(run_id, 'streaming', condition=lambda run: run['jobs'][0]['worker_id'] != worker_id)
    states = {worker['id']: worker['state'] for worker in site.control.items('/workers')}
    assert len(states) == 5 and states[worker_id] == 'draining'
    assert site.control.post(f'/workers/{worker_id}/undrain').must(202)['state'] == 'active'
    one.fill(1, 10)
    wait_same(one, two)
    site.api.stop(run_id)


# -- many, and what is killed under them ---------------------------------

def test_commands_right_after_each_other(site):
    """A stop as soon as the source has taken the start, and a pause right after a resume: neither is lost."""
    api, name = site.api, 'at_once'
    one, two, options = site.ends(name, 'pg', 'pg')
    one.execute(TABLES)
    two.execute(TABLES)
    stream_id = site.stream(name, one, two, options, mode='cdc')

    def desired():
        found = site.pg.fetch("SELECT desired FROM sluice.streams", dbname=name)
        return found and found[0][0]
    for _ in range(4):
        run_id = api.start(stream_id)
        wait_for(lambda: desired() == 'running', 30, 'the source to take the start')
        api.stop(run_id)
        assert desired() == 'stopped'
    run_id = api.start(stream_id)
    api.wait_run(run_id, 'streaming')
    for _ in range(4):
        api.command(run_id, 'pause')
        wait_for(lambda: desired() == 'paused', 30, 'the source to take the pause')
        api.command(run_id, 'resume')
        wait_for(lambda: desired() == 'running', 30, 'the source to take the resumption')
    api.command(run_id, 'cancel')
    site.control.delete(f'/streams/{stream_id}', {'force': 'true'}, if_match='*').must(204)
    wait_for(lambda: desired() == 'stopped', 30, lambda: f'the source to stop: {desired()}')


@pytest.fixture(scope='module')
def many(site):
    """(run ids, ends): streams of one table each, half from PostgreSQL, half from MariaDB, to PostgreSQL."""
    one = {kind: site.ends(f'many_{kind}', kind, 'pg') for kind in ('pg', 'maria')}
    runs, ends = [], []
    for number in range(MANY):
        kind = ('pg', 'maria')[number % 2]
        source, target, options = one[kind]
        source.execute(f'CREATE TABLE t{number} (id int PRIMARY KEY, n int)')
        source.execute(f'INSERT INTO t{number} VALUES (1, {number}), (2, 0)')
        schema = 'public' if kind == 'pg' else source.dbname
        stream_id = site.stream(f'many_{number}', source, target, {**options, 'load_connections': 1, 'index_connections': 1},
                                tables=[f'{schema}.t{number}'], reading={'copy_workers': 1, 'max_bytes': 16 << 20})
        runs.append(site.api.start(stream_id))
        ends.append((source, target, f't{number}'))
    return runs, ends


def change_all(ends, value):
    for source, _, table in ends:
        source.execute(f'INSERT INTO {table} VALUES ({value}, {value}); UPDATE {table} SET n = {value} WHERE id = 1')


def wait_all_same(ends, timeout=120):
    for source, target, table in ends:
        wait_same(source, target, (table,), timeout)


def test_many_streams_at_once(site, many):
    runs, ends = many
    for run_id in runs:
        site.api.wait_run(run_id, 'streaming', timeout=120)
    change_all(ends, 10)
    wait_all_same(ends)
    jobs = [job for run_id in runs for job in site.api.run(run_id)['jobs']]
    assert len({job['worker_id'] for job in jobs if job['role'] == 'reader'}) == 2
    assert len({job['worker_id'] for job in jobs if job['role'] == 'writer'}) == 3
    assert len(site.other.items('/streams', state='streaming', q='many_', limit=7)) == MANY


def test_the_same_end_whatever_is_killed(site, many):
    """Servers, workers and NATS die one after the other while rows change: everything is at the targets once, and every run goes on."""
    runs, ends = many
    victims = [site.control, site.workers[0], site.nats, site.workers[2], site.other]
    for number, victim in enumerate(victims, start=20):
        change_all(ends, number)
        victim.kill()
        change_all(ends, number + 100)
        if victim is not site.workers[2]:  # whose jobs others take
            victim.start()
    wait_all_same(ends)
    for run_id in runs:
        assert site.api.wait_run(run_id, 'streaming', timeout=120)['desired'] == 'running'
    assert len(site.control.items('/runs', state='streaming')) >= MANY
    for run_id in runs:
        site.api.command(run_id, 'cancel')
    for run_id in runs:
        site.api.wait_ended(run_id, 'stopped', timeout=120)
