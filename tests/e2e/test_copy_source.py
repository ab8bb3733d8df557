"""The source's side of a copy: every row is in the load stream exactly once, whatever happens meanwhile."""
import re
import signal
import threading

import pytest

from harness.load import LoadStream
from harness.stream import stream_row, wait_state
from harness.wait import wait_for

ROWS = 20000


class Copy:
    """A database with a stream of mode convert+cdc; consumers' reports are written by the test itself."""

    def __init__(self, source, nats, name):
        self.source, self.nats, self.name = source, nats, name
        self.load = LoadStream(nats, name)
        source.create_database(name)
        source.set('sluice.nats_url', nats.url)
        source.execute('CREATE EXTENSION sluice', dbname=name)

    def execute(self, sql, args=None):
        self.source.execute(sql, args, self.name)

    def fetch(self, sql, args=None):
        return self.source.fetch(sql, args, self.name)

    def fetch_one(self, sql, args=None):
        return self.source.fetch_one(sql, args, self.name)

    def start(self, tables=('public.t',), mode='convert+cdc', publication=None, **options):
        options = {'chunk_bytes': str(1 << 20), **{key: str(value) for key, value in options.items()}}
        self.source.execute('SELECT sluice.create_stream(%s, tables => %s, publication => %s, mode => %s, '
                            'options => (SELECT jsonb_object_agg(k, v) FROM unnest(%s, %s) o(k, v)))',
                            (self.name, None if publication else list(tables), publication, mode,
                             list(options), list(options.values())), self.name)
        self.call('start_stream')
        return self

    def call(self, function):
        self.execute(f'SELECT sluice.{function}(%s)', (self.name,))

    def status(self):
        return stream_row(self.source, self.name, self.name)

    def wait_copied(self, timeout=60):
        """Until a generation has all its chunks in JetStream; its number."""
        def copied():
            rows = self.fetch('SELECT generation FROM sluice.copy WHERE copied_at IS NOT NULL')
            copied.rows = rows
            return rows
        wait_for(copied, timeout, lambda: f'the copy to be made; the stream is {self.status()}')
        return copied.rows[-1][0]

    def wait_full(self):
        """Until the copy waits for room in a JetStream stream that nobody reads."""
        wait_for(lambda: 'refuses to store more' in str(self.status()['last_error']), 30,
                 lambda: f'the stream to be full: {self.status()}')

    def report(self, phase, generation=1, complete='', consumer='writer'):
        """What a writer would say of its load."""
        chunks = self.fetch_one('SELECT chunks FROM sluice.copy WHERE generation = %s', (generation,))
        incarnation = int(self.fetch_one('SELECT incarnation FROM sluice.stream WHERE name = %s', (self.name,)))
        value = f'incarnation={incarnation % (1 << 64):x} generation={generation} phase={phase} chunks={chunks} of={chunks} complete={complete}'
        with self.nats.connect() as client:
            client.request(f'$KV.SLUICE.load.{self.name}.{consumer}', value.encode())

    def keys(self, table='public.t', generation=None):
        """First columns, integers, of the rows loaded."""
        rows = self.load.rows(generation).get(table, [])
        return sorted(int.from_bytes(row[0], 'big', signed=True) for row in rows)


@pytest.fixture
def copy(request, source, nats):
    for server in (source, nats):
        if not server.is_running():
            server.start()
    made = Copy(source, nats, 'c_' + re.sub(r'\W+', '_', request.node.name[len('test_'):])[:36])
    yield made
    if source.is_running() and made.status():
        made.call('drop_stream')
        wait_for(lambda: not made.status(), 60, f'the stream to be dropped: {made.status()}')


def fill(copy, rows=ROWS, table='t'):
    copy.execute(f'CREATE TABLE {table} (id int PRIMARY KEY, v text)')
    copy.execute(f"INSERT INTO {table} SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, {rows}) g")


def test_every_row_once(copy):
    fill(copy)
    copy.execute('CREATE TABLE empty (id int PRIMARY KEY)')
    copy.start(('public.t', 'public.empty'))
    assert copy.wait_copied() == 1
    assert copy.keys() == list(range(1, ROWS + 1))
    assert copy.load.rows().keys() == {'public.t'}
    done = copy.fetch('SELECT relid::regclass::text, count(*), sum(rows)::int FROM sluice.copy_done GROUP BY 1')
    assert {(table, rows) for table, _, rows in done} == {('t', ROWS), ('empty', 0)}
    assert dict((table, count) for table, count, _ in done)['t'] > 2


