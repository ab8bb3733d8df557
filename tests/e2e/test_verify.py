"""sluice-writer verify: equal under load, what differs and where, repair, holds that end."""
import random
import time

import psycopg2
import pytest

from harness import bank
from harness.pipeline import Load
from harness.verify import Verify, verify
from harness.wait import wait_for


class LiveBank:
    """A bank whose clients do not stop."""

    def __init__(self, pipeline, seed=1):
        bank.create(pipeline.source, pipeline.target, pipeline.name)
        self.writer = pipeline.start(tables=bank.TABLES)
        bank.open_accounts(pipeline.source, pipeline.name)
        self.load = Load(pipeline.source, pipeline.name, bank.Client(random.Random(seed)), threads=3)

    def __enter__(self):
        self.load.__enter__()
        self.load.wait_done(100)
        return self

    def __exit__(self, *error):
        self.load.__exit__(*error)
        self.load.check()


def held(pipeline):
    """The rows of sluice.hold."""
    if pipeline.fetch_target("SELECT to_regclass('sluice.hold') IS NULL"):
        return 0
    return pipeline.fetch_target('SELECT count(*) FROM sluice.hold')


@pytest.fixture
def shop(pipeline):
    """A stream of a table with a number as key, one with texts, one without a key; the writer has caught up."""
    pipeline.create('''
        CREATE TABLE item (id int PRIMARY KEY, name text, price numeric(10, 2), tags text[]);
        CREATE TABLE word (language varchar(8), word text, n int, PRIMARY KEY (language, word));
        CREATE TABLE line (a int, b text);
        ALTER TABLE line REPLICA IDENTITY FULL''')
    pipeline.writer_of_shop = pipeline.start()
    pipeline.execute('''
        INSERT INTO item SELECT i, 'item ' || i, i * 1.5, ARRAY['a', NULL, i::text] FROM generate_series(1, 1000) i;
        INSERT INTO word SELECT (ARRAY['de', 'en', 'Ελ'])[1 + i % 3], chr(192 + i % 40) || md5(i::text), i
            FROM generate_series(1, 1000) i;
        INSERT INTO line SELECT i % 10, NULL FROM generate_series(1, 100) i''')
    pipeline.wait_caught_up()
    return pipeline


def test_equal_under_load(pipeline, soak):
    """Again and again, while clients write, and the stream goes on each time."""
    with LiveBank(pipeline) as live:
        end, rounds = time.monotonic() + soak, 0
        while rounds < 5 or time.monotonic() < end:
            rounds += 1
            done = verify(pipeline, '--chunk-rows', '500')
            assert done.result['equal']
            assert {table['table'] for table in done.result['tables']} == set(bank.TABLES)
            assert done.table('public.account')['source'] == done.table('public.account')['target']
            assert done.table('public.account')['source']['rows'] == bank.ACCOUNTS
            assert held(pipeline) == 0
            live.load.wait_done(50)
    pipeline.wait_equal()
    assert live.writer.metric('sluice_writer_reconnects_total') == 0


def test_equal_at_rest(shop):
    """Nothing is committed at the source meanwhile but verify's own mark; the option messages is off."""
    done = verify(shop, '--chunk-rows', '7', '--jobs', '4')
    assert done.result['equal'], done.result
    assert done.table('public.item')['ranges'] == 1000 // 7 + 1
    assert done.table('public.item')['source']['rows'] == 1000
    assert not done.table('public.line')['keyed']


def test_text_and_exit_status(shop):
    """Lines for people; one table of three."""
    shop.at_target('DELETE FROM item WHERE id = 5')
    done = Verify(shop, '--no-json', '--tables', 'public.item').run(1)
    assert 'public.item: differs, 1000 rows at the source, 999 at the target; 1 missing, 0 extra, 0 different: ' \
        'missing (5)\n' in done.log
    assert '0 of 1 tables equal' in done.log
    assert 'public.line' not in done.log


def test_found_and_repaired_in_one_chunk(shop):
    find_and_repair(shop, '100000')


def test_found_and_repaired_in_many_chunks(shop):
    find_and_repair(shop, '13')


