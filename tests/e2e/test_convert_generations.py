"""Copies that lost their snapshot, more than once and at odd moments: documents and bundles made by hand."""
import pytest

from harness.copy_maker import CopyMaker, Table, lsn
from harness.wait import wait_for

T = Table('t', 16401)
KEYLESS = Table('keyless', 16403, key=False)
START = 0x100  # where the stream of changes begins


@pytest.fixture
def copy(pipeline):
    return CopyMaker(pipeline.nats, pipeline.name).make()


def some(first, last, value='v'):
    return [(number, f'{value}{number}') for number in range(first, last + 1)]


def rows_of(pipeline, table):
    if pipeline.fetch_target('SELECT to_regclass(%s) IS NULL', (f'public.{table}',)):
        return []
    return pipeline.target.fetch(f'SELECT id, v FROM public.{table} ORDER BY id, v', dbname=pipeline.name)


def wait_rows(pipeline, expected, table='t', timeout=60):
    wait_for(lambda: rows_of(pipeline, table) == expected, timeout,
             lambda: f'{expected[:10]} in {table}; there is {rows_of(pipeline, table)[:10]}; the load is {pipeline.load_row()}')


def wait_loading(pipeline, generation):
    pipeline.wait_load(lambda row: (row['generation'], row['phase']) == (generation, 'loading'), f'generation {generation}')


def kept(generation, chunks):
    return {'generation': generation, 'chunks': chunks}


STARTED_OVER = {'mode': 'restart', 'restarted': 2, 'position': lsn(START + 0x10)}


@pytest.mark.parametrize('missed', (False, True), ids=('seen', 'missed'))
def test_table_started_over_is_whole_before_the_next_generation(pipeline, copy, missed):
    """What the second generation read of it counts in the third; what the first one had is gone, if the second was seen or not."""
    copy.document([(KEYLESS, 2, {}), (T, 1, {})])
    copy.chunk(KEYLESS, some(1, 10), 0, bundles=2)
    writer = pipeline.writer()
    wait_rows(pipeline, some(1, 10), 'keyless')
    if missed:
        writer.stop()
    copy.document([(KEYLESS, 2, {'mode': 'restart'}), (T, 1, {'mode': 'catch_up'})], generation=2, position=START + 0x10)
    copy.chunk(KEYLESS, some(2, 9), 0, bundles=2, generation=2)
    copy.chunk(KEYLESS, some(20, 22), 1, generation=2)
    if not missed:
        wait_rows(pipeline, some(2, 9) + some(20, 22), 'keyless')
    copy.document([(KEYLESS, 0, {**STARTED_OVER, 'kept': [kept(2, '0-1')]}), (T, 2, {'mode': 'catch_up'})], generation=3, position=START + 0x20)
    if missed:
        writer.start(ready=False)
    wait_loading(pipeline, 3)
    copy.chunk(T, some(1, 5), 0, generation=3)
    copy.chunk(T, [], 1, generation=3)
    copy.change(START + 0x30, ('I', KEYLESS, (30, 'behind it')))
    wait_rows(pipeline, some(2, 9) + some(20, 22) + [(30, 'behind it')], 'keyless')
    wait_rows(pipeline, some(1, 5))
    pipeline.wait_phase()


@pytest.mark.parametrize('missed', (False, True), ids=('seen', 'missed'))
def test_table_started_over_catches_up_in_the_next_generation(pipeline, copy, missed):
    """It was rewritten, and its rows of the first generation with it; then it got a third snapshot."""
    copy.document([(T, 2, {})])
    copy.chunk(T, some(1, 10), 0)
    writer = pipeline.writer()
    wait_rows(pipeline, some(1, 10))
    if missed:
        writer.stop()
    copy.document([(T, 2, {'mode': 'restart'})], generation=2, position=START + 0x10)
    copy.chunk(T, some(1, 4, 'new'), 0, generation=2)
    if not missed:
        wait_rows(pipeline, some(1, 4, 'new'))
    copy.document([(T, 2, {'mode': 'catch_up', 'restarted': 2, 'kept': [kept(2, '0')]})], generation=3, position=START + 0x20)
    if missed:
        writer.start(ready=False)
    wait_loading(pipeline, 3)
    copy.chunk(T, some(5, 8, 'new'), 0, generation=3)
    copy.chunk(T, [], 1, generation=3)
    copy.change(START + 0x30, ('U', T, (2, 'after')))
    wait_rows(pipeline, [(1, 'new1'), (2, 'after')] + some(3, 8, 'new'))
    pipeline.wait_phase()


def test_target_restarts_before_the_copy_is_known(pipeline, copy):
    """A connection that is gone does not say that there is no copy."""
    pipeline.writer(ready=False)
    idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ 'sluice' AND state = 'idle'"
    wait_for(lambda: pipeline.fetch_target(idle) > 2, 30, 'the load connections to be there')
    pipeline.target.restart('immediate')
    copy.document([(T, 1, {})])
    copy.chunk(T, some(1, 5), 0)
    pipeline.wait_phase()
    wait_rows(pipeline, some(1, 5))


