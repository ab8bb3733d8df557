"""The writer's side of a copy, with copies made by hand: what comes twice, late, in parts, of an earlier generation, or cannot be taken."""
import json

import pytest

from harness import compare
from harness.copy_maker import CopyMaker, Table, lsn, split
from harness.wait import wait_for

T = Table('t', 16401)
U = Table('u', 16402)
KEYLESS = Table('keyless', 16403, key=False)
START = 0x100  # where the stream of changes begins


@pytest.fixture
def copy(pipeline):
    return CopyMaker(pipeline.nats, pipeline.name).make()


def rows_of(pipeline, table='t'):
    """The table's rows in order; empty before it is made."""
    if pipeline.fetch_target('SELECT to_regclass(%s) IS NULL', (f'public.{table}',)):
        return []
    return pipeline.target.fetch(f'SELECT id, v FROM public.{table} ORDER BY id, v', dbname=pipeline.name)


def wait_rows(pipeline, expected, table='t', timeout=60):
    found = {}

    def equal():
        found['rows'] = rows_of(pipeline, table)
        return found['rows'] == expected
    wait_for(equal, timeout, lambda: f'rows {expected[:10]} in {table}; there are {found["rows"][:10]}; the load is {pipeline.load_row()}')


def some(first, last, value='v'):
    return [(number, f'{value}{number}') for number in range(first, last + 1)]


def phase(pipeline):
    row = pipeline.load_row()
    return row and row['phase']


def has_key(pipeline, table='t'):
    return pipeline.fetch_target("SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid = %s::regclass", (f'public.{table}',)) == 1


def test_convert_ends(pipeline):
    copy = CopyMaker(pipeline.nats, pipeline.name).make(changes=False)
    copy.document([(T, 2, {}), (U, 1, {})], mode='convert', parts=3)
    copy.chunk(T, some(1, 40), 0, bundles=4)
    copy.chunk(T, some(41, 50), 1)
    copy.chunk(U, [], 2)
    writer = pipeline.writer('--progress', ready=False)
    assert writer.wait() == 0
    assert rows_of(pipeline) == some(1, 50) and rows_of(pipeline, 'u') == []
    assert has_key(pipeline) and has_key(pipeline, 'u')
    assert copy.report() == {'incarnation': '1f', 'generation': '1', 'phase': 'done', 'chunks': '3', 'of': '3', 'complete': '0-2'}
    assert copy.left() == 0
    assert 'msg=finished' in writer.log() and 'copy: done, 50 of about 50 rows' in writer.log()
    assert pipeline.target.fetch('SELECT count(*) FROM sluice.load_bundle', dbname=pipeline.name) == [(0,)]
    again = pipeline.writer(ready=False, name='again')
    assert again.wait() == 0 and rows_of(pipeline) == some(1, 50)


def test_changes_follow(pipeline, copy):
    copy.document([(T, 1, {})])
    copy.change(START + 0x10, ('U', T, (2, 'changed')), ('D', T, (3, None)), ('I', T, (5, 'v5')))
    copy.chunk(T, some(1, 4), 0)
    pipeline.writer()
    wait_rows(pipeline, [(1, 'v1'), (2, 'changed'), (4, 'v4'), (5, 'v5')])
    copy.change(START + 0x20, ('I', T, (6, 'v6')))
    wait_rows(pipeline, [(1, 'v1'), (2, 'changed'), (4, 'v4'), (5, 'v5'), (6, 'v6')])
    assert phase(pipeline) == 'done'


def test_writer_before_the_source(pipeline):
    pipeline.writer(ready=False).wait_not_ready('waiting for stream')
    copy = CopyMaker(pipeline.nats, pipeline.name).make()
    copy.document([(T, 1, {})])
    pipeline.wait_phase('loading')
    copy.chunk(T, some(1, 3), 0, bundles=3)
    pipeline.wait_phase('done')
    assert rows_of(pipeline) == some(1, 3)