def find_and_repair(shop, chunk):
    shop.at_target('''
        DELETE FROM item WHERE id IN (1, 500);
        INSERT INTO item VALUES (5000, 'extra', 1, NULL);
        UPDATE item SET name = NULL WHERE id = 42;
        UPDATE item SET tags[2] = 'b' WHERE id = 43;
        UPDATE word SET word = word || '!' WHERE n = 77;
        UPDATE word SET n = -n WHERE n = 78;
        INSERT INTO line VALUES (1, NULL)''')
    found = verify(shop, '--chunk-rows', chunk, status=1)
    item, word, line = (found.table(f'public.{name}') for name in ('item', 'word', 'line'))
    assert (item['missing'], item['extra'], item['different']) == (2, 1, 2)
    assert {(first['fault'], first['key']) for first in item['first']} == {
        ('missing', '(1)'), ('missing', '(500)'), ('extra', '(5000)'), ('different', '(42)'), ('different', '(43)')}
    assert (word['missing'], word['extra'], word['different']) == (1, 1, 1)
    assert line['result'] == 'differs' and line['target']['rows'] == 101

    done = verify(shop, '--chunk-rows', chunk, '--repair', status=1)
    assert [done.table(f'public.{name}')['result'] for name in ('item', 'word', 'line')] == ['equal', 'equal', 'differs']
    assert done.table('public.item')['repaired'] == 5
    shop.at_target('DELETE FROM line WHERE ctid = (SELECT ctid FROM line WHERE a = 1 LIMIT 1)')
    shop.wait_equal()
    verify(shop)


def test_repair_under_load(pipeline):
    with LiveBank(pipeline):
        # What no client touches any more; settled rows are older.
        pipeline.at_target('UPDATE audit SET amount = -1 WHERE id = (SELECT max(id) FROM audit); '
                           'DELETE FROM audit WHERE id = (SELECT max(id) FROM audit WHERE amount >= 0); '
                           "INSERT INTO account VALUES (1000, 0, 0, 'extra')")
        found = verify(pipeline, status=1)
        assert found.table('public.account')['extra'] == 1, found.result
        audit = found.table('public.audit')
        assert (audit['missing'], audit['different']) == (1, 1), found.result
        verify(pipeline, '--repair')
        verify(pipeline)
        assert held(pipeline) == 0
    pipeline.wait_equal()


def test_repair_keeps_columns_of_the_target(shop):
    shop.at_target('ALTER TABLE item ADD seen text; UPDATE item SET seen = id; UPDATE item SET name = NULL WHERE id = 3')
    verify(shop, '--repair')
    assert shop.fetch_target('SELECT seen FROM item WHERE id = 3') == '3'


SWAPPED = '''
    CREATE TABLE seat (id int PRIMARY KEY, place text UNIQUE, n int GENERATED ALWAYS AS IDENTITY, shown text GENERATED ALWAYS AS (upper(place)) STORED)'''


def test_repair_of_swapped_unique_values(pipeline):
    """Over more rows than a batch has, with a column of the target's own; and identity columns, which no UPDATE sets."""
    pipeline.create(SWAPPED)
    pipeline.start()
    pipeline.execute("INSERT INTO seat (id, place) SELECT i, 'p' || i FROM generate_series(1, 1000) i")
    pipeline.wait_caught_up()
    pipeline.at_target('''
        ALTER TABLE seat ADD mine text; UPDATE seat SET mine = 'm' || id;
        UPDATE seat SET place = 'x' || id; UPDATE seat SET place = 'p' || 1001 - id;
        DELETE FROM seat WHERE id = 7;
        INSERT INTO seat (id, place) VALUES (2000, 'p994')''')
    found = verify(pipeline, status=1).table('public.seat')
    assert (found['missing'], found['extra'], found['different']) == (1, 1, 999)
    assert verify(pipeline, '--repair').table('public.seat')['repaired'] == 1001
    pipeline.wait_equal()
    assert pipeline.fetch_target("SELECT count(*) FILTER (WHERE mine = 'm' || id), count(*) FILTER (WHERE mine IS NULL) FROM seat") == (999, 1)
    pipeline.at_target('DELETE FROM seat WHERE id = 5; INSERT INTO seat (id, place, mine) VALUES (5, \'p5\', \'m5\')')
    assert verify(pipeline, '--repair').table('public.seat')['repaired'] == 1
    pipeline.wait_equal()
    assert pipeline.fetch_target("SELECT mine FROM seat WHERE id = 5") == 'm5'