def test_changes_go_on_where_the_copy_ends(copy):
    """What is written while tables are read is in the copy or in the stream of changes, never in both."""
    fill(copy, 2000)
    copy.start()
    copy.execute("INSERT INTO t SELECT g, '' FROM generate_series(100001, 100200) g")
    copy.wait_copied()
    copied = set(copy.keys())
    position = copy.fetch_one('SELECT position FROM sluice.copy')
    assert copy.fetch_one('SELECT start_lsn FROM sluice.streams') == position
    bundle = copy.load.bundles()[0]
    assert f"{bundle.incarnation:x}" == copy.load.document(1)['load']['incarnation']
    wait_state(copy.source, copy.name, 'loading', copy.name)
    changes = LoadStream(copy.nats, copy.name)
    changes.name = f'SLUICE_{copy.name}'

    def arrived():
        texts = [data for _, _, data in changes.messages()]
        lines = [line for data in texts for (line,) in copy.fetch('SELECT sluice.bundle_text(%s)', (data,))]
        arrived.streamed = sum(1 for line in lines if ' insert ' in line or line.startswith('insert'))
        return arrived.streamed + len(copied) >= 2200
    wait_for(arrived, 30, lambda: f'all rows: {arrived.streamed} streamed, {len(copied)} copied')
    assert arrived.streamed + len(copied) == 2200


def test_document(copy):
    fill(copy, 100)
    copy.start()
    copy.wait_copied()
    document = copy.load.document(1)
    assert document['format'] == 'sluice-schema'
    load = document['load']
    assert (load['generation'], load['mode'], load['chunks']) == (1, 'convert+cdc', 1)
    table, = load['tables']
    assert (table['schema'], table['name'], table['first_chunk'], table['chunks'], table['mode']) == (
        'public', 't', 0, 1, 'exact')
    assert table['id'] == copy.fetch_one("SELECT 't'::regclass::oid")


def test_states_follow_the_consumers(copy):
    fill(copy, 100)
    copy.start(consumers='one, two')
    copy.wait_copied()
    wait_state(copy.source, copy.name, 'loading', copy.name)
    copy.report('indexing', consumer='one')
    copy.report('done', consumer='two')
    wait_state(copy.source, copy.name, 'indexing', copy.name)
    copy.report('failed', consumer='one')
    wait_for(lambda: '"one" reports that its load has failed' in str(copy.status()['last_error']), 30,
             lambda: f'the failure to be shown: {copy.status()}')
    copy.report('done', consumer='one')
    wait_state(copy.source, copy.name, 'streaming', copy.name)
    assert copy.fetch_one('SELECT finished_at IS NOT NULL FROM sluice.copy')
    assert [subject.split('.')[2] for subject, _, _ in copy.load.messages()] == ['schema']


def test_convert_ends(copy):
    fill(copy, 100)
    copy.start(mode='convert')
    copy.wait_copied()
    copy.report('done')
    wait_state(copy.source, copy.name, 'finished', copy.name)
    assert copy.fetch('SELECT FROM pg_replication_slots WHERE database = current_database()') == []
    assert copy.keys() == [] and copy.load.document(1)['load']['mode'] == 'convert'