def test_what_comes_twice_is_loaded_once(pipeline, copy):
    copy.document([(KEYLESS, 2, {})])
    for _ in range(3):
        copy.chunk(KEYLESS, some(1, 9), 0, bundles=3)
    pipeline.writer(ready=False)
    wait_for(lambda: (copy.report() or {}).get('complete') == '0', 30, lambda: f'chunk 0 to be complete: {copy.report()}')
    copy.chunk(KEYLESS, some(1, 9), 0, bundles=3)  # and when it is known as complete
    wait_for(lambda: copy.left() == 0, 30, 'all to be acknowledged')
    copy.chunk(KEYLESS, some(10, 12), 1)
    pipeline.wait_phase()
    copy.chunk(KEYLESS, some(1, 9), 0, bundles=3)  # and when all is in
    wait_for(lambda: copy.left() == 0, 30, 'all to be acknowledged')
    assert rows_of(pipeline, 'keyless') == some(1, 12)


def test_bundles_in_parts(pipeline, copy):
    copy.document([(T, 1, {})])
    long = 'x' * 100000
    message = copy.bundle(T, [(1, long), (2, 'b')], 0, 0, end=1)
    first, *others = split(message, 4)
    for number, part in enumerate(others, 1):
        copy.publish(f'load_part.1.0.0.{number}', part)
    copy.publish('load', first)
    pipeline.writer()
    wait_rows(pipeline, [(1, long), (2, 'b')])


def test_lost_parts_are_told(pipeline, copy):
    copy.document([(T, 1, {})])
    first, second = split(copy.bundle(T, [(1, 'a')], 0, 0, end=1), 2)
    copy.publish('load', first)
    writer = pipeline.writer(ready=False)
    writer.wait_not_ready('parts of bundle 0 of chunk 0 .generation 1. are not in JetStream any more')
    assert rows_of(pipeline) == []
    copy.publish('load_part.1.0.0.1', second)
    wait_rows(pipeline, [(1, 'a')])


@pytest.mark.parametrize('key', [True, False])
def test_refused_row_is_named(pipeline, copy, key):
    pipeline.at_target('CREATE TABLE t (id int' + (' PRIMARY KEY' if key else '') + ', v text, CHECK (id <> 7))')
    table = Table('t', 16401, key)
    copy.document([(table, 1, {})])
    copy.chunk(table, some(1, 30), 0, bundles=3)
    writer = pipeline.writer('--write-mode', 'append', ready=False)
    said = writer.wait_not_ready('t_id_check')
    assert 'public.t' in said and ('(id)=(7)' in said or not key)
    wait_for(lambda: copy.report()['phase'] == 'failed', 30, lambda: f'the failure to be reported: {copy.report()}')
    assert 't_id_check' in pipeline.load_row()['error']
    assert writer.metric('sluice_writer_state', state='stopped') == 1
    pipeline.at_target('ALTER TABLE t DROP CONSTRAINT t_id_check')
    wait_rows(pipeline, some(1, 30))
    pipeline.wait_phase()
    assert pipeline.load_row()['error'] == ''
    writer.wait_ready()


def test_kill_at_any_moment(pipeline, copy):
    """What the killed writer had taken comes to the next one, and nothing is in twice."""
    copy.document([(KEYLESS, 8, {})])
    writer = pipeline.writer(ready=False)
    for chunk in range(8):
        copy.chunk(KEYLESS, some(chunk * 100, chunk * 100 + 99), chunk, bundles=20)
        if chunk % 2 == 1:
            writer.kill()
            writer.start(ready=False)
    pipeline.wait_phase(timeout=120)
    assert rows_of(pipeline, 'keyless') == some(0, 799)


def test_end_in_the_midst(pipeline, copy):
    copy.document([(T, 2, {})])
    copy.chunk(T, some(1, 10), 0, bundles=5)
    writer = pipeline.writer()
    wait_rows(pipeline, some(1, 10))
    assert writer.stop() == 0 and phase(pipeline) == 'loading'
    copy.chunk(T, some(11, 20), 1, bundles=5)
    writer.start()
    pipeline.wait_phase()
    assert rows_of(pipeline) == some(1, 20)


def test_writers_that_stand_by_load_too(pipeline, copy):
    copy.document([(KEYLESS, 2, {})])
    first = pipeline.writer(name='first')
    pipeline.wait_phase('loading')
    second = pipeline.writer(name='second')
    first.pause()  # the crew of the second one is left; what it leaves the first one gets
    try:
        copy.chunk(KEYLESS, some(1, 200), 0, bundles=40)
        wait_rows(pipeline, some(1, 200), 'keyless')
    finally:
        first.resume()
    copy.chunk(KEYLESS, some(201, 400), 1, bundles=40)
    pipeline.wait_phase()
    assert rows_of(pipeline, 'keyless') == some(1, 400)
    loaded = [writer.metric('sluice_writer_load_rows_total') for writer in (first, second)]
    assert sum(loaded) == 400 and loaded[1] >= 200


