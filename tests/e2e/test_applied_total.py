"""What a target's own books say was applied in all: exact, whatever is killed, redone or delivered again."""
import base64
import json

from harness.pipeline import Load
from harness.wait import wait_for
from harness.writer import Writer

TABLE = 'CREATE TABLE t (id integer PRIMARY KEY, v integer NOT NULL, w varchar(50) NOT NULL UNIQUE)'
CHANGES = 5  # of each transaction of the load


def total(pipeline, consumer='writer', dbname=None):
    """(book, rows, bytes) of a consumer's progress row; None before there is one."""
    table = 'sluice_progress' if hasattr(pipeline.target, 'flavour') else 'sluice.progress'
    rows = pipeline.target.fetch(f'SELECT book, rows_applied, bytes_applied FROM {table} WHERE stream = %s AND consumer = %s',
                                 (pipeline.name, consumer), dbname=dbname or pipeline.name)
    return tuple(int(value) for value in rows[0]) if rows else None


def transaction(base=0):
    """A body for Load: three rows come, one of them changes, one goes; unique values wander, so that batches are redone."""
    numbers = {}

    def body(cursor, client):
        number = numbers[client] = numbers.get(client, base) + 1
        first = client * 10000000 + number * 10
        cursor.execute('INSERT INTO t VALUES (%s, 1, %s), (%s, 2, %s), (%s, 3, %s);'
                       'UPDATE t SET v = v + 1 WHERE id = %s; DELETE FROM t WHERE id = %s',
                       (first, f'a {client}', first + 1, f'b {first}', first + 2, f'c {first}', first + 1, first))
    return body


def hurt(pipeline, writer, load, kills):
    """Kills the writer and stops the target at once, in turn, always while changes come in."""
    for number in range(kills):
        load.wait_done(20)
        if number % 3 == 2:
            pipeline.target.kill()
            pipeline.target.start()
        else:
            writer.kill()
            writer.start(ready=False)
        before = pipeline.progress()['commit_lsn']
        wait_for(lambda: pipeline.progress()['commit_lsn'] != before, 60, 'the target to move on')


def exact_under_kills(pipeline):
    pipeline.create(TABLE)
    pipeline.target.create_database(f'{pipeline.name}_o')
    pipeline.target.execute(TABLE, dbname=f'{pipeline.name}_o')
    pipeline.stream(options={'consumers': 'writer, other'})
    writer = pipeline.writer('--batch-rows', '50')
    with Load(pipeline.source, pipeline.name, transaction(), threads=3) as load:
        hurt(pipeline, writer, load, 6)
    load.check()
    pipeline.wait_equal()
    book, rows, size = total(pipeline)
    assert rows == CHANGES * load.done and book > 0

    # One that nobody kills, with other batches, takes the same bytes in.
    other = Writer(pipeline.name, pipeline.nats, pipeline.target, ('--consumer', 'other'), dbname=f'{pipeline.name}_o', name='other')
    pipeline.writers.append(other.start())
    wait_for(lambda: (total(pipeline, 'other', f'{pipeline.name}_o') or (0, 0))[1] >= rows, 30, 'the other to be as far')
    assert total(pipeline, 'other', f'{pipeline.name}_o')[1:] == (rows, size)
    assert total(pipeline, 'other', f'{pipeline.name}_o')[0] != book
    wait_for(lambda: writer.metric('sluice_writer_applied_rows_total') == rows, 10, 'the metric')
    assert writer.metric('sluice_writer_applied_bytes_total') == size


def left_total(pipeline):
    """What the writer left in NATS."""
    kept = pipeline.nats.jetstream('STREAM.MSG.GET.KV_SLUICE', {'last_by_subj': f'$KV.SLUICE.applied.{pipeline.name}.writer'})
    document = json.loads(base64.b64decode(kept['message']['data']))
    return int(document['book']), document['rows'], document['bytes']