def test_pause_makes_another_generation(copy):
    """Chunks that were finished are not read again; what moved between the snapshots is."""
    fill(copy)
    copy.execute("CREATE TABLE keyless (v int); INSERT INTO keyless SELECT generate_series(1, 100)")
    copy.execute('ALTER TABLE keyless REPLICA IDENTITY FULL')
    copy.start(('public.t', 'public.keyless'), copy_workers=1, max_bytes=2 << 20)
    wait_for(lambda: copy.fetch_one('SELECT count(*) FROM sluice.copy_done') > 0, 30, 'a chunk')
    copy.wait_full()
    copy.call('pause_stream')
    wait_state(copy.source, copy.name, 'paused', copy.name)
    wait_for(lambda: not copy.source.backend_pids('sluice copy%'), 30, 'workers to end')
    first = {chunk for chunk, in copy.fetch('SELECT chunk FROM sluice.copy_done WHERE generation = 1')}
    chunks = copy.fetch_one('SELECT chunks FROM sluice.copy')
    assert 0 < len(first) < chunks
    copy.execute("UPDATE t SET v = 'moved' WHERE id IN (1, 10000, 20000)")
    copy.execute('DELETE FROM t WHERE id = 2')
    copy.load.purge()
    copy.call('resume_stream')

    def purge():
        copy.load.purge()
        return copy.fetch('SELECT FROM sluice.copy WHERE copied_at IS NOT NULL')
    wait_for(purge, 60, lambda: f'the second generation: {copy.status()}')
    load = copy.load.document(2)['load']
    by_name = {table['name']: table for table in load['tables']}
    assert by_name['t']['mode'] == 'catch_up'
    assert by_name['t']['kept'][0]['generation'] == 1
    assert by_name['keyless']['mode'] == 'restart'
    # As many chunks as were left, the moved rows and the keyless table.
    assert load['chunks'] == chunks - len(first) + 1
    kinds = dict(copy.fetch('SELECT kind, count(*) FROM sluice.copy_chunk WHERE generation = 2 GROUP BY 1'))
    assert kinds['moved'] == 1
    moved = copy.fetch_one("SELECT d.rows FROM sluice.copy_done d JOIN sluice.copy_chunk USING (stream, generation, chunk) "
                           "WHERE kind = 'moved'")
    assert moved == 3


def test_leader_killed(copy):
    fill(copy)
    copy.start(max_bytes=2 << 20)
    copy.wait_full()
    leader, = copy.fetch("SELECT pid FROM pg_stat_activity WHERE backend_type = 'sluice' AND pid IN "
                         '(SELECT leader_pid FROM pg_stat_activity WHERE leader_pid IS NOT NULL)') or [(None,)]
    assert leader[0]
    copy.source.signal_backend(leader[0], signal.SIGTERM)
    wait_for(lambda: copy.fetch('SELECT FROM sluice.copy WHERE generation = 2'), 60, 'a second generation')


def test_server_crash(copy):
    """A snapshot does not outlive the server: what is left is read under another."""
    fill(copy)
    copy.start(max_bytes=2 << 20)
    copy.wait_full()
    copy.source.crash_backend(copy.source.backend_pids('sluice copy')[0])

    def copied():
        copy.load.purge()
        return copy.fetch('SELECT FROM sluice.copy WHERE generation > 1 AND copied_at IS NOT NULL')
    wait_for(copied, 60, lambda: f'another generation: {copy.status()}')
    table, = copy.load.document(2)['load']['tables']
    assert table['mode'] == 'catch_up'
    done = copy.fetch("SELECT first_block, blocks FROM sluice.copy_done JOIN sluice.copy_chunk USING (stream, generation, chunk) "
                      "WHERE kind = 'blocks' ORDER BY 1")
    ends = [first + blocks for first, blocks in done]
    assert [first for first, _ in done] == [0, *ends[:-1]], 'each range of blocks is done once'
    assert ends[-1] == copy.fetch_one("SELECT pg_relation_size('t') / 8192")


def test_what_consumers_have_is_purged(copy):
    fill(copy, 5000)
    copy.start()
    copy.wait_copied()
    before = len(copy.load.bundles())
    assert before > 2
    with copy.nats.connect() as client:
        client.request_json(f'$JS.API.CONSUMER.DURABLE.CREATE.{copy.load.name}.load_writer', {
            'stream_name': copy.load.name, 'config': {'durable_name': 'load_writer', 'ack_policy': 'explicit',
                                                      'filter_subject': f'sluice.{copy.name}.load'}})
        sid = client.subscribe('taken')
        client.publish(f'$JS.API.CONSUMER.MSG.NEXT.{copy.load.name}.load_writer', b'{"batch": 2}', reply='taken')
        for _ in range(2):
            got, _, reply, _, _ = client.next_message()
            assert got == sid
            client.publish(reply, b'+ACK')
        client.flush()
    wait_for(lambda: len(copy.load.bundles()) == before - 2, 30, lambda: f'two bundles to go: {copy.status()}')
    assert copy.load.document(1)