def test_types_that_differ(pipeline):
    """The source's value is compared as the target's type, or both as text."""
    pipeline.execute('''
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE DOMAIN short AS varchar(5);
        CREATE TABLE t (id int PRIMARY KEY, n numeric(8, 2), m mood, s short, r regclass, at timestamptz, g int
            GENERATED ALWAYS AS (id * 2) STORED)''')
    pipeline.target.execute('CREATE TABLE t (id bigint PRIMARY KEY, n numeric(12, 4), m text, s text, r regclass, '
                            'at timestamptz, more int)', dbname=pipeline.name)
    pipeline.start(tables=['public.t'])
    pipeline.execute("INSERT INTO t SELECT i, i / 4.0, 'ok', 'abc', 'pg_class', now() FROM generate_series(1, 100) i")
    pipeline.wait_caught_up()
    assert verify(pipeline, '--chunk-rows', '30').result['equal']
    pipeline.at_target("UPDATE t SET n = n + 0.0001 WHERE id = 9; UPDATE t SET r = 'pg_type' WHERE id = 10")
    assert verify(pipeline, status=1).table('public.t')['different'] == 2
    verify(pipeline, '--repair')


def test_columns_and_rows_of_a_publication(pipeline):
    if int(pipeline.source.version) < 15:
        pytest.skip('column lists and row filters came with PostgreSQL 15')
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY, a int, secret text)')
    pipeline.execute('CREATE PUBLICATION p FOR TABLE t (id, a) WHERE (id > 10)')
    pipeline.stream(publication='p')
    pipeline.writer()
    pipeline.execute("INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 30) i")
    pipeline.wait_caught_up()
    assert verify(pipeline).table('public.t')['target']['rows'] == 20
    pipeline.at_target('UPDATE t SET a = 0 WHERE id = 11; INSERT INTO t VALUES (3, 3)')
    found = verify(pipeline, '--repair').table('public.t')
    assert found['repaired'] == 2 and found['result'] == 'equal'
    assert pipeline.fetch_target('SELECT count(*) FROM t WHERE id = 3') == 0


def test_partitions(pipeline):
    """As they are published: at the target tables of their own."""
    pipeline.execute('''
        CREATE TABLE p (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)''')
    pipeline.at_target('CREATE TABLE p1 (id int, day int, PRIMARY KEY (id, day)); CREATE TABLE p2 (LIKE p1 INCLUDING ALL)')
    pipeline.start(tables=['public.p'])
    pipeline.execute('INSERT INTO p SELECT i, i % 20 FROM generate_series(1, 200) i')
    pipeline.wait_caught_up()
    assert {table['table'] for table in verify(pipeline).result['tables']} == {'public.p1', 'public.p2'}
    pipeline.at_target('DELETE FROM p1 WHERE id = 5')
    assert verify(pipeline, status=1).table('public.p1')['missing'] == 1


def test_without_messages(pipeline):
    """The mark passes a stream that carries no messages of others."""
    pipeline.create('CREATE TABLE t (id int PRIMARY KEY)')
    pipeline.start(options={'messages': False})
    pipeline.execute('INSERT INTO t VALUES (1)')
    verify(pipeline)


def test_killed_verify_lets_the_stream_go_on(shop):
    """While it waits for a slot the stream stands; then its hold expires."""
    with shop.source.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; SELECT txid_current()')  # no slot can be made now
        killed = Verify(shop).start()
        wait_for(lambda: held(shop) and shop.fetch_target('SELECT bool_and(held_at IS NOT NULL) FROM sluice.hold'), 30,
                 'the writer to stand')
        killed.process.kill()
        cursor.execute('COMMIT')
    shop.execute('DELETE FROM item WHERE id <= 10')
    shop.wait_caught_up(timeout=90)
    wait_for(lambda: held(shop) == 0, 60, 'the hold to be removed')
    assert 'a hold of the stream expired' in shop.writer_of_shop.log()
    verify(shop)