# -- generations -------------------------------------------------------------

def test_next_generation_catches_up(pipeline, copy):
    """Kept chunks of the first generation come late, rows moved, went and came: the target ends as the source."""
    copy.document([(T, 3, {})])
    copy.chunk(T, some(1, 10), 0, bundles=2)
    copy.load(T, some(11, 15), 1, 0)  # unfinished
    pipeline.writer()
    wait_rows(pipeline, some(1, 15))
    # Between the snapshots: 1 changes, 2 goes, 12 becomes 32, 3 and 31 change places in a unique way, 40 comes and goes.
    copy.change(START + 0x10, ('U', T, (1, 'one')), ('D', T, (2, None)))
    copy.change(START + 0x20, ('U', T, (32, 'v12'), 12), ('I', T, (40, 'forty')))
    copy.change(START + 0x30, ('D', T, (40, None)), ('U', T, (21, ...)), ('I', T, (41, 'new')))
    position = START + 0x30
    copy.document([(T, 2, {'mode': 'catch_up', 'kept': [{'generation': 1, 'chunks': '0,2'}]})], generation=2, position=position)
    pipeline.wait_load(lambda row: row['generation'] == 2 and row['phase'] == 'loading', 'the second generation')
    copy.chunk(T, [(1, 'one'), (32, 'v12'), (41, 'new')], 1, generation=2)  # found by their xmin
    copy.chunk(T, [(11, 'v11'), (13, 'v13')], 0, bundles=2, generation=2)
    copy.load(T, some(14, 15), 1, 1, 2)  # of the unfinished chunk of the first generation: dropped
    copy.chunk(T, some(20, 22), 2)  # kept, and late
    expected = sorted([(1, 'one'), (11, 'v11'), (13, 'v13'), (14, 'v14'), (15, 'v15'), (32, 'v12'), (41, 'new')] + some(3, 10) + some(20, 22))
    wait_rows(pipeline, expected)
    copy.change(START + 0x40, ('U', T, (13, 'after')), ('D', T, (41, None)))
    expected = [(number, 'after' if number == 13 else value) for number, value in expected if number != 41]
    wait_rows(pipeline, expected)
    pipeline.wait_phase()
    assert has_key(pipeline)


def test_next_generation_starts_tables_over(pipeline, copy):
    copy.document([(KEYLESS, 2, {}), (T, 1, {})])
    copy.chunk(KEYLESS, some(1, 10), 0, bundles=2)
    copy.chunk(T, some(1, 5), 2)
    pipeline.writer()
    wait_rows(pipeline, some(1, 10), 'keyless')
    wait_rows(pipeline, some(1, 5))
    copy.change(START + 0x10, ('I', KEYLESS, (50, 'in the second snapshot')), ('I', T, (6, 'v6')))
    position = START + 0x20
    copy.document([(KEYLESS, 2, {'mode': 'restart'}), (T, 0, {'mode': 'exact', 'position': lsn(START), 'kept': [{'generation': 1, 'chunks': '2'}]})],
                  generation=2, position=position)
    pipeline.wait_load(lambda row: row['generation'] == 2 and row['phase'] == 'loading', 'the second generation')
    copy.chunk(KEYLESS, some(1, 10), 0, bundles=2)  # of the first one: not wanted any more
    copy.chunk(KEYLESS, some(1, 12), 0, bundles=2, generation=2)
    copy.chunk(KEYLESS, [(50, 'in the second snapshot')], 1, generation=2)
    copy.change(START + 0x30, ('I', KEYLESS, (51, 'behind it')))
    wait_rows(pipeline, some(1, 12) + [(50, 'in the second snapshot'), (51, 'behind it')], 'keyless')
    wait_rows(pipeline, some(1, 6))
    assert phase(pipeline) == 'done'