def test_total_is_left_behind(pipeline):
    """Whoever was away when the writer ended finds its last total."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    pipeline.execute("INSERT INTO t SELECT i, i, 'row ' || i FROM generate_series(1, 10) i")
    pipeline.wait_equal()
    writer.stop()
    assert left_total(pipeline) == total(pipeline)


def test_total_under_kills(pipeline):
    exact_under_kills(pipeline)


def test_total_under_kills_at_mysql(to_mysql):
    exact_under_kills(to_mysql)


def upserts(pipeline):
    """Rows that are in the way or missing make a batch be done again, row by row; it counts once."""
    pipeline.create(TABLE)
    writer = pipeline.start()
    pipeline.at_target("INSERT INTO t VALUES (3, 0, 'in the way')")
    pipeline.execute("INSERT INTO t SELECT i, i, 'row ' || i FROM generate_series(1, 10) i")
    pipeline.wait_equal()
    pipeline.at_target('DELETE FROM t WHERE id = 4')
    pipeline.execute('UPDATE t SET v = v + 1; DELETE FROM t WHERE id = 5')
    pipeline.wait_equal()
    assert writer.metric('sluice_writer_redone_total') >= 2
    assert total(pipeline)[1] == 10 + 10 + 1
    pipeline.execute('TRUNCATE t')
    pipeline.wait_equal()
    assert total(pipeline)[1] == 10 + 10 + 1


def test_redone_batches_count_once(pipeline):
    upserts(pipeline)


def test_redone_batches_count_once_at_mysql(to_mysql):
    upserts(to_mysql)


def copies(pipeline):
    pipeline.source.execute(f"{TABLE}; INSERT INTO t SELECT i, i, 'row ' || i FROM generate_series(1, 100000) i", dbname=pipeline.name)
    writer = pipeline.convert(options={'chunk_bytes': '1048576', 'consumers': 'writer, other'})
    for _ in range(3):
        writer.kill()
        writer.start(ready=False)
    pipeline.wait_phase()
    _, rows, size = total(pipeline)
    assert rows == 100000 and size > rows * len('row 1')  # the only bundle of a chunk and the last one count, too

    # One that nobody kills takes the same in.
    pipeline.target.create_database(f'{pipeline.name}_o')
    other = Writer(pipeline.name, pipeline.nats, pipeline.target, ('--consumer', 'other'), dbname=f'{pipeline.name}_o', name='other')
    pipeline.writers.append(other.start())
    wait_for(lambda: other.metric('sluice_writer_applied_rows_total') == rows, 60, 'the other to have it')
    assert total(pipeline, 'other', f'{pipeline.name}_o')[1:] == (rows, size)

    pipeline.execute('UPDATE t SET v = 0 WHERE id <= 100')
    pipeline.wait_equal()
    assert total(pipeline)[1] == 100100


def test_copies_count(pipeline):
    copies(pipeline)


def test_copies_count_at_mysql(to_mysql):
    copies(to_mysql)


FORMER = '''CREATE TABLE {} (stream varchar(63) NOT NULL, lane integer NOT NULL, consumer varchar(63) NOT NULL,
    epoch bigint NOT NULL DEFAULT 0, owner varchar(255) NOT NULL DEFAULT '', {}, next_sequence bigint NOT NULL DEFAULT 0,
    stream_created bigint NOT NULL DEFAULT 0, {}, PRIMARY KEY (stream, lane, consumer))'''
FORMER_PG = FORMER.format('sluice.progress', "backend_pid integer NOT NULL DEFAULT 0, incarnation numeric(20,0) NOT NULL DEFAULT 0,"
                          " commit_lsn pg_lsn NOT NULL DEFAULT '0/0'", 'applied_at timestamptz')
FORMER_MYSQL = FORMER.format('sluice_progress', 'connection_id bigint unsigned NOT NULL DEFAULT 0, incarnation bigint unsigned NOT'
                             ' NULL DEFAULT 0, commit_lsn bigint unsigned NOT NULL DEFAULT 0',
                             'changes bigint unsigned NOT NULL DEFAULT 0, alters bigint unsigned NOT NULL DEFAULT 0,'
                             ' applied_at datetime(6)')


def counts_from_now_on(pipeline, former):
    """A table of before gets the columns, and the total begins."""
    pipeline.create(TABLE)
    for sql in former:
        pipeline.at_target(sql)
    pipeline.start()
    pipeline.execute("INSERT INTO t VALUES (1, 1, 'v'), (2, 2, 'w')")
    pipeline.wait_equal()
    assert total(pipeline)[1] == 2


def test_table_of_before(pipeline):
    counts_from_now_on(pipeline, ['CREATE SCHEMA sluice', FORMER_PG])


def test_table_of_before_at_mysql(to_mysql):
    counts_from_now_on(to_mysql, [FORMER_MYSQL])


def works_without(pipeline, writer):
    """Nobody may stop a writer for a total it cannot keep; it says so once."""
    pipeline.execute("INSERT INTO t VALUES (1, 1, 'v'), (2, 2, 'w')")
    pipeline.wait_equal()
    pipeline.nats.kill()
    pipeline.nats.start()
    pipeline.execute("INSERT INTO t VALUES (3, 3, 'x')")
    pipeline.wait_equal()
    assert writer.process.log().count('no total of applied rows and bytes is kept') == 1
    assert writer.metric('sluice_writer_applied_rows_total') == 0


def test_table_that_may_not_be_altered(pipeline):
    pipeline.create(TABLE)
    pipeline.at_target(f'CREATE ROLE filler LOGIN; GRANT ALL ON t TO filler; CREATE SCHEMA sluice; {FORMER_PG};'
                       'GRANT USAGE ON SCHEMA sluice TO filler; GRANT SELECT, INSERT, UPDATE ON sluice.progress TO filler')
    pipeline.stream()
    works_without(pipeline, pipeline.writer(target=pipeline.target.uri(pipeline.name, user='filler')))


def test_table_that_may_not_be_altered_at_mysql(to_mysql):
    pipeline = to_mysql
    pipeline.create(TABLE)
    pipeline.at_target(FORMER_MYSQL)
    pipeline.target.execute("DROP USER IF EXISTS filler@'%'")
    pipeline.target.execute("CREATE USER filler@'%'")
    pipeline.target.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{pipeline.name}`.* TO filler@'%'")
    pipeline.stream()
    works_without(pipeline, pipeline.writer(target=pipeline.target.uri(pipeline.name, user='filler')))