def test_stream_goes_on_when_no_slot_can_be_made(shop):
    """A long transaction at the source: the stream is let go after a while, and verify tries again."""
    with shop.source.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; SELECT txid_current()')
        waiting = Verify(shop).start()
        waiting.process.wait_log('the stream goes on, trying again', 60)
        cursor.execute('COMMIT')
    assert waiting.process.wait(60) == 0
    assert waiting.result['equal']


def test_writer_is_replaced_while_it_stands(shop):
    """The one that takes over stands too."""
    with shop.source.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; SELECT txid_current()')
        running = Verify(shop).start()
        wait_for(lambda: held(shop) and shop.fetch_target('SELECT bool_and(held_at IS NOT NULL) FROM sluice.hold'), 30,
                 'the writer to stand')
        shop.writer_of_shop.kill()
        shop.writer()
        cursor.execute('COMMIT')
    assert running.process.wait(90) == 0, running.log
    assert running.result['equal']


def test_writer_drains_while_it_stands(shop):
    with shop.source.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; SELECT txid_current()')
        running = Verify(shop).start()
        wait_for(lambda: held(shop) and shop.fetch_target('SELECT bool_and(held_at IS NOT NULL) FROM sluice.hold'), 30,
                 'the writer to stand')
        assert shop.writer_of_shop.stop() == 0
        cursor.execute('COMMIT')
    assert running.process.wait(60) == 1
    assert 'no writer applies stream' in running.log


def test_interrupted_verify_releases_the_stream(shop):
    with shop.source.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; SELECT txid_current()')
        running = Verify(shop).start()
        wait_for(lambda: held(shop) == 1, 30, 'the stream to be held')
        assert running.process.stop() == 1
        assert held(shop) == 0
        cursor.execute('COMMIT')


def test_tables_that_are_truncated_meanwhile(shop):
    """Snapshots do not help against that: it is told, and not as a difference."""
    with shop.target.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; LOCK TABLE item')  # the first one compared
        running = Verify(shop, '--jobs', '1').start()
        running.process.wait_log('msg=comparing')
        shop.at_target('TRUNCATE word')
        cursor.execute('COMMIT')
    assert running.process.wait(60) == 1
    assert running.table('public.word')['result'] == 'changed'
    assert running.table('public.item')['result'] == 'equal'


def test_second_verify_waits_its_turn(shop):
    with shop.source.cursor(shop.name) as cursor:
        cursor.execute('BEGIN; SELECT txid_current()')
        first = Verify(shop).start()
        wait_for(lambda: held(shop) == 1, 30, 'the stream to be held')
        assert 'is held already' in verify(shop, status=1).log
        cursor.execute('COMMIT')
    assert first.process.wait(60) == 0


def test_after_a_copy(pipeline):
    """A stream that began with a copy of its tables."""
    pipeline.execute('CREATE TABLE t (id int PRIMARY KEY, v text); '
                     "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 5000) i")
    pipeline.convert(tables=['public.t'])
    pipeline.wait_phase()
    pipeline.execute('UPDATE t SET v = NULL WHERE id < 10')
    assert verify(pipeline, '--chunk-rows', '1000').table('public.t')['target']['rows'] == 5000


def test_what_it_refuses(shop, pipeline):
    """Each with a message that says what to do."""
    done = Verify(shop, '--tables', 'public.nothing').run(2)
    assert 'the stream has no table public.nothing' in done.log
    assert 'no such stream' not in done.log
    other = Verify(shop, '--consumer', 'other').run(1)
    assert 'was never applied to this target by consumer other' in other.log

    shop.at_target('ALTER TABLE item DROP COLUMN name; DROP TABLE line')
    broken = verify(shop, status=1)
    assert broken.table('public.item')['error'] == 'the target has no column name'
    assert broken.table('public.line')['error'] == 'there is no such table at the target'
    shop.writer_of_shop.stop()
    assert 'start sluice-writer' in verify(shop, status=1).log