def test_worker_ended(copy):
    """A chunk whose worker ended is read again under the same snapshot."""
    fill(copy)
    copy.start(max_bytes=2 << 20)
    copy.wait_full()
    copy.execute("INSERT INTO t SELECT g, 'later' FROM generate_series(1000001, 1000100) g")
    for pid in copy.source.backend_pids('sluice copy'):
        copy.source.signal_backend(pid, signal.SIGTERM)
    seen = {}

    def taken():
        """Takes what is there, as a consumer that frees the stream."""
        for bundle in copy.load.bundles():
            seen.setdefault((bundle.chunk, bundle.number), bundle)
        copy.load.purge(copy.load.read_to)
        return copy.fetch('SELECT FROM sluice.copy WHERE copied_at IS NOT NULL')
    wait_for(taken, 60, lambda: f'the copy: {copy.status()}')
    taken()
    keys = sorted(int.from_bytes(row[0], 'big') for bundle in seen.values() for _, row in bundle.rows)
    assert keys == list(range(1, ROWS + 1))
    assert copy.fetch_one('SELECT max(generation) FROM sluice.copy') == 1


def test_nats_away(copy):
    fill(copy)
    copy.nats.kill()
    copy.start()
    wait_for(lambda: copy.status()['last_error'], 30, 'the trouble to be shown')
    copy.nats.start()
    copy.wait_copied()
    assert copy.keys() == list(range(1, ROWS + 1))


def test_big_values(copy):
    """Values longer than a message travel in parts, stored before the message that stands for them."""
    copy.execute('CREATE TABLE t (id int PRIMARY KEY, v text)')
    copy.execute('ALTER TABLE t ALTER v SET STORAGE EXTERNAL')
    copy.execute("INSERT INTO t SELECT g, repeat(chr(96 + g), g * 3000000) FROM generate_series(1, 3) g")
    copy.start()
    copy.wait_copied()
    rows = copy.load.rows()['public.t']
    assert sorted((row[0][-1], len(row[1]), row[1][:1]) for row in rows) == [
        (1, 3000000, b'a'), (2, 6000000, b'b'), (3, 9000000, b'c')]
    chunks = copy.fetch_one('SELECT chunks FROM sluice.copy')
    copy.report('loading', complete=f'0-{chunks - 1}' if chunks > 1 else '0')
    wait_for(lambda: not [s for s, _, _ in copy.load.messages() if '.load_part.' in s], 30, 'parts to be purged')


@pytest.mark.parametrize('root', ['true', 'false'])
def test_partitions(copy, root):
    copy.execute('CREATE TABLE p (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id)')
    copy.execute('CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000)')
    copy.execute('CREATE TABLE p2 (v text, gone int, id int NOT NULL)')
    copy.execute('ALTER TABLE p2 DROP COLUMN gone')
    copy.execute('ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (1000) TO (2000)')
    copy.execute("INSERT INTO p SELECT g, 'v' || g FROM generate_series(1, 1999) g")
    copy.execute(f'CREATE PUBLICATION pub FOR TABLE p WITH (publish_via_partition_root = {root})')
    copy.start(publication='pub')
    copy.wait_copied()
    rows = copy.load.rows()
    if root == 'true':
        assert rows.keys() == {'public.p'} and len(rows['public.p']) == 1999
        assert (b'v1500' in {row[1] for row in rows['public.p']})
    else:
        assert {table: len(found) for table, found in rows.items()} == {'public.p1': 999, 'public.p2': 1000}


def test_filters_and_columns(copy):
    if int(copy.source.fetch_one('SHOW server_version_num')) < 150000:
        pytest.skip('row filters and column lists came with PostgreSQL 15')
    copy.execute('CREATE TABLE t (id int PRIMARY KEY, secret text, v int)')
    copy.execute("INSERT INTO t SELECT g, 'x', g % 10 FROM generate_series(1, 1000) g")
    copy.execute('CREATE PUBLICATION pub FOR TABLE t (id, v) WHERE (v < 3)')
    copy.start(publication='pub')
    copy.wait_copied()
    bundle = copy.load.bundles()[0]
    assert bundle.relations == [('public.t', ('id', 'v'))]
    assert len(copy.keys()) == 300