def test_generation_behind_a_whole_copy_changes_nothing(pipeline, copy):
    copy.document([(T, 1, {})])
    copy.chunk(T, some(1, 5), 0)
    writer = pipeline.writer()
    pipeline.wait_phase()
    copy.change(START + 0x10, ('U', T, (1, 'later')))
    wait_rows(pipeline, [(1, 'later')] + some(2, 5))
    copy.document([(T, 1, {'mode': 'catch_up'})], generation=2)
    copy.chunk(T, some(1, 5), 0, generation=2)
    wait_for(lambda: copy.left() == 0, 30, 'all to be acknowledged')
    writer.restart()
    copy.change(START + 0x20, ('U', T, (2, 'later')))
    wait_rows(pipeline, [(1, 'later'), (2, 'later')] + some(3, 5))
    assert phase(pipeline) == 'done'


def test_another_incarnation_is_another_copy(pipeline, copy):
    copy.document([(T, 1, {})])
    copy.chunk(T, some(1, 5), 0)
    writer = pipeline.writer()
    pipeline.wait_phase()
    copy.change(START + 0x10, ('I', T, (6, 'v6')))
    wait_rows(pipeline, some(1, 6))
    assert writer.stop() == 0
    for name in (f'SLUICE_{pipeline.name}_LOAD', f'SLUICE_{pipeline.name}'):
        pipeline.nats.jetstream(f'STREAM.DELETE.{name}')
    other = CopyMaker(pipeline.nats, pipeline.name, incarnation=0x20).make()
    other.document([(T, 1, {})])
    other.chunk(T, some(3, 9, 'w'), 0)
    other.change(START + 0x8, ('U', T, (3, 'changed')))
    pipeline.writer('--write-mode', 'truncate', name='second')
    wait_rows(pipeline, [(3, 'changed')] + some(4, 9, 'w'))


# -- what cannot go on -------------------------------------------------------

def test_copy_whose_stream_is_gone(pipeline, copy):
    copy.document([(T, 2, {})])
    copy.chunk(T, some(1, 5), 0)
    writer = pipeline.writer()
    wait_rows(pipeline, some(1, 5))
    assert writer.stop() == 0
    copy.remove_load()
    writer.start(ready=False)
    assert writer.wait() == 3
    assert "the copy's JetStream stream is gone" in writer.log()


def test_tables_with_rows_are_refused(pipeline, copy):
    pipeline.at_target("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (2, 'mine')")
    copy.document([(T, 1, {})])
    copy.chunk(T, some(1, 3), 0)
    writer = pipeline.writer(ready=False)
    writer.wait_not_ready(r'public\.t')
    assert rows_of(pipeline) == [(2, 'mine')] and phase(pipeline) == 'structure'
    pipeline.at_target('DELETE FROM t')
    wait_rows(pipeline, some(1, 3))


def test_upsert(pipeline, copy):
    pipeline.at_target("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (2, 'mine'), (9, 'mine')")
    copy.document([(T, 1, {}), (U, 1, {})])
    copy.chunk(T, some(1, 5), 0, bundles=2)
    copy.chunk(U, some(1, 5), 1, bundles=2)
    pipeline.writer('--write-mode', 'upsert')
    wait_rows(pipeline, some(1, 5) + [(9, 'mine')])
    wait_rows(pipeline, some(1, 5), 'u')


def test_figures_are_published(pipeline, copy):
    copy.document([(T, 2, {})])
    copy.chunk(T, some(1, 5), 0)
    with pipeline.nats.connect() as client:
        client.subscribe(f'sluice.{pipeline.name}.stats.writer.*')
        client.flush()
        pipeline.writer()
        figures = {}

        def loading():
            figures.update(json.loads(client.next_message(10)[4]))
            return figures['load'] and figures['load']['rows'] == 5
        wait_for(loading, 30, lambda: f'figures of the load: {figures}')
        assert figures['state'] == 'loading' and figures['loaded_rows'] == 5
        assert figures['load']['phase'] == 'loading' and figures['load']['chunks'] == 1 and figures['load']['chunks_expected'] == 2
        copy.chunk(T, [], 1)
        wait_for(lambda: json.loads(client.next_message(10)[4])['state'] == 'applying', 30, 'the load to be over')
    assert compare.progress(pipeline.target, pipeline.name, pipeline.name) is not None