def test_rights(shop):
    """Without them the message names what is missing."""
    for server in (shop.source, shop.target):
        with pytest.raises(psycopg2.Error):
            server.execute('DROP ROLE verifier', dbname=shop.name)
        server.execute('CREATE ROLE verifier LOGIN', dbname=shop.name)
    try:
        assert 'REPLICATION' in Verify(shop, user='verifier').run(1).log
        shop.source.execute('ALTER ROLE verifier REPLICATION', dbname=shop.name)
        assert 'does not own stream' in Verify(shop, user='verifier').run(1).log
        shop.source.execute('GRANT postgres TO verifier', dbname=shop.name)
        assert 'sluice.progress' in Verify(shop, user='verifier').run(1).log
        shop.target.execute('GRANT USAGE ON SCHEMA sluice TO verifier; GRANT SELECT ON sluice.progress TO verifier; '
                            'GRANT SELECT ON ALL TABLES IN SCHEMA public TO verifier', dbname=shop.name)
        denied = Verify(shop, user='verifier').run(1).log
        assert 'sluice.hold' in denied and 'grant' in denied
        verify(shop)  # makes the table
        shop.target.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON sluice.hold TO verifier', dbname=shop.name)
        verify(shop, user='verifier')
        shop.at_target('DELETE FROM item WHERE id = 1')
        assert 'session_replication_role' in Verify(shop, '--repair', user='verifier').run(1).log
        assert held(shop) == 0
    finally:
        for server in (shop.source, shop.target):
            server.execute('DROP OWNED BY verifier; DROP ROLE verifier', dbname=shop.name)


@pytest.fixture
def verifier(shop):
    """A role that may compare and repair all but what a test takes from it."""
    verify(shop)  # makes sluice.hold
    for server in (shop.source, shop.target):
        server.execute('CREATE ROLE verifier LOGIN REPLICATION', dbname=shop.name)
        server.execute('GRANT ALL ON ALL TABLES IN SCHEMA public TO verifier; GRANT USAGE ON SCHEMA sluice TO verifier; '
                       'GRANT ALL ON ALL TABLES IN SCHEMA sluice TO verifier', dbname=shop.name)
    shop.source.execute('GRANT postgres TO verifier', dbname=shop.name)  # the stream's owner
    shop.target.execute('GRANT SET ON PARAMETER session_replication_role TO verifier', dbname=shop.name)
    yield 'verifier'
    for server in (shop.source, shop.target):
        server.execute('DROP OWNED BY verifier; DROP ROLE verifier', dbname=shop.name)


def test_a_missing_right_is_one_tables_trouble(shop, verifier):
    """It is named, the others are compared and repaired, and the exit status is not that of equality."""
    shop.target.execute('REVOKE SELECT ON item FROM verifier', dbname=shop.name)
    done = verify(shop, user=verifier, status=1)
    assert done.table('public.item')['result'] == 'broken' and 'permission denied for table item' in done.table('public.item')['error']
    assert [done.table(f'public.{name}')['result'] for name in ('word', 'line')] == ['equal', 'equal']
    shop.target.execute('GRANT SELECT ON item TO verifier; REVOKE UPDATE ON item FROM verifier', dbname=shop.name)
    shop.at_target('UPDATE item SET price = 0 WHERE id < 5; UPDATE word SET n = -1 WHERE n = 5')
    done = verify(shop, '--repair', user=verifier, status=1)
    assert done.table('public.item')['result'] == 'differs' and 'permission denied for table item' in done.table('public.item')['error']
    assert done.table('public.word')['result'] == 'equal' and done.table('public.word')['repaired'] == 1
    assert 'cannot be repaired: ' in Verify(shop, '--no-json', '--repair', user=verifier).run(1).log
    assert held(shop) == 0


def test_password_stays_hidden(shop):
    """It is not taken from the command line, and never shown."""
    done = Verify(shop, source='postgresql://postgres:hunter2@127.0.0.1/x').run(2)
    assert 'hunter2' not in done.log
    env = {'SLUICE_SOURCE_PASSWORD': 'hunter2', 'SLUICE_TARGET_PASSWORD': 'hunter3'}
    done = Verify(shop, env=env).run(0)
    assert 'hunter' not in done.log