def test_row_security(copy):
    """Rows that the stream's owner may not see stop the copy; they are never left out in silence."""
    fill(copy, 100)
    copy.execute('ALTER TABLE t ENABLE ROW LEVEL SECURITY')
    copy.execute("DO $$ BEGIN CREATE ROLE copier REPLICATION LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    copy.execute('GRANT SELECT ON t TO copier; CREATE PUBLICATION pub FOR TABLE t')
    copy.source.execute("SELECT sluice.create_stream(%s, publication => 'pub', mode => 'convert+cdc')", (copy.name,),
                        copy.name, user='copier')
    copy.call('start_stream')
    wait_for(lambda: 'row security would hide rows' in str(copy.status()['last_error']), 30,
             lambda: f'the refusal: {copy.status()}')
    copy.execute('ALTER ROLE copier BYPASSRLS')
    copy.wait_copied()
    assert copy.keys() == list(range(1, 101))


def test_ddl_does_not_stop_the_copy(copy):
    """A command that waits for the copy's locks is not waited for by the copy."""
    fill(copy)
    copy.start(max_bytes=2 << 20)
    copy.wait_full()
    connection = copy.source.connect(copy.name)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '60s'; SET lock_timeout = 0")
        waiting = threading.Thread(target=lambda: cursor.execute('ALTER TABLE t ADD COLUMN w int'), daemon=True)
        waiting.start()
        wait_for(lambda: copy.fetch("SELECT FROM pg_locks WHERE NOT granted"), 30, 'the command to wait')

        def copied():
            copy.load.purge()
            return copy.fetch('SELECT FROM sluice.copy WHERE copied_at IS NOT NULL')
        wait_for(copied, 60, lambda: f'the copy: {copy.status()}')
        waiting.join(30)
        assert not waiting.is_alive()
    connection.close()


def test_drop_in_the_middle(copy):
    fill(copy)
    copy.start(max_bytes=2 << 20)
    copy.wait_full()
    copy.call('drop_stream')
    wait_for(lambda: not copy.status(), 60, lambda: f'the stream to be dropped: {copy.status()}')
    assert copy.load.name not in copy.nats.streams()
    assert copy.fetch('SELECT FROM sluice.copy') == []


def test_query_in_the_place_of_a_table(copy):
    fill(copy, 100)
    copy.start(mode='convert', queries='{"public.t": "SELECT id, id * 2 AS twice FROM public.t WHERE id > 90"}')
    copy.wait_copied()
    bundle = copy.load.bundles()[0]
    assert bundle.relations == [('public.t', ('id', 'twice'))]
    assert [(row[0][-1], row[1][-1]) for _, row in bundle.rows] == [(n, 2 * n) for n in range(91, 101)]


def test_limits_finish_a_stream(copy):
    copy.execute('CREATE TABLE t (id int PRIMARY KEY)')
    copy.start(mode='cdc', max_events=100, durability='broker')
    wait_state(copy.source, copy.name, 'streaming', copy.name)
    copy.execute('INSERT INTO t SELECT generate_series(1, 99)')
    wait_for(lambda: copy.status()['rows'] == 99, 30, 'the first changes')
    assert copy.status()['state'] == 'streaming'
    copy.execute('INSERT INTO t VALUES (100)')
    wait_state(copy.source, copy.name, 'finished', copy.name)
    copy.execute("UPDATE sluice.stream SET options = '{\"max_seconds\": \"1\"}'")
    copy.call('start_stream')
    wait_state(copy.source, copy.name, 'finished', copy.name)


def test_progress_is_shown(copy):
    fill(copy)
    copy.execute('CREATE TABLE e (id int PRIMARY KEY); ANALYZE t')
    copy.start(('public.t', 'public.e'), max_bytes=2 << 20)
    copy.wait_full()
    tables = {name: rest for name, *rest in copy.fetch(
        'SELECT table_name, copy_state, estimated_rows, copied_rows, copy_error FROM sluice.stat_tables')}
    assert tables['public.t'][:2] == ['copying', ROWS] and 0 < tables['public.t'][2] < ROWS
    assert 'full' in tables['public.t'][3] or 'store' in tables['public.t'][3]
    status = copy.status()
    assert status['state'] == 'loading' and status['copy_chunks_done'] < status['copy_chunks']
    assert status['copy_rows'] == tables['public.t'][2]
    assert status['kept_wal_bytes'] >= 0
    wait_for(lambda: copy.status()['copy_jetstream_bytes'] > 0, 30, 'the copy in JetStream to be measured')