@pytest.mark.parametrize('key', ('PRIMARY KEY DEFERRABLE INITIALLY DEFERRED', 'PRIMARY KEY, UNIQUE (v) DEFERRABLE'))
def test_deferrable_keys_at_the_target(pipeline, copy, key):
    """Rows take the place of others there too, though ON CONFLICT refuses tables with such keys."""
    pipeline.at_target(f'CREATE TABLE t (v text, id int {key})')
    copy.document([(T, 2, {})])
    copy.chunk(T, some(1, 5), 0)
    pipeline.writer('--schema-policy', 'create_missing')
    wait_rows(pipeline, some(1, 5))
    copy.change(START + 0x10, ('U', T, (2, 'two')), ('D', T, (3, None)), ('I', T, (8, 'v8')), ('U', T, (9, 'v4'), 4))
    copy.document([(T, 2, {'mode': 'catch_up', 'kept': [kept(1, '0')]})], generation=2, position=START + 0x10)
    wait_loading(pipeline, 2)
    copy.chunk(T, some(6, 7), 0, generation=2)
    copy.chunk(T, [(2, 'two'), (8, 'v8')], 1, generation=2)
    expected = [(1, 'v1'), (2, 'two')] + some(5, 8) + [(9, 'v4')]
    wait_rows(pipeline, expected)
    copy.change(START + 0x20, ('I', T, (8, 'again')), ('U', T, (11, 'v11')))
    wait_rows(pipeline, [row for row in expected if row[0] != 8][:-1] + [(8, 'again'), (9, 'v4'), (11, 'v11')])
    pipeline.wait_phase()


class Unique(Table):
    """A table with a unique index besides its key."""

    def document(self):
        document = super().document()
        index = {**document['indexes'][0], 'name': 'unique_v', 'primary': False, 'constraint': None,
                 'definition': f'CREATE UNIQUE INDEX unique_v ON public.{self.name} USING btree (v)',
                 'columns': [{**document['indexes'][0]['columns'][0], 'name': 'v'}]}
        return {**document, 'indexes': [*document['indexes'], index]}


def test_unique_values_moved_between_generations(pipeline, copy):
    """The source was killed before it noted what it had sent: a whole table is read again, after its unique values changed hands."""
    table = Unique('t', T.relation)
    copy.document([(table, 1, {}), (KEYLESS, 1, {})])
    copy.chunk(table, [(1, 'a'), (2, 'b'), (3, 'c')], 0)
    pipeline.writer()
    wait_rows(pipeline, [(1, 'a'), (2, 'b'), (3, 'c')])
    wait_for(lambda: (copy.report() or {}).get('chunks') == '1', 30, lambda: f'the table to be whole: {copy.report()}')
    copy.document([(table, 1, {'mode': 'catch_up'}), (KEYLESS, 1, {'mode': 'restart'})], generation=2, position=START + 0x20)
    wait_loading(pipeline, 2)
    copy.chunk(table, [(1, 'c'), (3, 'a'), (4, 'b')], 0, generation=2)
    copy.chunk(KEYLESS, some(1, 3), 1, generation=2)
    copy.change(START + 0x10, ('D', table, (2, None)), ('I', table, (4, 'b')), ('U', table, (1, 'x')), ('U', table, (3, 'a')), ('U', table, (1, 'c')))
    copy.change(START + 0x30, ('I', KEYLESS, (30, 'behind it')))
    wait_rows(pipeline, [(1, 'c'), (3, 'a'), (4, 'b')])
    pipeline.wait_phase()
    assert pipeline.fetch_target("SELECT to_regclass('unique_v') IS NOT NULL")


@pytest.mark.parametrize('mode', ('append', 'upsert'))
def test_rows_of_the_target_outlive_another_start(pipeline, copy, mode):
    """What a table is emptied of is what came, never what was there before."""
    pipeline.at_target("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (-1, 'own')")
    copy.document([(T, 2, {})])
    copy.chunk(T, some(1, 5), 0)
    writer = pipeline.writer('--write-mode', mode)
    wait_rows(pipeline, [(-1, 'own')] + some(1, 5))
    copy.document([(T, 1, {'mode': 'restart'})], generation=2, position=START + 0x10)
    copy.chunk(T, some(1, 6, 'new'), 0, generation=2)
    expected = [(-1, 'own')] + some(1, 6, 'new')
    if mode == 'append':
        writer.wait_not_ready('public.t is to be read once more')
        assert rows_of(pipeline, 't') == [(-1, 'own')] + some(1, 5)
        pipeline.at_target('DELETE FROM t')
        expected = expected[1:]
    wait_rows(pipeline, expected)
    pipeline.wait_phase()
    writer.wait_ready()
